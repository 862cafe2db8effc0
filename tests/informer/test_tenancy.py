"""Other organizations, and restricted integrations: what is not one's own does not exist."""

from __future__ import annotations

import pytest

from tests.harness.apps import Apps
from tests.harness.rows import changes, snapshot
from tests.informer.conftest import Informer, refused
from tests.informer.test_integrations import row_of
from tests.informer.test_permissions import NEEDS, ONE, call

OF_ONE = [(method, path, sent) for method, path, _, sent in NEEDS if path.startswith(ONE)]
UUID = "6f1c2a9e-0b57-4a53-9d2e-8f34a1b0c7d5"


@pytest.fixture(autouse=True)
async def stock(client: Informer, apps: Apps, user: Informer) -> dict:
    made = await client.make(id=UUID, authType="apikey", apiKey="k" * 20)
    await apps.tenant.add_user("other")
    await client.ok("PUT", f"{ONE}/shares/other")
    return await client.ok("GET", ONE) | {"made": made["id"]}


def sent_to(path: str, name: str) -> str:
    return path.replace("stock", name)


@pytest.mark.parametrize(("method", "path", "sent"), OF_ONE)
@pytest.mark.parametrize("name", ["stock", UUID, "row"])
async def test_another_organizations_does_not_exist(
    method: str, path: str, sent: dict, name: str, stranger: Informer, apps: Apps, client: Informer
):
    named = (await row_of(apps)).id if name == "row" else name
    before = await snapshot(apps.database, apps.tenant.id)

    answer = await call(stranger, method, sent_to(path, named), sent)
    absent = await call(stranger, method, sent_to(path, "0" * 24), sent)

    assert refused(answer, 404) == refused(absent, 404) == "There is no such integration."
    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []


@pytest.mark.parametrize(("method", "path", "sent"), OF_ONE)
async def test_a_restricted_one_does_not_exist_for_whom_it_is_not_for(
    method: str, path: str, sent: dict, user: Informer, apps: Apps
):
    before = await snapshot(apps.database, apps.tenant.id)

    assert refused(await call(user, method, path, sent), 404) == "There is no such integration."

    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []


async def test_lists_of_others_hold_nothing_of_it(stranger: Informer, user: Informer):
    for other in (stranger, user):
        assert await other.names() == []
        assert await other.ok("GET", "/integrations-list") == []


async def test_the_same_uuid_may_be_used_in_another_organization(stranger: Informer):
    made = await stranger.make(id=UUID)

    assert made["id"] == UUID
    assert (await stranger.ok("GET", f"/integrations/{UUID}"))["slug"] == "stock"


async def test_shares_with_nobody_of_another_organization(client: Informer, stranger: Informer, new_organization):
    foreign = await new_organization()

    refused(await client("PUT", f"{ONE}/shares/{foreign.admin_id}", {}), 404)
    refused(await client("PUT", f"{ONE}/owner", {"userId": foreign.admin_id}), 404)
