"""Installing published apps: statuses, places, external ids, tokens, and the view of the publisher."""
