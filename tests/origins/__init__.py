"""A secret goes only to the origins that it was entered for."""
