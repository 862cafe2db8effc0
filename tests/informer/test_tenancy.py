"""Other organizations, and restricted integrations: what is not one's own does not exist."""

from __future__ import annotations

import httpx
import pytest

from tests.harness.apps import Apps
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant
from tests.informer.conftest import Informer, add_member, refused
from tests.informer.doors import CALLS, ONE
from tests.informer.test_integrations import row_of

OF_ONE = [(method, path, sent) for method, path, sent in CALLS if path.startswith(ONE)]
UUID = "6f1c2a9e-0b57-4a53-9d2e-8f34a1b0c7d5"


@pytest.fixture(scope="module")
async def organization(new_lasting_organization) -> Tenant:
    """One for all, which only look or are refused."""
    return await new_lasting_organization()


@pytest.fixture(scope="module")
async def user(organization: Tenant, lasting_http: httpx.AsyncClient) -> Informer:
    return await add_member(organization, lasting_http)


@pytest.fixture(scope="module")
async def stranger(new_lasting_organization, lasting_http: httpx.AsyncClient) -> Informer:
    return Informer(lasting_http, (await new_lasting_organization()).token)


@pytest.fixture(scope="module", autouse=True)
async def stock(organization: Tenant, user: Informer, lasting_http: httpx.AsyncClient) -> None:
    client = Informer(lasting_http, organization.token)
    await client.make(id=UUID, authType="apikey", apiKey="k" * 20)
    await organization.add_user("other")
    await client.ok("PUT", f"{ONE}/shares/other")


def sent_to(path: str, name: str) -> str:
    return path.replace("stock", name)


@pytest.mark.parametrize(("method", "path", "sent"), OF_ONE)
@pytest.mark.parametrize("name", ["stock", UUID, "row"])
async def test_another_organizations_does_not_exist(
    method: str, path: str, sent: dict, name: str, stranger: Informer, apps: Apps, client: Informer
):
    named = (await row_of(apps)).id if name == "row" else name
    before = await snapshot(apps.database, apps.tenant.id)

    answer = await stranger(method, sent_to(path, named), **sent)
    absent = await stranger(method, sent_to(path, "0" * 24), **sent)

    assert refused(answer, 404) == refused(absent, 404) == "There is no such integration."
    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []


@pytest.mark.parametrize(("method", "path", "sent"), OF_ONE)
async def test_a_restricted_one_does_not_exist_for_whom_it_is_not_for(
    method: str, path: str, sent: dict, user: Informer, apps: Apps
):
    before = await snapshot(apps.database, apps.tenant.id)

    assert refused(await user(method, path, **sent), 404) == "There is no such integration."

    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []


async def test_lists_of_others_hold_nothing_of_it(stranger: Informer, user: Informer):
    for other in (stranger, user):
        assert await other.names() == []
        assert await other.ok("GET", "/integrations-list") == []


async def test_the_same_uuid_may_be_used_in_another_organization(informer, new_organization):
    other = informer((await new_organization()).token)

    made = await other.make(id=UUID)

    assert made["id"] == UUID
    assert (await other.ok("GET", f"/integrations/{UUID}"))["slug"] == "stock"


async def test_shares_with_nobody_of_another_organization(client: Informer, stranger: Informer, new_organization):
    foreign = await new_organization()

    refused(await client("PUT", f"{ONE}/shares/{foreign.admin_id}", {}), 404)
    refused(await client("PUT", f"{ONE}/owner", {"userId": foreign.admin_id}), 404)
