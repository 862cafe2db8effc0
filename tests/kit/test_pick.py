"""The pick of a connection never guesses: each case of who has what, and what would be used."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import NotFound
from models.row import new_id
from models.tables import Connection, Definition, Installation, Integration
from models.vocabulary import (
    AuthType,
    ConnectionMode,
    ConnectionStatus,
    InstallationStatus,
    IntegrationState,
    Source,
    UnavailableReason,
)
from resolvers.caller import Caller
from resolvers.pick import APP_TOKEN, ORIGIN, Candidate, Pick, pick
from resolvers.readiness import Availability, Readiness, availability

HOME, ELSEWHERE, ME = new_id(), new_id(), new_id()
CALLER: Any = Caller(hub=None, source=Source.GRAPHQL, organization_id=HOME, principal_id=ME)
AMBIGUOUS = Pick(reason=UnavailableReason.AMBIGUOUS_CONNECTION)
NONE = Pick(reason=UnavailableReason.NO_CONNECTION)


def app(organization: str = HOME, auth: AuthType = AuthType.API_KEY, **facts: Any) -> Integration:
    return Integration(
        organization_id=organization,
        handler="APP",
        slug="app",
        name="App",
        name_key="app",
        search_text="",
        vendor="custom",
        auth_type=auth,
        **facts,
    )


def held(*, mine: bool = False, default: bool = False, organization: str = HOME, **facts: Any) -> Candidate:
    connection = Connection(
        organization_id=organization,
        name="c",
        name_key="c",
        mode=ConnectionMode.PER_USER if mine else ConnectionMode.SHARED,
        principal_id=ME if mine else None,
        secret=b"",
        **({"auth_type": AuthType.API_KEY} | facts),
    )
    return default, connection


MINE, MINE_DEFAULT = held(mine=True), held(mine=True, default=True)
SHARED, SHARED_DEFAULT, OTHER = held(), held(default=True), held()
TOKEN = held(organization=ELSEWHERE, default=True, details={ORIGIN: APP_TOKEN})
PUBLISHERS = held(organization=ELSEWHERE, default=True)
BROKEN = held(status=ConnectionStatus.NEEDS_RECONNECT)
PENDING = held(status=ConnectionStatus.PENDING)
OFFLINE = held(status=ConnectionStatus.OFFLINE)
FOREIGN = app(ELSEWHERE)


@pytest.mark.parametrize(
    ("integration", "found", "named", "picked"),
    [
        pytest.param(app(), [MINE, SHARED_DEFAULT], SHARED_DEFAULT, Pick(connection=SHARED_DEFAULT[1]), id="named"),
        pytest.param(app(), [BROKEN], BROKEN,
                     Pick(connection=BROKEN[1], reason=UnavailableReason.NEEDS_RECONNECT), id="named-broken"),
        pytest.param(app(), [MINE, SHARED_DEFAULT], None, Pick(connection=MINE[1]), id="mine-before-the-default"),
        pytest.param(app(), [MINE, MINE_DEFAULT], None, Pick(connection=MINE_DEFAULT[1]), id="my-default-of-two"),
        pytest.param(app(), [MINE, held(mine=True), SHARED], None, AMBIGUOUS, id="two-of-mine"),
        pytest.param(app(), [SHARED, SHARED_DEFAULT], None, Pick(connection=SHARED_DEFAULT[1]), id="shared-default"),
        pytest.param(app(), [SHARED], None, Pick(connection=SHARED[1]), id="the-only-shared"),
        pytest.param(app(), [SHARED, OTHER], None, AMBIGUOUS, id="two-shared"),
        pytest.param(app(), [], None, NONE, id="none"),
        pytest.param(app(auth=AuthType.NONE), [], None, Pick(), id="none-needed"),
        pytest.param(app(auth=AuthType.NONE), [SHARED, OTHER], None, AMBIGUOUS, id="none-needed-two-given"),
        pytest.param(app(), [BROKEN], None,
                     Pick(connection=BROKEN[1], reason=UnavailableReason.NEEDS_RECONNECT), id="broken"),
        pytest.param(app(), [PENDING], None,
                     Pick(connection=PENDING[1], reason=UnavailableReason.NO_CONNECTION), id="pending"),
        pytest.param(app(), [OFFLINE], None, Pick(connection=OFFLINE[1]), id="offline-is-tried"),
        pytest.param(FOREIGN, [TOKEN], None, Pick(connection=TOKEN[1], borrowed=True), id="the-publishers-token"),
        pytest.param(FOREIGN, [TOKEN, SHARED], None, Pick(connection=SHARED[1]), id="own-before-the-token"),
        pytest.param(FOREIGN, [PUBLISHERS], None, NONE, id="another-default-of-the-publisher"),
        pytest.param(FOREIGN, [TOKEN, SHARED, OTHER], None, AMBIGUOUS, id="never-the-token-for-want-of-a-choice"),
    ],
)  # fmt: skip
def test_picks(integration, found, named, picked):
    answer = pick(CALLER, integration, found, named=named[1].id if named else None)

    assert answer == picked


@pytest.mark.parametrize(
    "named",
    [OTHER[1].id, TOKEN[1].id, PUBLISHERS[1].id, new_id(), ""],
    ids=["of another integration", "app token", "publisher", "unknown", "empty"],
)
def test_refuses_a_named_connection_that_is_not_registered_here(named):
    with pytest.raises(NotFound) as refused:
        pick(CALLER, FOREIGN, [MINE, SHARED_DEFAULT, TOKEN, PUBLISHERS], named=named)

    assert refused.value.path == ("connection_id",)


READY = Pick(connection=SHARED[1])
OAUTH = Pick(connection=held(auth_type=AuthType.OAUTH2, granted_scopes=["a"])[1])
STRICT = Definition(
    vendor="v", name="v", name_key="v", category="c", auth_type=AuthType.NONE, digest="", requires_verification=True
)


def installed(status: InstallationStatus = InstallationStatus.ACTIVE) -> Installation:
    return Installation(organization_id=HOME, integration_id=new_id(), handler="APP", status=status)


def no(reason: UnavailableReason, *scopes: str) -> Availability:
    return Availability(available=False, reason=reason, missing_scopes=scopes)


YES = Availability(available=True)
NEW = {"state": IntegrationState.NEW}


@pytest.mark.parametrize(
    ("facts", "installation", "definition", "picked", "scopes", "answer"),
    [
        ({}, installed(), None, READY, (), YES),
        ({}, installed(), STRICT, READY, (), YES),
        ({}, None, None, READY, (), no(UnavailableReason.NOT_INSTALLED)),
        ({"state": IntegrationState.DELETING}, installed(), None, READY, (), no(UnavailableReason.BEING_DELETED)),
        ({"state": IntegrationState.DELETED}, None, None, READY, (), no(UnavailableReason.BEING_DELETED)),
        (NEW, installed(), None, READY, (), YES),
        (NEW, installed(), STRICT, READY, (), no(UnavailableReason.NOT_VERIFIED)),
        ({}, installed(InstallationStatus.PENDING), None, READY, (), no(UnavailableReason.INSTALLATION_PENDING)),
        ({}, installed(InstallationStatus.PAUSED), None, READY, (), no(UnavailableReason.INSTALLATION_PAUSED)),
        ({}, installed(InstallationStatus.UNINSTALLING), None, READY, (), no(UnavailableReason.INSTALLATION_PAUSED)),
        ({}, installed(InstallationStatus.PAUSED), None, NONE, (), no(UnavailableReason.INSTALLATION_PAUSED)),
        ({}, installed(), None, NONE, (), no(UnavailableReason.NO_CONNECTION)),
        ({}, installed(), None, AMBIGUOUS, (), no(UnavailableReason.AMBIGUOUS_CONNECTION)),
        ({}, installed(), None, OAUTH, ("a",), YES),
        ({}, installed(), None, OAUTH, ("a", "b"), no(UnavailableReason.MISSING_SCOPES, "b")),
        ({}, installed(), None, READY, ("a",), YES),
        ({}, installed(), None, Pick(), ("a",), YES),
    ],
)
def test_says_whether_a_capability_is_available(facts, installation, definition, picked, scopes, answer):
    assert availability(Readiness.of(app(**facts), installation, definition, picked), scopes) == answer


def test_nothing_is_available_at_an_integration_that_does_not_exist_any_more():
    assert availability(None) == no(UnavailableReason.BEING_DELETED)
