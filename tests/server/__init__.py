"""The server as a whole, over sockets."""
