"""Records of flows: filtered, mapped, merged with answers and keyed, by expressions of strangers. Pure."""
