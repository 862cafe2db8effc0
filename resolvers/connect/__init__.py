"""Ways to a connection: links, consent pages and forms, in pieces that operations compose."""
