"""Principal: a user or a team of an organization; team membership; shares."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.row import (
    UNAUDITED,
    Changeable,
    Owned,
    Scope,
    flag_field,
    json_field,
    key_type,
    now_ms,
    partial_index,
    ref_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import Permission, PrincipalKind


class Principal(Changeable, Owned, table=True):
    """A user or a team: owner, holder of shares and connections. `subject`: a user's identity across organizations.

    It cannot be changed: with another subject, a token would speak for another person. `subject_confirmed`: the
    operator entered it, not an administrator, who may enter anybody's. `subject_claimed`: an administrator entered it
    while another organization had it, or before the operator did elsewhere; it never decides for a JWT that names no
    organization, also as the only one left.
    """

    read_permission = Permission.ORGANIZATION_READ
    scope = Scope.ORGANIZATION

    __table_args__ = (
        UniqueConstraint("organization_id", "username"),
        Index(None, "organization_id", "name_key", "id"),
        Index(None, "subject"),
        partial_index("uq_principal_subject", "organization_id", "subject", where="subject IS NOT NULL", unique=True),
    )

    kind: PrincipalKind = word_field(PrincipalKind)
    username: str = text_field(120)
    display_name: str = text_field()
    name_key: str = Field(sa_type=key_type())
    search_text: str = text_field(None, default="")
    email: str | None = text_field(default=None)
    subject: str | None = text_field(default=None)
    subject_confirmed: bool = flag_field()
    subject_claimed: bool = flag_field(**UNAUDITED)  # an entry would tell that another organization has the subject
    custom_fields: dict[str, Any] = json_field(default_factory=dict)
    permissions: list[str] = json_field(default_factory=list)
    disabled_at: int | None = time_field(default=None)


class TeamMember(Owned, SQLModel, table=True):
    """The membership of a user in a team."""

    __tablename__ = "team_member"
    __table_args__ = (Index(None, "user_id"),)

    team_id: str = ref_field("principal.id", primary_key=True)
    user_id: str = ref_field("principal.id", primary_key=True)
    created_at: int = time_field(default_factory=now_ms)


class Share(Changeable, Owned, table=True):
    """Access of a principal to a restricted integration: 1 is VIEW, 2 and more is MANAGE."""

    read_permission = Permission.INTEGRATIONS_SHARE

    __table_args__ = (
        UniqueConstraint("integration_id", "principal_id"),
        Index(None, "principal_id", "integration_id"),
    )

    integration_id: str = ref_field("integration.id")
    principal_id: str = ref_field("principal.id")
    access_level: int
