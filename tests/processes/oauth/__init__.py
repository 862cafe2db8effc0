"""Renewals of tokens that processes race for, or die in."""
