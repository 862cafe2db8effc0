"""Everything before and around the execution of a GraphQL document: reading, admission, limits, masking."""
