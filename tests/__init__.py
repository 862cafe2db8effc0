"""Tests of the hub: real databases, the real server, real sockets."""
