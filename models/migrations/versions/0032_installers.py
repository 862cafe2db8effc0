"""Indexes by organization on the parts of apps, for the deletion and the snapshot of an organization."""

from alembic import op

revision = '0032'
down_revision = '0031'


def upgrade() -> None:
    for table in ('external_id', 'installation_place', 'publication_facet'):
        op.create_index(f'ix_{table}_organization_id', table, ['organization_id'])
