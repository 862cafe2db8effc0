"""The dispatch path in parts: find, build, send, answer. Its operations compose them."""
