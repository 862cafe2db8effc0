"""Tests of JMESPath within a budget."""
