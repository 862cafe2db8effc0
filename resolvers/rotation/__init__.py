"""Rotation of master keys: every secret sealed anew while the hub goes on."""
