"""Rotations of master keys that are killed, or race calls and each other."""
