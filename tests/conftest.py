"""Scenes that every part's tests may use."""
