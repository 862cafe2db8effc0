"""Jobs as people see them: reading, cancelling and expiring them."""
