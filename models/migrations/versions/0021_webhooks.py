"""Webhooks, deliveries and attempts."""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")


def feed_stamp():
    """The transaction's id on PostgreSQL, microseconds since 1970 on SQLite."""
    if op.get_context().dialect.name == "postgresql":
        return sa.text("(pg_current_xact_id()::text::bigint)")
    return sa.text("(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))")


def where(condition):
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}



def upgrade() -> None:
    op.create_table('webhook',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('url', sa.String(length=2048), nullable=False),
    sa.Column('event_patterns', sa.Text(), nullable=False),
    sa.Column('integration_id', ID, nullable=True),
    sa.Column('filter', sa.Text(), nullable=True),
    sa.Column('filter_faults', sa.Integer(), server_default='0', nullable=False),
    sa.Column('filter_fault', sa.Text(), nullable=True),
    sa.Column('ordering', sa.String(length=24), nullable=False),
    sa.Column('order_failure', sa.String(length=24), nullable=False),
    sa.Column('secrets', sa.LargeBinary(), nullable=False),
    sa.Column('secret_expiries', sa.Text(), nullable=False),
    sa.Column('headers', sa.LargeBinary(), nullable=True),
    sa.Column('headers_origins', sa.Text(), nullable=True),
    sa.Column('header_hints', sa.Text(), nullable=False),
    sa.Column('concurrency', sa.Integer(), nullable=False),
    sa.Column('rate_limit', sa.Integer(), nullable=True),
    sa.Column('timeout_seconds', sa.Integer(), nullable=False),
    sa.Column('sees_restricted', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('created_by', ID, nullable=True),
    sa.Column('created_by_token', ID, nullable=True),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('disabled_reason', sa.Text(), nullable=True),
    sa.Column('disabled_at', sa.BigInteger(), nullable=True),
    sa.Column('breaker', sa.String(length=24), nullable=False),
    sa.Column('breaker_until', sa.BigInteger(), nullable=True),
    sa.Column('failures', sa.Integer(), server_default='0', nullable=False),
    sa.Column('failing_since', sa.BigInteger(), nullable=True),
    sa.Column('first_failed_at', sa.BigInteger(), nullable=True),
    sa.Column('last_failed_at', sa.BigInteger(), nullable=True),
    sa.Column('noticed_at', sa.BigInteger(), nullable=True),
    sa.Column('removed_at', sa.BigInteger(), nullable=True),
    sa.Column('catch_up_after', sa.BigInteger(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['integration_id'], ['integration.id'], name='fk_webhook_integration_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_webhook_organization_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_webhook')
    )
    op.create_index('ix_webhook_app', 'webhook', ['integration_id'], **where("kind = 'APP'"))
    op.create_index('ix_webhook_organization_id_id', 'webhook', ['organization_id', 'id'])
    op.create_index('ix_webhook_removed', 'webhook', ['id'], **where('removed_at IS NOT NULL'))

    op.create_table('delivery',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('webhook_id', ID, nullable=False),
    sa.Column('event_id', ID, nullable=False),
    sa.Column('original_id', ID, nullable=True),
    sa.Column('integration_id', ID, nullable=True),
    sa.Column('event_type', sa.String(length=255), nullable=False),
    sa.Column('entity_id', sa.String(length=255), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('unjudged', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('attempt_count', sa.Integer(), nullable=False),
    sa.Column('external_status', sa.Integer(), nullable=True),
    sa.Column('status_class', sa.Integer(), nullable=True),
    sa.Column('failure', sa.String(length=24), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('next_attempt_at', sa.BigInteger(), nullable=True),
    sa.Column('first_attempt_at', sa.BigInteger(), nullable=True),
    sa.Column('finished_at', sa.BigInteger(), nullable=True),
    sa.Column('correlation_id', ID, nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_delivery_organization_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhook.id'], name='fk_delivery_webhook_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_delivery')
    )
    op.create_index('ix_delivery_event_id_id', 'delivery', ['event_id', 'id'])
    op.create_index('ix_delivery_failure', 'delivery', ['organization_id', 'failure', 'id'], **where('failure IS NOT NULL'))
    op.create_index('ix_delivery_organization_id_entity_id_id', 'delivery', ['organization_id', 'entity_id', 'id'])
    op.create_index('ix_delivery_organization_id_event_type_id', 'delivery', ['organization_id', 'event_type', 'id'])
    op.create_index('ix_delivery_organization_id_id', 'delivery', ['organization_id', 'id'])
    op.create_index('ix_delivery_organization_id_state_id', 'delivery', ['organization_id', 'state', 'id'])
    op.create_index('ix_delivery_status', 'delivery', ['organization_id', 'status_class', 'id'], **where('status_class IS NOT NULL'))
    op.create_index('ix_delivery_webhook_id_id', 'delivery', ['webhook_id', 'id'])
    op.create_index('ix_delivery_webhook_id_state_id', 'delivery', ['webhook_id', 'state', 'id'])
    op.create_index('uq_delivery_event', 'delivery', ['webhook_id', 'event_id'], unique=True, **where('original_id IS NULL'))

    op.create_table('attempt',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('delivery_id', ID, nullable=False),
    sa.Column('webhook_id', ID, nullable=False),
    sa.Column('integration_id', ID, nullable=True),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('replayed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('url', sa.String(length=2048), nullable=False),
    sa.Column('request_headers', sa.Text(), nullable=False),
    sa.Column('external_status', sa.Integer(), nullable=True),
    sa.Column('failure', sa.String(length=24), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('response_excerpt', sa.Text(), nullable=True),
    sa.Column('latency_ms', sa.Integer(), nullable=False),
    sa.Column('feed', sa.BigInteger(), server_default=feed_stamp(), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['delivery.id'], name='fk_attempt_delivery_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_attempt_organization_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_attempt')
    )
    op.create_index('ix_attempt_delivery_id_number', 'attempt', ['delivery_id', 'number'], unique=True)
    op.create_index('ix_attempt_organization_id_feed_id', 'attempt', ['organization_id', 'feed', 'id'])
    op.create_table(
        "gate",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("opens_at", sa.BigInteger(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("interval_ms", sa.Integer(), nullable=False),
        sa.Column("burst", sa.Integer(), nullable=False),
        sa.Column("next_start_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_gate_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_gate"),
    )
