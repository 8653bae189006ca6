"""What people write: posts, and comments under them."""
