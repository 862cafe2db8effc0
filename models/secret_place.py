"""SecretPlace: the row and column to which an envelope is bound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SecretPlace:
    """The place of an envelope. Copied to another place, the envelope does not open."""

    organization_id: str
    table: str
    row_id: str
    column: str

    def associated_data(self) -> bytes:
        """The bytes that GCM authenticates together with the ciphertext (NIST SP 800-38D §5.2)."""
        return f"{self.organization_id}\0{self.table}\0{self.row_id}\0{self.column}".encode()
