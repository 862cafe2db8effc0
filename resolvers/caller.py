"""Caller: the party on whose behalf an operation runs, and its hub."""

from __future__ import annotations

from asyncio import Task
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from jobs.job import NewJob
from jobs.kind import JobContext
from models.errors import Forbidden
from models.job import CREATED_BY_TOKEN
from models.row import new_id
from models.vocabulary import Permission, Source
from resolvers.emission.draft import Cause
from resolvers.hub import Hub

#: The actor name of the hub in audit entries.
HUB_ACTOR: Final = "hub"
_BY: Final = ", by "
_LONGEST_NAME: Final = 255


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The caller of an operation: organization, permissions, principal, token, face. Without organization: nobody."""

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
    #: The user that made the app's token; tokens made with it have the same maker.
    maker_id: str | None = None
    #: The maker, unless it is an administrator: a restricted app is its token's only as far as it is its maker's.
    narrowed_by: str | None = None
    #: The only capabilities that it may run, by id, with the digests of their declarations; empty means any.
    allowed_capabilities: Mapping[str, str] = field(default_factory=dict)
    #: Its subject in other organizations, if it reaches those too.
    subject: str | None = None
    is_operator: bool = False
    job: JobContext | None = None
    #: The step of a run that makes the call: itself, or the remote service that it has called.
    cause: Cause | None = None
    #: The caller with the token, if this one is a user that it acts for.
    acted_by: Caller | None = None
    #: The audit entries about this request's refusals, by their fact; done once written. Copies of a caller share it.
    reports: dict[Hashable, Task[None]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def operator(cls, hub: Hub, organization_id: str = "") -> Caller:
        """The operator at the command line. Every permission, in one organization or without one."""
        return cls(
            hub=hub,
            source=Source.CLI,
            organization_id=organization_id,
            permissions=frozenset(Permission),
            actor_name="operator",
            is_operator=True,
        )

    @classmethod
    def of_hub(cls, hub: Hub, organization_id: str = "", *, cause: Cause | None = None) -> Caller:
        """The hub acting by itself: a timer, or a note after a call. It has every permission, like the operator.

        `cause`: the step of a run that made the call. The name `hub` was taken: `caller.hub` is the wired hub.
        """
        return cls(
            hub=hub,
            source=Source.HUB,
            organization_id=organization_id,
            permissions=frozenset(Permission),
            actor_name=HUB_ACTOR,
            is_operator=True,
            cause=cause,
        )

    @classmethod
    def of_job(cls, hub: Hub, job: JobContext, permissions: frozenset[Permission], actor_name: str) -> Caller:
        """The hub at a job, in the name of its creator: with these permissions in the job's organization.

        A job without an organization runs as the operator.
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

    @property
    def app_id(self) -> str | None:
        """The integration of an app's token, also of one that acts for a user; None for every other token."""
        acting = self if self.acted_by is None else self.acted_by
        return acting.integration_id

    def may(self, permission: Permission) -> bool:
        """Whether the caller has a permission."""
        return permission in self.permissions

    def need(self, *permissions: Permission) -> None:
        """Raise Forbidden unless the caller has one of these permissions."""
        if self.permissions.isdisjoint(permissions):
            both = " Your token and the user that it acts for must both have it." if self.acted_by else ""
            message = f"This needs the permission {' or '.join(permissions)}.{both}"
            raise Forbidden(message, permission=permissions[0])

    def need_unlimited(self) -> None:
        """Raise Forbidden for a token that is limited to capabilities."""
        if self.allowed_capabilities:
            raise Forbidden("This token may only run its allowed capabilities; use another token.")

    def asking_for(self, new: NewJob) -> NewJob:
        """The job with the token of an app that asks for it in nobody's name, which stands in its payload."""
        if self.token_id is None or new.created_by is not None:
            return new
        return replace(new, payload={**new.payload, CREATED_BY_TOKEN: self.token_id})

    @property
    def signature(self) -> str:
        """Its name in the audit log, at most 255 letters: of a user for whom somebody acts `<user>, by <actor>`.

        No single name, of a user or of a token, holds the words between the two: they are written `,by ` there.
        """
        own = self.actor_name.replace(_BY, ",by ")
        signed = own if self.acted_by is None else f"{own}{_BY}{self.acted_by.signature}"
        return signed[:_LONGEST_NAME]

    @property
    def is_admin(self) -> bool:
        """Whether the caller sees restricted integrations too."""
        return Permission.ORGANIZATION_ADMIN in self.permissions
