"""The pages for people: what is served, and what a browser makes of it."""
