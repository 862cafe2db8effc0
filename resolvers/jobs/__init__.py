"""Jobs for people: read, cancel and retry them."""
