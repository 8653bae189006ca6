"""HTTP/1.1 and RFC 6455 on sockets, for whichever protocol speaks above them."""
