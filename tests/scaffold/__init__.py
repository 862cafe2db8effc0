"""The skeletons that `make noun` and `make dialect` write."""
