"""The REST API, by which clients read and mark their inboxes."""
