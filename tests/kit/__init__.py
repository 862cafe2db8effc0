"""The kit that every operation and every field stands on: who may, whose rows, pages, keys, versions, the record."""
