"""Fixtures of the tests of failed records: callers who resolve them, and jobs worked to their end."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.tables import Job
from models.vocabulary import Permission, WorkState
from resolvers.caller import Caller
from tests.harness.waiting import eventually

ENDED = (WorkState.SUCCEEDED, WorkState.FAILED, WorkState.CANCELLED)


@pytest.fixture
def person(runs_hub, plant):
    """The caller of the plant's user, who may read and run flows."""
    keeper = Caller.of_hub(runs_hub, plant.organization.id)
    rights = frozenset({Permission.FLOWS_READ, Permission.FLOWS_RUN})
    return replace(keeper, is_operator=False, permissions=rights, principal_id=plant.user.id)


@pytest.fixture
def worked(runs_hub, worker):
    """Lets every job of flows work to its end."""

    async def work():
        async with worker():
            await eventually(lambda: _all_ended(runs_hub))

    return work


async def _all_ended(hub):
    left = select(col(Job.id)).where(col(Job.queue) == "flows", col(Job.state).not_in(ENDED)).limit(1)
    async with hub.database.read() as session:
        return (await session.execute(left)).first() is None
