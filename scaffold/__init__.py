"""Skeletons for developers: `make noun NAME=gadget`, `make dialect NAME=gadget`. No part of the running hub."""
