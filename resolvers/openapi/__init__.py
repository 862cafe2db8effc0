"""OpenAPI documents: read, planned and imported as capabilities."""
