"""The Cycle dialect over HTTP."""
