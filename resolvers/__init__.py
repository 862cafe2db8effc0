"""Behaviour: operations decide, and know no wire."""
