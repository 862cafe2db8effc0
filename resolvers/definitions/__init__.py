"""What the hub knows of vendors: the format of a definition, the catalogue's files, and what follows from them."""
