"""A project whose users are known by text, such as an e-mail address."""
