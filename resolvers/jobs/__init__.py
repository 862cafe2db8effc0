"""Jobs as people see them: reading, cancelling and retrying them."""
