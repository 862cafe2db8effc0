"""Tests of the Informer dialect."""
