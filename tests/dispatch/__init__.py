"""Tests of dispatch over GraphQL, against real upstreams, on both databases."""
