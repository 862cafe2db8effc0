"""Replays walk over a webhook's deliveries of a state by the sequence of their events."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_index("ix_delivery_webhook_id_state_sequence", "delivery", ["webhook_id", "state", "sequence"])
