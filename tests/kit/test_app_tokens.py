"""The token of an app, through every operation of publishing and of apps at work: it speaks for its own app alone."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import DomainError, Forbidden, NotFound
from models.row import new_id
from models.tables import Installation, Integration
from models.vocabulary import Permission
from resolvers.installations.address import InstallationAddress
from resolvers.installations.app_queries import read_app_installation
from resolvers.people.installation_token import create_installation_token
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.mutations import publish_integration
from tests.harness.estate import Estate
from tests.harness.graph import document_of
from tests.harness.matrix import mentioned
from tests.harness.publications import plant
from tests.harness.rows import changes, snapshot
from tests.kit.calls import CALLS, callable_of, every_operation
from tests.kit.roots import ROOTS

OPERATIONS = every_operation()
ROOMS = ("resolvers.apps.", "resolvers.publishing.")
#: They show public sides, and statuses of the caller's own organization.
SHOWN = {
    "list_app_statuses",
    "list_place_apps",
    "list_place_blocks",
    "list_published",
    "list_site_scripts",
    "read_app_status",
    "read_place",
    "read_published",
    "read_script",
}
#: Only jobs call them.
OF_JOBS = {
    "end_dead_development",
    "end_old_developments",
    "finish_withdrawal",
    "hand_over",
    "tell_task",
    "uninstall_withdrawn",
}
NAMES = sorted(
    name for name, facts in OPERATIONS.items() if facts.module.startswith(ROOMS) and name not in SHOWN | OF_JOBS
)
FIELDS = [
    "appEvents",
    "publishIntegration",
    "queueTask",
    "rotateEventsSecret",
    "setDevelopmentMode",
    "unpublishIntegration",
]
SENTENCE = "The token of an app publishes, withdraws, develops and hears of that app only"
NEW_APP = PublishIntegration(name="brand-new-app", title="App", description="", scopes=())


def _caller(estate: Estate, app: Integration, **facts: Any) -> Any:
    """An app with every permission, those of an administrator too."""
    return estate.caller(integration_id=app.id, principal_id=None, **facts)


async def _call(estate: Estate, name: str, caller: Any) -> Any:
    return await estate.hub.run(callable_of(OPERATIONS[name])(caller, *CALLS[name].given(estate)))


@pytest.mark.parametrize("name", NAMES)
async def test_no_operation_is_of_another_app(name, estate, database) -> None:
    await CALLS[name].prepare(estate)
    before = await snapshot(database, estate.tenant.id)

    with pytest.raises(Forbidden, match=SENTENCE):
        await _call(estate, name, _caller(estate, estate.restricted))

    assert set(changes(before, await snapshot(database, estate.tenant.id))) <= {"+ audit_entry"}


@pytest.mark.parametrize("name", NAMES)
async def test_no_operation_is_of_another_app_for_a_user(name, estate, database) -> None:
    await CALLS[name].prepare(estate)
    before = await snapshot(database, estate.tenant.id)
    acting = estate.caller(acted_by=_caller(estate, estate.restricted))

    try:
        answer = await _call(estate, name, acting)
    except DomainError as refusal:
        answer = str(refusal)

    assert estate.integration.id not in mentioned(answer)
    assert set(changes(before, await snapshot(database, estate.tenant.id))) <= {"+ audit_entry"}


@pytest.mark.parametrize("name", NAMES)
async def test_every_operation_is_of_its_own_app(name, estate) -> None:
    await CALLS[name].prepare(estate)

    await _call(estate, name, _caller(estate, estate.integration))


@pytest.mark.parametrize("facts", [{}, {"acts": True}])
async def test_it_publishes_no_new_app(facts, estate, database) -> None:
    app = _caller(estate, estate.integration)
    before = await snapshot(database, estate.tenant.id)

    with pytest.raises(Forbidden, match=SENTENCE):
        await estate.hub.run(publish_integration(estate.caller(acted_by=app) if facts else app, NEW_APP))

    assert set(changes(before, await snapshot(database, estate.tenant.id))) <= {"+ audit_entry"}


@pytest.mark.parametrize("name", FIELDS)
async def test_no_root_field_is_of_another_app(name, estate, graphql, database) -> None:
    call = ROOTS[name]
    await call.prepare(estate)
    given, beside = call.given(estate), await _client(estate, graphql)
    before = await snapshot(database, estate.tenant.id)

    answer = (await beside.raw(document_of(name, given), **given)).json()

    assert SENTENCE in str(mentioned(answer)), answer
    assert set(changes(before, await snapshot(database, estate.tenant.id))) <= {"+ audit_entry", "~ token"}


@pytest.mark.parametrize("operation", [read_app_installation, create_installation_token])
async def test_no_installation_elsewhere_is_of_another_app(operation, estate, new_organization, database) -> None:
    installer = await new_organization()  # not the stranger, whose log other tests read
    there = Installation(organization_id=installer.id, integration_id=estate.integration.id, handler=new_id())
    await plant(database, there)
    address = InstallationAddress(id=there.id)
    own, beside = _caller(estate, estate.integration), _caller(estate, estate.restricted)

    for caller in (beside, estate.caller(acted_by=beside)):
        with pytest.raises(NotFound):
            await estate.hub.run(operation(caller, address))

    for caller in (own, estate.caller(acted_by=own)):
        await estate.hub.run(operation(caller, address))
    async with database.write() as session:
        await session.delete(await session.get(Installation, there.id))


async def _client(estate: Estate, graphql: Any) -> Any:
    """The client of a token of the app beside the one that calls are about."""
    document = """mutation($app: ID!, $words: [Permission!]!) {
        createToken(input: {name: "beside", permissions: $words, integrationId: $app}) {
            ... on TokenPayload { secret } ... on Problem { message } } }"""
    words = [str(word) for word in Permission]
    made = await estate.tenant.client.query(document, app=estate.restricted.id, words=words)
    return graphql(made["createToken"]["secret"])
