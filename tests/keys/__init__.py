"""Tests of master keys: rotation while the hub goes on, and what no key may let happen."""
