"""Tests of the nouns over GraphQL, on both databases."""
