"""The dispatch path in pieces: ready, built, sent, answered. Its operations compose them."""
