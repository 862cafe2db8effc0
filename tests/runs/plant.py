"""Flows, steps and runs as rows of an organization of the test's own, and runs worked by a real worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.row import new_id, now_ms
from models.secret_column import secret_place
from models.secret_place import SecretPlace
from models.tables import (
    Capability,
    Dispatch,
    Flow,
    FlowStep,
    Gate,
    Installation,
    Integration,
    Job,
    Organization,
    Principal,
    Run,
    RunError,
    RunStep,
    Step,
)
from models.vocabulary import (
    CapabilityEffect,
    FlowStepRole,
    FlowTriggerKind,
    HttpMethod,
    Permission,
    PrincipalKind,
    StepDirection,
)
from proxy.inputs.exact import read_json, write_json
from resolvers.emission.runs import RunStart, queue_runs
from resolvers.hub import Hub

ORDER = {"type": "object", "properties": {"id": {}, "name": {}}, "additionalProperties": True}
PAGES = {"type": "object", "properties": {"page": {"type": "integer", "x-in": "query"}}}
BY_PAGE = {"kind": "page", "start": 0, "items": "data", "input": "page"}


@dataclass(kw_only=True)
class Plant:
    """Rows of one organization with one integration and one user, who may dispatch; made past the operations."""

    hub: Hub
    organization: Organization
    user: Principal
    integration: Integration

    async def capability(
        self, method: str = "POST", endpoint: str = "/orders", schema: dict[str, Any] = ORDER, **facts: Any
    ) -> Capability:
        """A capability of the integration."""
        name = f"c{new_id()}"
        reads = method == "GET"
        row = Capability(
            organization_id=self.organization.id,
            integration_id=self.integration.id,
            name=name,
            field_name=name,
            method=HttpMethod(method),
            endpoint=endpoint,
            effect=CapabilityEffect.READ if reads else CapabilityEffect.WRITE,
            input_schema=schema,
            digest=hashlib.sha256(name.encode()).hexdigest(),
            **facts,
        )
        return await self._keep(row)

    async def source(self, **facts: Any) -> Step:
        """An export of `/items` by pages."""
        capability = await self.capability("GET", "/items", PAGES)
        usual = {"capability_id": capability.id, "direction": StepDirection.EXPORT, "pagination": BY_PAGE}
        return await self.step(**(usual | facts))

    async def imports(self, **facts: Any) -> Step:
        """An import to `/orders`."""
        if "request" not in facts and "capability_id" not in facts:
            facts["capability_id"] = (await self.capability()).id
        return await self.step(**({"direction": StepDirection.IMPORT} | facts))

    async def step(self, **facts: Any) -> Step:
        """An export or import of the integration."""
        name = facts.pop("name", "A step")
        return await self._keep(
            Step(
                organization_id=self.organization.id,
                integration_id=self.integration.id,
                name=name,
                name_key=name.lower(),
                **facts,
            )
        )

    async def flow(self, *places: Step | tuple[Step, dict[str, Any]], **facts: Any) -> Flow:
        """A flow of these steps, each perhaps with facts of its place; exports without a place's word are sources."""
        flow = Flow(
            organization_id=self.organization.id,
            name="Orders",
            name_key="orders",
            enabled=True,
            trigger=facts.pop("trigger", FlowTriggerKind.MANUAL),
            run_as_id=facts.pop("run_as_id", self.user.id),
            **facts,
        )
        async with self.hub.database.write() as session:
            session.add(flow)
            session.add(Gate(id=flow.id, organization_id=self.organization.id))
            await session.flush()
            counts = dict.fromkeys(FlowStepRole, 0)
            for place in places:
                step, more = place if isinstance(place, tuple) else (place, {})
                usual = FlowStepRole.SOURCE if step.direction is StepDirection.EXPORT else FlowStepRole.PROCESSOR
                role = more.pop("role", usual)
                session.add(
                    FlowStep(
                        organization_id=self.organization.id,
                        flow_id=flow.id,
                        step_id=step.id,
                        role=role,
                        position=counts[role],
                        **more,
                    )
                )
                counts[role] += 1
        return flow

    async def run(self, flow: Flow, payload: Any = None, **facts: Any) -> Run:
        """A queued run of a flow by hand."""
        facts = {"trigger": FlowTriggerKind.MANUAL, "now": now_ms(), "id": new_id()} | facts
        if payload is not None:
            at = {"organization_id": flow.organization_id, "row_id": facts["id"]}
            place = SecretPlace(table="run", column="payload", **at)
            facts["payload"] = self.hub.keyring.seal(write_json(payload), place)
        async with self.hub.database.write() as session:
            (run,) = await queue_runs(session, [RunStart(flow=flow, **facts)])
        self.hub.bus.wake("jobs")
        return run

    async def of(self, run: Run) -> Run:
        """The run as it is now."""
        return await self._one(Run, run.id)

    async def flow_of(self, flow: Flow) -> Flow:
        """The flow as it is now."""
        return await self._one(Flow, flow.id)

    async def steps(self, run: Run) -> list[RunStep]:
        """The steps of a run."""
        return await self._all(
            select(RunStep).where(col(RunStep.run_id) == run.id).order_by(col(RunStep.page), col(RunStep.position))
        )

    async def errors(self, run: Run) -> list[RunError]:
        """The errors of a run."""
        return await self._all(select(RunError).where(col(RunError.run_id) == run.id).order_by(col(RunError.id)))

    async def dispatches(self, run: Run) -> list[Dispatch]:
        """The calls of a run."""
        return await self._all(
            select(Dispatch).where(col(Dispatch.correlation_id) == run.correlation_id).order_by(col(Dispatch.id))
        )

    async def job(self, run: Run) -> Job | None:
        """The job of a run, while it has one."""
        found = await self._all(select(Job).where(col(Job.id) == run.job_id))
        return found[0] if found else None

    def unsealed(self, row: Any, column: str) -> Any:
        """The JSON value of a sealed column."""

        return read_json(self.hub.keyring.open(getattr(row, column), secret_place(row, column)))

    async def change(self, row: Any, **facts: Any) -> None:
        """Change a row as somebody else would."""
        async with self.hub.database.write() as session:
            found = await session.get(type(row), row.id)
            for name, value in facts.items():
                setattr(found, name, value)

    async def _one(self, model: Any, id: str) -> Any:
        (row,) = await self._all(select(model).where(model.id == id))
        return row

    async def _all(self, statement: Any) -> list[Any]:
        async with self.hub.database.read() as session:
            return list((await session.execute(statement)).scalars().all())

    async def _keep(self, row: Any) -> Any:
        async with self.hub.database.write() as session:
            session.add(row)
        return row


async def new_plant(hub: Hub, url: str, permissions: tuple[Permission, ...] = ()) -> Plant:
    """An organization with a user and an integration at this address."""
    organization = Organization(name="Acme", slug=f"acme-{new_id()}")
    usual = (Permission.DISPATCH_READ, Permission.DISPATCH_WRITE, Permission.PROXY_REQUEST)
    user = Principal(
        organization_id=organization.id,
        kind=PrincipalKind.USER,
        username="flora",
        display_name="Flora",
        name_key="flora",
        permissions=list(permissions or usual),
    )
    integration = Integration(
        organization_id=organization.id,
        handler="SHOP",
        slug="shop",
        name="Shop",
        name_key="shop",
        search_text="shop",
        vendor="custom",
        api_base_url=url,
    )
    async with hub.database.write() as session:
        for row in (
            organization,
            user,
            integration,
            Installation(organization_id=organization.id, integration_id=integration.id, handler="SHOP"),
        ):
            session.add(row)
            await session.flush()
    return Plant(hub=hub, organization=organization, user=user, integration=integration)
