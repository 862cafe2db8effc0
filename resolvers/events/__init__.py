"""Events: emit and read them."""
