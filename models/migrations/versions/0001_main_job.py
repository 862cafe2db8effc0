"""The main job: organizations, integrations, connections, capabilities, dispatches, events, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def feed_stamp():
    """The transaction's id on PostgreSQL, microseconds since 1970 on SQLite."""
    if op.get_context().dialect.name == "postgresql":
        return sa.text("(pg_current_xact_id()::text::bigint)")
    return sa.text("(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))")


def where(condition):
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "organization",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("custom_fields", sa.Text(), nullable=False),
        sa.Column("return_urls", sa.Text(), nullable=False),
        sa.Column("limits", sa.Text(), nullable=False),
        sa.Column("audit_sequence", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organization"),
        sa.UniqueConstraint("slug", name="uq_organization_slug"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("actor_token_id", ID, nullable=True),
        sa.Column("actor_name", sa.String(length=255), nullable=False),
        sa.Column("integration_id", ID, nullable=True),
        sa.Column("resource_type", sa.String(length=120), nullable=False),
        sa.Column("resource_id", ID, nullable=False),
        sa.Column("resource_name", sa.String(length=255), nullable=True),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_audit_entry_organization_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
        sa.UniqueConstraint("organization_id", "sequence", name="uq_audit_entry_organization_id_sequence"),
    )
    op.create_index("ix_audit_entry_integration_id_id", "audit_entry", ["integration_id", "id"])
    op.create_index(
        "ix_audit_entry_organization_id_actor_id_id", "audit_entry", ["organization_id", "actor_id", "id"]
    )
    op.create_index("ix_audit_entry_organization_id_id", "audit_entry", ["organization_id", "id"])
    op.create_index(
        "ix_audit_entry_organization_id_resource_id_id",
        "audit_entry",
        ["organization_id", "resource_id", "id"],
    )
    op.create_index(
        "ix_audit_entry_unsealed", "audit_entry", ["organization_id", "id"], **where("sequence IS NULL")
    )

    op.create_table(
        "definition",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", ID, nullable=True),
        sa.Column("vendor", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("category", sa.String(length=120), nullable=False),
        sa.Column("auth_type", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("supports_upload", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("requires_verification", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("deprecated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_definition_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_definition"),
    )
    op.create_index("ix_definition_category_id", "definition", ["category", "id"])
    op.create_index("ix_definition_name_key_id", "definition", ["name_key", "id"])
    op.create_index(
        "uq_definition_organization_id_vendor",
        "definition",
        ["organization_id", "vendor"],
        unique=True,
        **where("organization_id IS NOT NULL"),
    )
    op.create_index(
        "uq_definition_vendor", "definition", ["vendor"], unique=True, **where("organization_id IS NULL")
    )

    op.create_table(
        "dispatch",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", ID, nullable=True),
        sa.Column("installation_id", ID, nullable=True),
        sa.Column("capability_id", ID, nullable=True),
        sa.Column("capability_name", sa.String(length=255), nullable=True),
        sa.Column("step_id", ID, nullable=True),
        sa.Column("connection_id", ID, nullable=True),
        sa.Column("principal_id", ID, nullable=True),
        sa.Column("token_id", ID, nullable=True),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("external_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=120), nullable=True),
        sa.Column("response_bytes", sa.Integer(), nullable=True),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("cause_kind", sa.String(length=24), nullable=True),
        sa.Column("cause_id", ID, nullable=True),
        sa.Column("correlation_id", ID, nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("feed", sa.BigInteger(), server_default=feed_stamp(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_dispatch_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dispatch"),
    )
    op.create_index("ix_dispatch_capability_id_id", "dispatch", ["capability_id", "id"])
    op.create_index("ix_dispatch_correlation_id", "dispatch", ["correlation_id"])
    op.create_index("ix_dispatch_integration_id_id", "dispatch", ["integration_id", "id"])
    op.create_index("ix_dispatch_open", "dispatch", ["created_at"], **where("outcome IS NULL"))
    op.create_index("ix_dispatch_organization_id_id", "dispatch", ["organization_id", "id"])

    op.create_table(
        "event",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", ID, nullable=True),
        sa.Column("installation_id", ID, nullable=True),
        sa.Column("event_type_id", ID, nullable=True),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("entity_id", sa.String(length=255), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("app_visible", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("principal_id", ID, nullable=True),
        sa.Column("cause_kind", sa.String(length=24), nullable=True),
        sa.Column("cause_id", ID, nullable=True),
        sa.Column("correlation_id", ID, nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("feed", sa.BigInteger(), server_default=feed_stamp(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_event_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    op.create_index("ix_event_app_visible", "event", ["integration_id", "id"], **where("app_visible"))
    op.create_index("ix_event_correlation_id", "event", ["correlation_id"])
    op.create_index("ix_event_installation_id_id", "event", ["installation_id", "id"])
    op.create_index("ix_event_integration_id_id", "event", ["integration_id", "id"])
    op.create_index("ix_event_organization_id_id", "event", ["organization_id", "id"])
    op.create_index("ix_event_organization_id_type_id", "event", ["organization_id", "type", "id"])

    op.create_table(
        "idempotency",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("principal_or_token_id", ID, nullable=False),
        sa.Column("operation", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("result_id", ID, nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_idempotency_organization_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "principal_or_token_id", "operation", "key", name="pk_idempotency"
        ),
    )
    op.create_index("ix_idempotency_expires_at", "idempotency", ["expires_at"])

    op.create_table(
        "place",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_place_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_place"),
    )
    op.create_index(
        "ix_place_organization_id_kind_name_key_id", "place", ["organization_id", "kind", "name_key", "id"]
    )

    op.create_table(
        "principal",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("username", sa.String(length=120), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("custom_fields", sa.Text(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_principal_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_principal"),
        sa.UniqueConstraint("organization_id", "username", name="uq_principal_organization_id_username"),
    )
    op.create_index(
        "ix_principal_organization_id_name_key_id", "principal", ["organization_id", "name_key", "id"]
    )
    op.create_index("ix_principal_subject", "principal", ["subject"])

    op.create_table(
        "connection",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("mode", sa.String(length=24), nullable=False),
        sa.Column("principal_id", ID, nullable=True),
        sa.Column("auth_type", sa.String(length=24), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("base_url", sa.String(length=2048), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("granted_scopes", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.String(length=120), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("adaptor", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(mode = 'PER_USER') = (principal_id IS NOT NULL)",
            name=op.f("ck_connection_per_user_has_principal"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_connection_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name="fk_connection_principal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_connection"),
    )
    op.create_index(
        "ix_connection_expires_at",
        "connection",
        ["expires_at"],
        **where("auth_type IN ('OAUTH2', 'CLIENT_CREDENTIALS') AND status = 'CONNECTED'"),
    )
    op.create_index(
        "ix_connection_organization_id_name_key_id", "connection", ["organization_id", "name_key", "id"]
    )
    op.create_index("ix_connection_organization_id_status", "connection", ["organization_id", "status"])
    op.create_index("ix_connection_principal_id", "connection", ["principal_id"])

    op.create_table(
        "integration",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("handler", sa.String(length=120), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=True),
        sa.Column("identifier", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("readme", sa.Text(), nullable=False),
        sa.Column("vendor", sa.String(length=120), nullable=False),
        sa.Column("definition_id", ID, nullable=True),
        sa.Column("category", sa.String(length=120), nullable=False),
        sa.Column("mode", sa.String(length=24), nullable=False),
        sa.Column("access", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("state_error", sa.Text(), nullable=True),
        sa.Column("state_changed_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created_by_token", ID, nullable=True),
        sa.Column("updated_by", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("auth_type", sa.String(length=24), nullable=False),
        sa.Column("api_base_url", sa.String(length=2048), nullable=True),
        sa.Column("client_id", sa.String(length=255), nullable=True),
        sa.Column("client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("authorization_url", sa.String(length=2048), nullable=True),
        sa.Column("token_url", sa.String(length=2048), nullable=True),
        sa.Column("revocation_url", sa.String(length=2048), nullable=True),
        sa.Column("token_endpoint_auth", sa.String(length=24), nullable=False),
        sa.Column("api_key_location", sa.String(length=24), nullable=False),
        sa.Column("api_key_name", sa.String(length=120), nullable=True),
        sa.Column("headers", sa.LargeBinary(), nullable=True),
        sa.Column("header_hints", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name="fk_integration_definition_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_integration_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["principal.id"], name="fk_integration_owner_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_integration"),
    )
    op.create_index(
        "ix_integration_organization_id_created_at_id", "integration", ["organization_id", "created_at", "id"]
    )
    op.create_index(
        "ix_integration_organization_id_name_key_id", "integration", ["organization_id", "name_key", "id"]
    )
    op.create_index(
        "ix_integration_organization_id_state_id", "integration", ["organization_id", "state", "id"]
    )
    op.create_index(
        "ix_integration_organization_id_updated_at_id", "integration", ["organization_id", "updated_at", "id"]
    )
    op.create_index("ix_integration_organization_id_vendor", "integration", ["organization_id", "vendor"])
    op.create_index("ix_integration_owner_id", "integration", ["owner_id"])
    op.create_index(
        "uq_integration_handler",
        "integration",
        ["organization_id", "handler"],
        unique=True,
        **where("removed_at IS NULL"),
    )
    op.create_index(
        "uq_integration_slug",
        "integration",
        ["organization_id", "slug"],
        unique=True,
        **where("removed_at IS NULL"),
    )
    op.create_index(
        "uq_integration_uuid",
        "integration",
        ["organization_id", "uuid"],
        unique=True,
        **where("removed_at IS NULL"),
    )

    op.create_table(
        "team_member",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("team_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_team_member_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["principal.id"], name="fk_team_member_team_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["principal.id"], name="fk_team_member_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_team_member"),
    )
    op.create_index("ix_team_member_user_id", "team_member", ["user_id"])

    op.create_table(
        "capability",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", ID, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("field_name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("endpoint", sa.String(length=2048), nullable=False),
        sa.Column("effect", sa.String(length=24), nullable=False),
        sa.Column("input_schema", sa.Text(), nullable=False),
        sa.Column("output_schema", sa.Text(), nullable=True),
        sa.Column("required_scopes", sa.Text(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_operation", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_capability_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_capability_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_capability"),
        sa.UniqueConstraint("integration_id", "field_name", name="uq_capability_integration_id_field_name"),
        sa.UniqueConstraint("integration_id", "name", name="uq_capability_integration_id_name"),
    )
    op.create_index(
        "ix_capability_integration_id_position_id", "capability", ["integration_id", "position", "id"]
    )
    op.create_index("ix_capability_organization_id_name_id", "capability", ["organization_id", "name", "id"])

    op.create_table(
        "event_type",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", ID, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("suffix", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("payload_schema", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_event_type_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_event_type_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_event_type"),
        sa.UniqueConstraint("integration_id", "suffix", name="uq_event_type_integration_id_suffix"),
    )
    op.create_index("ix_event_type_integration_id_name_id", "event_type", ["integration_id", "name", "id"])

    op.create_table(
        "installation",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", ID, nullable=False),
        sa.Column("handler", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("space_selection", sa.String(length=24), nullable=False),
        sa.Column("site_selection", sa.String(length=24), nullable=False),
        sa.Column("configuration", sa.LargeBinary(), nullable=True),
        sa.Column("setup", sa.Text(), nullable=False),
        sa.Column("inbound_digest", sa.String(length=64), nullable=True),
        sa.Column("inbound_secret", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_installation_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_installation_organization_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
        sa.UniqueConstraint(
            "integration_id", "organization_id", name="uq_installation_integration_id_organization_id"
        ),
        sa.UniqueConstraint("organization_id", "handler", name="uq_installation_organization_id_handler"),
    )
    op.create_index("ix_installation_integration_id_id", "installation", ["integration_id", "id"])
    op.create_index(
        "ix_installation_organization_id_status_id", "installation", ["organization_id", "status", "id"]
    )

    op.create_table(
        "registration",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", ID, nullable=False),
        sa.Column("connection_id", ID, nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name="fk_registration_connection_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_registration_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_registration_organization_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registration"),
        sa.UniqueConstraint(
            "integration_id", "connection_id", name="uq_registration_integration_id_connection_id"
        ),
    )
    op.create_index("ix_registration_connection_id", "registration", ["connection_id"])
    op.create_index(
        "uq_registration_default",
        "registration",
        ["integration_id", "organization_id"],
        unique=True,
        **where("is_default"),
    )

    op.create_table(
        "share",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("access_level", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_share_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_share_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name="fk_share_principal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_share"),
        sa.UniqueConstraint("integration_id", "principal_id", name="uq_share_integration_id_principal_id"),
    )
    op.create_index("ix_share_principal_id_integration_id", "share", ["principal_id", "integration_id"])

    op.create_table(
        "workspace",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("integration_id", ID, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("settings_form", sa.Text(), nullable=True),
        sa.Column("release_version", sa.String(length=120), nullable=True),
        sa.Column("tag", sa.String(length=120), nullable=True),
        sa.Column("update_in_progress", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("flow_groups", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("install_steps", sa.Text(), nullable=False),
        sa.Column("uninstall_steps", sa.Text(), nullable=False),
        sa.Column("source_id", ID, nullable=True),
        sa.Column("source_kind", sa.String(length=24), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_workspace_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_workspace_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("integration_id", name="pk_workspace"),
    )
    op.create_table(
        "token",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=120), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("reach", sa.String(length=24), nullable=False),
        sa.Column("principal_id", ID, nullable=True),
        sa.Column("integration_id", ID, nullable=True),
        sa.Column("installation_id", ID, nullable=True),
        sa.Column("allowed_capabilities", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", ID, nullable=True),
        sa.CheckConstraint(
            "(CASE WHEN principal_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN integration_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN installation_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_token_one_owner"),
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["installation.id"], name="fk_token_installation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_token_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_token_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name="fk_token_principal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
    )
    op.create_index("ix_token_organization_id_id", "token", ["organization_id", "id"])
