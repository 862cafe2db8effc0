"""The token of an app, through every operation of publishing and of apps at work: it speaks for its own app alone."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import DomainError, Forbidden, NotFound
from models.row import new_id
from models.tables import Installation, Integration
from models.vocabulary import ConnectionMode, Permission
from resolvers.connect.mutations import CreateConnectSession, create_connect_session
from resolvers.connections.mutations import CreateConnection, create_connection
from resolvers.installations.address import InstallationAddress
from resolvers.installations.app_queries import read_app_installation
from resolvers.operation import OPERATOR
from resolvers.people.installation_token import create_installation_token
from resolvers.people.token import CreateToken, create_token
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.mutations import publish_integration
from resolvers.secret import Secret
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
#: They change or use an app beside them, of any room.
CHANGES = [
    "assign_run_errors",
    "cancel_run",
    "create_flow",
    "create_step",
    "connect_integration",
    "declare_capabilities",
    "declare_event_types",
    "delete_connection",
    "delete_flow",
    "delete_integration",
    "delete_step",
    "disconnect_integration",
    "emit_event",
    "import_open_api",
    "install_integration",
    "plan_emit",
    "plan_open_api_import",
    "reconfigure_integration",
    "register_connections",
    "resolve_run_errors",
    "remove_installation_place",
    "retry_run",
    "pause_flow",
    "resume_flow",
    "run_flow",
    "run_flow_to_end",
    "save_installation_place",
    "set_integration_icon",
    "set_integration_tags",
    "share_integration",
    "take_over_flow",
    "transfer_integration",
    "uninstall_integration",
    "unregister_connection",
    "unshare_integration",
    "update_run_error",
    "update_connection",
    "update_flow",
    "update_installation",
    "update_integration",
    "update_step",
    "upload_integration_icon",
    "verify_integration",
]
#: They are of no one app, or use another app as everybody of the organization does. docs/apps.md says so.
REMAINING = {
    "calls": {"dispatch", "dispatch_step", "plan_dispatch", "proxy_request", "test_connection"},
    "consent of a user, who enters the secret": {
        "authorize_integration",
        "create_connect_session",
        "enter_credentials",
        "finish_authorization",
        "leave_for_vendor",
        "start_authorization",
    },
    "new rows, and those of no app": {
        "configure_integration",
        "create_connection",
        "create_integration",
        "create_token",
        "create_upload",
        "delete_definition",
        "fill_upload",
        "revoke_token",
        "save_definition",
    },
    "its own app, whichever is named": {"declare_manifest"},
    "people and places of the organization": {
        "create_place",
        "create_principal",
        "delete_place",
        "delete_principal",
        "transfer_token",
        "update_organization",
        "update_place",
        "update_principal",
    },
    "jobs of the organization": {"cancel_job", "retry_job"},
    "what names no row": {"preview_schedule"},
    "webhooks of the organization": {
        "create_webhook",
        "delete_webhook",
        "plan_delivery",
        "replay_deliveries",
        "rotate_webhook_secret",
        "test_webhook",
        "update_webhook",
    },
    "tokens of its own installations": {"create_installation_token"},
    "jobs alone": {
        "catch_up",
        "enable_places",
        "finish_deletion",
        "finish_removal",
        "forget_connections",
        "load_verification",
        "recheck_installations",
        "record_verification",
        "remove_deliveries",
        "replay_bite",
    },
}
FIELDS = [
    "appEvents",
    "publishIntegration",
    "queueTask",
    "rotateEventsSecret",
    "setDevelopmentMode",
    "unpublishIntegration",
]
SENTENCE = "The token of an app acts for that app only"
NEW_APP = PublishIntegration(name="brand-new-app", title="App", description="", scopes=())


def _caller(estate: Estate, app: Integration, **facts: Any) -> Any:
    """An app with every permission, those of an administrator too."""
    return estate.caller(integration_id=app.id, principal_id=None, **facts)


async def _call(estate: Estate, name: str, caller: Any) -> Any:
    return await estate.hub.run(callable_of(OPERATIONS[name])(caller, *CALLS[name].given(estate)))


def test_every_operation_that_changes_anything_is_listed() -> None:
    remaining = set().union(*REMAINING.values())
    changing = {
        name
        for name, facts in OPERATIONS.items()
        if facts.needs is not OPERATOR and not name.startswith(("list_", "read_"))
    }

    assert changing - set(CHANGES) - set(NAMES) - OF_JOBS - remaining == set()
    assert (set(CHANGES) | remaining) - set(OPERATIONS) == set()


@pytest.mark.parametrize("name", NAMES + CHANGES)
async def test_no_operation_is_of_another_app(name, estate, database) -> None:
    await CALLS[name].prepare(estate)
    before = await snapshot(database, estate.tenant.id)

    with pytest.raises(Forbidden, match=SENTENCE):
        await _call(estate, name, _caller(estate, estate.restricted))

    assert set(changes(before, await snapshot(database, estate.tenant.id))) <= {"+ audit_entry"}


@pytest.mark.parametrize("made", ["connection", "token", "connect link"])
async def test_it_makes_nothing_shared_for_another_app(made, estate, database) -> None:
    app, beside = _caller(estate, estate.restricted), estate.integration.id
    secret, words, shared = Secret(api_key="k" * 20), (Permission.INTEGRATIONS_READ,), ConnectionMode.SHARED
    calls = {
        "connection": (create_connection, CreateConnection(integration_id=beside, secret=secret, mode=shared)),
        "token": (create_token, CreateToken(name="beside", permissions=words, integration_id=beside)),
        "connect link": (create_connect_session, CreateConnectSession(integration_ids=(beside,), mode=shared)),
    }
    operation, command = calls[made]
    before = await snapshot(database, estate.tenant.id)

    with pytest.raises(Forbidden, match=SENTENCE):
        await estate.hub.run(operation(app, command))

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
