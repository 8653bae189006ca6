"""The languages that clients speak to the hub; each translates, and none knows another."""
