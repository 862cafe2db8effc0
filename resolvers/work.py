"""Work: the session of an operation: reading, changing and auditing rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from jobs.job import JOBS, NewJob
from jobs.transaction import enqueue, finish, successor
from models.errors import NotFound, Stale
from models.row import new_id
from models.secret_column import secret_place
from models.secret_place import SecretPlace
from models.tables import AuditEntry, Job, Webhook
from models.vocabulary import HubEvent, Permission, Source
from proxy.inputs.exact import read_json, write_json
from resolvers.caller import Caller
from resolvers.changes import MASK, changes_of
from resolvers.emission.accept import accept, topics_of
from resolvers.emission.draft import Cause, Draft
from resolvers.hub import Hub
from resolvers.page import Order, Slice, SliceRequest, fetch_slice
from resolvers.scope import living
from resolvers.unset import Unset

M = TypeVar("M", bound=SQLModel)

_ID: Final = re.compile(r"[0-9a-f]{24}")


class Work:
    """One caller's session inside one transaction."""

    def __init__(self, caller: Caller, session: Callable[[], AsyncSession]) -> None:
        """`session` opens the session at its first call, and returns the same one afterwards."""
        self.caller = caller
        self.woken: set[str] = set()
        self.announced: list[Draft] = []
        self._session = session

    @property
    def session(self) -> AsyncSession:
        """The session, for statements that `get`, `find`, `all` and `slice` do not cover."""
        return self._session()

    def as_caller(self, caller: Caller) -> Work:
        """The same transaction in another caller's name, such as the hub's."""
        other = Work(caller, self._session)
        other.woken, other.announced = self.woken, self.announced
        return other

    @property
    def hub(self) -> Hub:
        """The hub of the caller."""
        return self.caller.hub

    @property
    def organization_id(self) -> str:
        """The organization of the caller."""
        return self.caller.organization_id

    def now(self) -> int:
        """The time by the hub's clock, in ms since 1970 UTC."""
        return self.hub.clock()

    def need(self, permission: Permission) -> None:
        """Raise Forbidden if the caller lacks a permission."""
        self.caller.need(permission)

    # --- reading

    def mine(self, model: type[M]) -> Select[M]:
        """The rows of a table that exist for this caller."""
        return living(self.caller, model)

    async def get(self, model: type[M], ref: str, *, path: tuple[str, ...] | None = None) -> M:
        """One row by id. Raises NotFound, also for another organization's row."""
        row = await self.find(model, ref)
        if row is None:
            raise NotFound(noun(model), path=path)
        return row

    async def find(self, model: type[M], ref: str) -> M | None:
        """One row by id; None if there is none for this caller."""
        if not _ID.fullmatch(ref):
            return None
        return await self.first(self.mine(model).where(_id_of(model) == ref))

    async def lock(
        self,
        model: type[M],
        ref: str,
        *,
        expected_version: int | Unset | None = None,
        path: tuple[str, ...] | None = None,
    ) -> M:
        """One row of the caller's own organization, locked until the end of the transaction.

        Raises NotFound at `path`, and Stale at `expected_version` if the row has another version.
        """
        own: ColumnElement[bool] = getattr(model, "organization_id") == self.organization_id  # noqa: B009
        row = None
        if _ID.fullmatch(ref):
            # Deliveries are made for a locked webhook: their maker holds a counter that this transaction may need.
            mine = self.mine(model).where(_id_of(model) == ref, own)
            row = await self.first(mine.with_for_update(key_share=model is Webhook))
        if row is None:
            raise NotFound(noun(model), path=path)
        version = getattr(row, "version", None)
        if version is not None and isinstance(expected_version, int) and version != expected_version:
            raise Stale(version, path=(*(path or ())[:-1], "expected_version"))
        return row

    async def first(self, statement: Select[M]) -> M | None:
        """The first row of a statement."""
        return (await self.session.execute(statement.limit(1))).scalars().first()

    async def all(self, statement: Select[M]) -> list[M]:
        """Every row of a statement; only for lists of limited length."""
        return list((await self.session.execute(statement)).scalars().all())

    async def slice(self, statement: Select[M], model: type[M], order: Order, request: SliceRequest) -> Slice[M]:
        """One slice of a list."""
        return await fetch_slice(self.session, statement, model, order, request)

    # --- changing

    def add(self, row: M) -> M:
        """Insert a row at the next flush."""
        self.session.add(row)
        return row

    async def remove(self, row: SQLModel) -> None:
        """Delete a row."""
        await self.session.delete(row)

    async def flush(self) -> None:
        """Send pending changes to the database; rows before those that refer to them."""
        await self.session.flush()

    def seal(self, row: SQLModel, column: str, value: Any) -> bytes:
        """The encrypted envelope of a JSON value, bound to this row and column, and to its origins if it has any."""
        return self.hub.keyring.seal(write_json(value), secret_place(row, column))

    def unseal(self, row: SQLModel, column: str) -> Any:
        """The value of a sealed column; None if there is none. Raises SecretUnreadable."""
        envelope = getattr(row, column)
        return None if envelope is None else read_json(self.hub.keyring.open(envelope, secret_place(row, column)))

    # --- after the commit

    async def enqueue(self, new: NewJob) -> Job:
        """Enqueue a job, to run after this transaction; or return the unfinished job with the same dedupe key."""
        self.wake(JOBS)
        return await enqueue(self.session, self.caller.asking_for(new))

    def wake(self, topic: str) -> None:
        """Notify the listeners of a topic after the commit."""
        self.woken.add(topic)

    async def finish_job(self, *, error: str | None = None) -> None:
        """End the job of this work in this transaction, as FAILED if there is an error. Without a job, do nothing.

        Raises LeaseLost or JobCancelled.
        """
        if self.caller.job is not None:
            await finish(self.session, self.caller.job, error=error)

    async def repeat_job(self, after_ms: int) -> None:
        """End the job of this work, and enqueue the same again in `after_ms`. Without a job, do nothing."""
        if self.caller.job is not None:
            await self.finish_job()
            await self.enqueue(successor(self.caller.job.job, after_ms))

    # --- events of the hub

    def announce(
        self,
        type: HubEvent,
        entity_id: str,
        payload: dict[str, Any],
        *,
        integration_id: str | None = None,
        installation_id: str | None = None,
        app_visible: bool = False,
        for_organization: str | None = None,
    ) -> None:
        """Emit an event of the hub's own, at the end of this transaction. The payload has neutral ids and no secret.

        Its cause is the caller's, else the job, in one. `app_visible`, `for_organization`: see `Draft`.
        """
        job = None if self.caller.job is None else self.caller.job.job
        draft = Draft(
            id=new_id(self.now()),
            created_at=self.now(),
            organization_id=self.organization_id,
            integration_id=integration_id,
            installation_id=installation_id,
            type=type,
            entity_id=entity_id,
            data=payload,
            source=Source.HUB,
            principal_id=self.caller.principal_id,
            token_id=self.caller.token_id,
            app_visible=app_visible,
            for_organization=for_organization,
        )
        cause = self.caller.cause
        if cause is None and job is not None:
            cause = Cause(kind="JOB", id=job.id, correlation_id=job.correlation_id)
        self.announced.append(draft if cause is None else draft.caused_by(cause))

    async def accept_announced(self) -> None:
        """Accept the announced events, as the last work of the transaction. The door calls it after the flush."""
        accepted = await accept(self.session, self.announced, tries=len(self.hub.webhook_waits) + 1)
        self.woken.update(topics_of(accepted))

    # --- the audit log

    def audit(
        self,
        row: SQLModel,
        action: str,
        *,
        integration_id: str | None = None,
        besides: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Audit a change with old and new values, secrets masked. Call it before the flush of the change.

        `besides`: changes in other tables that are shown with the row, such as a team's members.
        """
        removed = action.endswith((".deleted", ".revoked", ".uninstalled"))
        self._record(
            action=action,
            resource_type=type(row).__name__,
            resource_id=getattr(row, "id"),  # noqa: B009
            resource_name=getattr(row, "name", None) or getattr(row, "username", None),
            integration_id=integration_id or _integration_of(row),
            changes=[*changes_of(row, removed=removed), *besides],
        )

    def audit_refusal(self, operation: str, permission: Permission | None) -> None:
        """Audit that an operation was refused because a permission was missing."""
        self._record(
            action="permission.refused",
            resource_type="Operation",
            resource_id=self.caller.request_id,
            resource_name=operation,
            integration_id=None,
            changes=[{"path": "permission", "oldValue": None, "newValue": permission}],
        )

    def audit_unreadable(self, place: SecretPlace, *, integration_id: str | None) -> None:
        """Audit that a secret does not open, in the organization of its row."""
        self._record(
            organization_id=place.organization_id,
            action="secret.unreadable",
            resource_type=place.table.title().replace("_", ""),
            resource_id=place.row_id,
            resource_name=None,
            integration_id=place.row_id if place.table == "integration" else integration_id,
            changes=[{"path": place.column, "oldValue": MASK, "newValue": MASK}],
        )

    def _record(self, *, organization_id: str | None = None, **facts: Any) -> None:
        caller = self.caller
        self.session.add(
            AuditEntry(
                id=new_id(self.now()),
                created_at=self.now(),
                organization_id=organization_id or caller.organization_id,
                source=caller.source,
                actor_id=caller.principal_id,
                actor_token_id=caller.token_id,
                actor_name=caller.signature,
                request_id=caller.request_id,
                **facts,
            )
        )


def noun(model: type[SQLModel]) -> str:
    """The name of a table for people, such as `event type`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).lower()


def _id_of(model: type[SQLModel]) -> ColumnElement[str]:
    return inspect(model).primary_key[0]  # type: ignore[no-any-return]


def _integration_of(row: SQLModel) -> str | None:
    if type(row).__tablename__ == "integration":
        return str(getattr(row, "id"))  # noqa: B009
    value = getattr(row, "integration_id", None)
    return None if value is None else str(value)
