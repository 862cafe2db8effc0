"""Events: the hub's own, the catalogue of types, reading and keeping them."""
