"""Caller: on whose behalf an operation runs, and the hub it runs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from jobs.kind import JobContext
from models.row import new_id
from models.vocabulary import Permission, Source
from resolvers.hub import Hub

#: The actor name of the hub in audit entries.
HUB_ACTOR: Final = "hub"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, in which organization, through which face. Without an organization it is nobody."""

    hub: Hub
    source: Source
    request_id: str = field(default_factory=new_id)
    organization_id: str = ""
    permissions: frozenset[Permission] = frozenset()
    actor_name: str = ""
    principal_id: str | None = None
    token_id: str | None = None
    integration_id: str | None = None
    installation_id: str | None = None
    allowed_capabilities: frozenset[str] = frozenset()
    #: Who it is in other organizations, where it reaches those too.
    subject: str | None = None
    is_operator: bool = False
    job: JobContext | None = None

    @classmethod
    def operator(cls, hub: Hub, organization_id: str = "") -> Caller:
        """Who has the machine: the command line. Every permission, in one organization or in none yet."""
        return cls(
            hub=hub,
            source=Source.CLI,
            organization_id=organization_id,
            permissions=frozenset(Permission),
            actor_name="operator",
            is_operator=True,
        )

    @classmethod
    def of_hub(cls, hub: Hub, organization_id: str = "") -> Caller:
        """The hub acting by itself: a timer, or a note after a call. It has every permission, like the operator.

        The name `hub` was taken: `caller.hub` is the wired hub.
        """
        return cls(
            hub=hub,
            source=Source.HUB,
            organization_id=organization_id,
            permissions=frozenset(Permission),
            actor_name=HUB_ACTOR,
            is_operator=True,
        )

    @classmethod
    def of_job(cls, hub: Hub, job: JobContext, permissions: frozenset[Permission], actor_name: str) -> Caller:
        """The hub itself at a job, for whoever asked for it: with these permissions in the job's organization.

        A job of no organization is the operator's.
        """
        of_the_hub = job.job.organization_id is None
        return cls(
            hub=hub,
            source=Source.HUB,
            organization_id=job.job.organization_id or "",
            permissions=permissions,
            actor_name=actor_name,
            principal_id=job.job.created_by,
            is_operator=of_the_hub,
            job=job,
        )

    def may(self, permission: Permission) -> bool:
        """Whether it holds a permission."""
        return permission in self.permissions

    @property
    def is_admin(self) -> bool:
        """Sees restricted integrations too."""
        return Permission.ORGANIZATION_ADMIN in self.permissions
