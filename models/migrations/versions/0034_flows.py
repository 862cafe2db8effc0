"""Flows, their steps and their runs."""

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0033'

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
WORD = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def feed_stamp():
    """The transaction's id on PostgreSQL, microseconds since 1970 on SQLite."""
    if op.get_context().dialect.name == "postgresql":
        return sa.text("(pg_current_xact_id()::text::bigint)")
    return sa.text("(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))")


def where(condition):
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table('flow_content',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('used_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_flow_content_organization_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organization_id', 'digest', name='pk_flow_content')
    )
    op.create_table('run',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('integration_id', ID, nullable=True),
    sa.Column('flow_id', ID, nullable=False),
    sa.Column('flow_name', sa.String(length=255), nullable=False),
    sa.Column('event_id', ID, nullable=True),
    sa.Column('job_id', ID, nullable=True),
    sa.Column('origin_run_id', ID, nullable=True),
    sa.Column('key_run_id', ID, nullable=True),
    sa.Column('content_digest', sa.String(length=64), nullable=True),
    sa.Column('trigger', sa.String(length=24), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('reason', sa.String(length=24), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('chain', sa.Text(), nullable=False),
    sa.Column('depth', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=True),
    sa.Column('missed_count', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.Text(), nullable=True),
    sa.Column('records', sa.LargeBinary(), nullable=True),
    sa.Column('stalls', sa.Integer(), nullable=False),
    sa.Column('read_count', sa.Integer(), nullable=False),
    sa.Column('written_count', sa.Integer(), nullable=False),
    sa.Column('ignored_count', sa.Integer(), nullable=False),
    sa.Column('error_count', sa.Integer(), nullable=False),
    sa.Column('waiting_count', sa.Integer(), nullable=False),
    sa.Column('created_by', ID, nullable=True),
    sa.Column('cause_kind', sa.String(length=24), nullable=True),
    sa.Column('cause_id', ID, nullable=True),
    sa.Column('correlation_id', ID, nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=True),
    sa.Column('active_ms', sa.BigInteger(), nullable=False),
    sa.Column('finished_at', sa.BigInteger(), nullable=True),
    sa.Column('feed', sa.BigInteger(), server_default=feed_stamp(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_run_organization_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_run')
    )
    op.create_index('ix_run_correlation_id', 'run', ['correlation_id'])
    op.create_index('ix_run_flow_id_id', 'run', ['flow_id', 'id'])
    op.create_index('ix_run_integration_id_id', 'run', ['integration_id', 'id'])
    op.create_index('ix_run_organization_id_id', 'run', ['organization_id', 'id'])
    op.create_index('ix_run_event', 'run', ['event_id', 'id'], **where("event_id IS NOT NULL"))
    op.create_index('ix_run_origin', 'run', ['origin_run_id'], **where("origin_run_id IS NOT NULL"))
    op.create_index('ix_run_unfinished', 'run', ['flow_id', 'state'], **where("finished_at IS NULL"))
    op.create_index('uq_run_event_flow', 'run', ['event_id', 'flow_id'], unique=True, **where("origin_run_id IS NULL"))
    op.create_index('uq_run_flow_due', 'run', ['flow_id', 'due_at'], unique=True, **where("origin_run_id IS NULL AND due_at IS NOT NULL"))

    op.create_table('step',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('integration_id', ID, nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('name_key', KEY, nullable=False),
    sa.Column('direction', sa.String(length=24), nullable=False),
    sa.Column('capability_id', ID, nullable=True),
    sa.Column('request', sa.Text(), nullable=True),
    sa.Column('connection_id', ID, nullable=True),
    sa.Column('filter', sa.Text(), nullable=True),
    sa.Column('mapping', sa.Text(), nullable=True),
    sa.Column('nulls', sa.String(length=24), nullable=True),
    sa.Column('record_key', sa.Text(), nullable=True),
    sa.Column('pagination', sa.Text(), nullable=True),
    sa.Column('delta', sa.Text(), nullable=True),
    sa.Column('batch_size', sa.Integer(), nullable=False),
    sa.Column('batch', sa.Text(), nullable=True),
    sa.Column('extra', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_step_organization_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_step')
    )
    op.create_index('ix_step_capability_id', 'step', ['capability_id'])
    op.create_index('ix_step_connection_id', 'step', ['connection_id'])
    op.create_index('ix_step_integration_id', 'step', ['integration_id'])
    op.create_index('ix_step_organization_id_direction_name_key_id', 'step', ['organization_id', 'direction', 'name_key', 'id'])

    op.create_table('run_error',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('integration_id', ID, nullable=True),
    sa.Column('run_id', ID, nullable=False),
    sa.Column('flow_id', ID, nullable=False),
    sa.Column('step_id', ID, nullable=True),
    sa.Column('dispatch_id', ID, nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('fault', sa.String(length=24), nullable=False),
    sa.Column('group_digest', sa.String(length=64), nullable=False),
    sa.Column('record_key', sa.String(length=64), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('record', sa.LargeBinary(), nullable=True),
    sa.Column('record_count', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_try_at', sa.BigInteger(), nullable=True),
    sa.Column('assigned_to', ID, nullable=True),
    sa.Column('resolved_at', sa.BigInteger(), nullable=True),
    sa.Column('resolved_by', ID, nullable=True),
    sa.Column('resolved_by_run', ID, nullable=True),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_run_error_organization_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['run.id'], name='fk_run_error_run_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_run_error')
    )
    op.create_index('ix_run_error_due', 'run_error', ['next_try_at'], **where("next_try_at IS NOT NULL"))
    op.create_index('ix_run_error_flow', 'run_error', ['flow_id', 'state', 'id'], **where("state <> 'RESOLVED'"))
    op.create_index('ix_run_error_group', 'run_error', ['flow_id', 'group_digest', 'id'], **where("state <> 'RESOLVED'"))
    op.create_index('ix_run_error_integration_id_id', 'run_error', ['integration_id', 'id'])
    op.create_index('ix_run_error_key', 'run_error', ['flow_id', 'step_id', 'record_key'], **where("state <> 'RESOLVED'"))
    op.create_index('ix_run_error_organization_id_id', 'run_error', ['organization_id', 'id'])
    op.create_index('ix_run_error_run_id_id', 'run_error', ['run_id', 'id'])

    op.create_table('run_step',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('integration_id', ID, nullable=True),
    sa.Column('run_id', ID, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('step_id', ID, nullable=True),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('checkpoint', sa.Text(), nullable=True),
    sa.Column('stop_reason', sa.String(length=24), nullable=True),
    sa.Column('page_digest', sa.String(length=64), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('samples', sa.LargeBinary(), nullable=True),
    sa.Column('input_count', sa.Integer(), nullable=False),
    sa.Column('written_count', sa.Integer(), nullable=False),
    sa.Column('ignored_count', sa.Integer(), nullable=False),
    sa.Column('error_count', sa.Integer(), nullable=False),
    sa.Column('waiting_count', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=True),
    sa.Column('finished_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_run_step_organization_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['run.id'], name='fk_run_step_run_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_run_step')
    )
    op.create_index('uq_run_step_place', 'run_step', ['run_id', 'position', 'page'], unique=True)

    op.create_table('flow',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('integration_id', ID, nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('name_key', KEY, nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('group_id', sa.String(length=24), nullable=True),
    sa.Column('trigger', sa.String(length=24), nullable=False),
    sa.Column('event_type', WORD, nullable=True),
    sa.Column('event_filter', sa.Text(), nullable=True),
    sa.Column('cron', sa.String(length=120), nullable=True),
    sa.Column('time_zone', sa.String(length=64), nullable=True),
    sa.Column('exact', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('zone_rules', sa.String(length=24), nullable=True),
    sa.Column('next_run_at', sa.BigInteger(), nullable=True),
    sa.Column('last_run_at', sa.BigInteger(), nullable=True),
    sa.Column('overlap', sa.String(length=24), nullable=False),
    sa.Column('catch_up', sa.String(length=24), nullable=False),
    sa.Column('keep', sa.String(length=24), nullable=False),
    sa.Column('runs_a_minute', sa.Integer(), nullable=False),
    sa.Column('allows_loops', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('paused_at', sa.BigInteger(), nullable=True),
    sa.Column('pause_reason', sa.Text(), nullable=True),
    sa.Column('run_as_id', ID, nullable=True),
    sa.Column('run_as_token_id', ID, nullable=True),
    sa.Column('open_error_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('extra', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['integration_id'], ['integration.id'], name='fk_flow_integration_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_flow_organization_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_as_id'], ['principal.id'], name='fk_flow_run_as_id', ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['run_as_token_id'], ['token.id'], name='fk_flow_run_as_token_id', ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name='pk_flow')
    )
    op.create_index('ix_flow_due', 'flow', ['next_run_at'], **where("enabled AND next_run_at IS NOT NULL"))
    op.create_index('ix_flow_event', 'flow', ['organization_id', 'event_type'], **where("enabled AND event_type IS NOT NULL"))
    op.create_index('ix_flow_integration_id_name_key_id', 'flow', ['integration_id', 'name_key', 'id'])
    op.create_index('ix_flow_organization_id_name_key_id', 'flow', ['organization_id', 'name_key', 'id'])
    op.create_index('ix_flow_run_as_id', 'flow', ['run_as_id'])

    op.create_table('export_state',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('flow_id', ID, nullable=False),
    sa.Column('step_id', ID, nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['flow_id'], ['flow.id'], name='fk_export_state_flow_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_export_state_organization_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('flow_id', 'step_id', name='pk_export_state')
    )
    op.create_table('flow_step',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('flow_id', ID, nullable=False),
    sa.Column('step_id', ID, nullable=False),
    sa.Column('role', sa.String(length=24), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('proceed_on_failure', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('response_mapping', sa.Text(), nullable=True),
    sa.Column('on_miss', sa.String(length=24), nullable=False),
    sa.Column('extra', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['flow_id'], ['flow.id'], name='fk_flow_step_flow_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_flow_step_organization_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['step_id'], ['step.id'], name='fk_flow_step_step_id'),
    sa.PrimaryKeyConstraint('id', name='pk_flow_step')
    )
    op.create_index('ix_flow_step_step_id', 'flow_step', ['step_id'])
    op.create_index('uq_flow_step_position', 'flow_step', ['flow_id', 'role', 'position'], unique=True)

    op.create_index('ix_dispatch_run_step', 'dispatch', ['cause_id'], **where("cause_kind = 'RUN_STEP'"))

