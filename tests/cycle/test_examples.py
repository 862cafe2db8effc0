"""The examples that stand beside the dialect are true."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.cycle.conftest import AUTH, EXTRA, STORE, Cycle, checked, define
from tests.definitions.conftest import Vendor
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.rest.examples import examples, files, run

FILES = files("cycle")
SECRET = "K005xAbCdEfGh"


def test_there_are_examples():
    assert [file.stem for file in FILES] == ["reference", "refuse"]


async def furnished(client: Cycle, hub: RunningHub, organization: Tenant, vendor: Vendor) -> dict[str, str]:
    """The variables of the examples: an integration, and one whose verification has ended."""
    await define(organization, "store", STORE)
    await define(organization, "images", checked(vendor.url))
    made = await client.make(vendor="store", name="Backups", auth={**AUTH, "secret": SECRET}, extra=EXTRA)
    verifiable = await client.make(vendor="images", name="Images", auth={"api_key": SECRET})
    begun = await client.ok("POST", f"/{verifiable['id']}/tasks", {"action": "verify"}, 202)
    await client.ended(begun["job"]["id"])
    return {
        "base": hub.url,
        "token": organization.token,
        "hub": organization.slug,
        "vendor": "store",
        "integration": made["id"],
        "verifiable": verifiable["id"],
        "job": begun["job"]["id"],
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_examples_are_answered_as_written(
    file: Path, client: Cycle, hub: RunningHub, organization: Tenant, vendor: Vendor, http: httpx.AsyncClient
):
    variables = await furnished(client, hub, organization, vendor)

    found = list(examples(file, variables))
    for example in found:
        await run(example, http)

    assert len(found) > 1
