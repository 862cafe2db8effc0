"""SecretPlace: the row and column to which an envelope is bound, and the origins of its secret."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class SecretPlace:
    """The place of an envelope. Copied to another place, the envelope does not open.

    `origins`: the stored form of the origins to which the secret may be sent; None for a secret that is never sent.
    """

    organization_id: str
    table: str
    row_id: str
    column: str
    origins: str | None = field(default=None, compare=False)

    def associated_data(self) -> bytes:
        """The bytes that GCM authenticates together with the ciphertext (NIST SP 800-38D §5.2)."""
        return f"{self.organization_id}\0{self.table}\0{self.row_id}\0{self.column}".encode()

    def bound_data(self) -> bytes:
        """The associated data with the origins."""
        return self.associated_data() + f"\0{self.origins or ''}".encode()
