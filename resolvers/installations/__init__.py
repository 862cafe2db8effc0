"""Installations of integrations on organizations."""
