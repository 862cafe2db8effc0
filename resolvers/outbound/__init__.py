"""Outbound requests: one way to build them for dispatch, proxied requests and probes."""
