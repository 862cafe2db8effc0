"""Every path of the vendor's page, and the one by which its clients follow jobs."""

from __future__ import annotations

from typing import Final

from models.vocabulary import Source
from resolvers.definitions.queries import list_offers
from resolvers.integrations.configured import list_configured, read_configured
from resolvers.integrations.configuring import configure_integration, reconfigure_integration
from resolvers.integrations.deletion import delete_integration
from resolvers.integrations.verification import verify_integration
from resolvers.jobs.queries import read_job
from rest.cycle import errors, job, read, write
from rest.kit import Delete, Dialect, Get, Patch, Post, found

_ALL: Final = "/v1/hubs/current/integrations"
_ONE: Final = f"{_ALL}/{{id}}"

dialect = Dialect(
    name="cycle",
    prefix="/cycle",
    source=Source.CYCLE,
    refuse=errors.refuse,
    places=errors.PLACES,
    statuses=errors.STATUSES,
    endpoints=(
        Get(f"{_ALL}/available", list_offers, read.available, write.available),
        Get(_ALL, list_configured, read.integrations, write.integrations),
        Post(_ALL, configure_integration, read.creation, write.integration, status=201),
        Get(_ONE, read_configured, read.integration, found("integration", write.integration)),
        Patch(_ONE, reconfigure_integration, read.change, write.integration),
        Delete(_ONE, delete_integration, read.integration, write.deletion, status=202),
        Post(f"{_ONE}/tasks", verify_integration, read.task, job.descriptor, status=202),
        Get("/v1/jobs/{id}", read_job, read.job, found("job", job.job)),
    ),
)
