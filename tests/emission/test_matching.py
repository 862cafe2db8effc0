"""A webhook takes the events that it asked for and that its maker may see; if not, it says why."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from models.tables import Integration, Webhook
from models.vocabulary import IntegrationAccess, Source
from resolvers.emission.draft import Draft
from resolvers.emission.matching import Match, takes_type, verdict, wants

ORGANIZATION, SHOP, MAKER = "a" * 24, "b" * 24, "c" * 24
SOLD = Draft(
    organization_id=ORGANIZATION,
    type="Shop.SOLD",
    entity_id="order 7",
    data={},
    source=Source.GRAPHQL,
    created_at=0,
    integration_id=SHOP,
)
CONNECTED = replace(SOLD, type="Hub.connection.connected", integration_id=None)
OPEN = SimpleNamespace(access=IntegrationAccess.ORGANIZATION, owner_id="d" * 24)
RESTRICTED = SimpleNamespace(access=IntegrationAccess.RESTRICTED, owner_id="d" * 24)


def webhook(**facts) -> Webhook:
    given = {"organization_id": ORGANIZATION, "name": "W", "url": "https://w.example/", "secrets": b""}
    return Webhook(**given | {"created_by": MAKER} | facts)


@pytest.mark.parametrize(
    ("patterns", "type", "takes"),
    [
        ([], "Shop.SOLD", True),
        (["*"], "Shop.SOLD", True),
        (["*"], "Hub.integration.created", False),
        ([], "Hub.integration.created", False),
        (["H*"], "Hub.integration.created", False),
        (["Hub.*"], "Hub.integration.created", True),
        (["Hub.integration.*"], "Hub.webhook.disabled", False),
        (["Hub.*"], "Hubble.SEEN", False),
        (["Shop.*"], "Shop.SOLD", True),
        (["Shop.S*", "Other.*"], "Shop.SOLD", True),
        (["Shop.SOLD"], "Shop.SOLD", True),
        (["Shop.SOLD"], "Shop.SOLD_OUT", False),
        (["Shop.*"], "Shop_2.SOLD", False),
    ],
)
def test_patterns_take_declared_names_and_starts_of_names(patterns: list[str], type: str, takes: bool) -> None:
    assert takes_type(patterns, type) is takes


@pytest.mark.parametrize(
    ("facts", "event", "integration", "word"),
    [
        ({}, SOLD, OPEN, Match.MATCHES),
        ({"integration_id": SHOP}, SOLD, OPEN, Match.MATCHES),
        ({"filter": "payload.total"}, SOLD, OPEN, Match.UNJUDGED),
        ({"removed_at": 1}, SOLD, OPEN, Match.REMOVED),
        ({"enabled": False}, SOLD, OPEN, Match.DISABLED),
        ({"catch_up_after": 0}, SOLD, OPEN, Match.CATCHING_UP),
        ({"organization_id": "f" * 24}, SOLD, OPEN, Match.ORGANIZATION),
        ({"event_patterns": ["Other.*"]}, SOLD, OPEN, Match.PATTERN),
        ({"integration_id": "e" * 24}, SOLD, OPEN, Match.INTEGRATION),
        ({}, SOLD, RESTRICTED, Match.RESTRICTED),
        ({"sees_restricted": True}, SOLD, RESTRICTED, Match.MATCHES),
        ({"integration_id": SHOP}, SOLD, RESTRICTED, Match.MATCHES),
        ({"created_by": "d" * 24}, SOLD, RESTRICTED, Match.MATCHES),
        ({"created_by": None}, SOLD, SimpleNamespace(access=RESTRICTED.access, owner_id=None), Match.RESTRICTED),
        ({}, SOLD, None, Match.MATCHES),
        ({"event_patterns": ["Hub.*"]}, CONNECTED, None, Match.RESTRICTED),
        ({"event_patterns": ["Hub.*"], "sees_restricted": True}, CONNECTED, None, Match.MATCHES),
    ],
)
def test_says_by_a_word_why_an_event_is_taken_or_not(facts, event, integration: Integration | None, word) -> None:
    found = verdict(webhook(**facts), event, integration)

    assert found.word is word
    assert found.takes is (word in {Match.MATCHES, Match.UNJUDGED})
    assert found.sentence.endswith(".")


def test_an_event_about_a_webhook_does_not_go_to_that_webhook() -> None:
    one, other = (webhook(event_patterns=["Hub.*"]) for _ in range(2))
    event = replace(SOLD, type="Hub.webhook.disabled", integration_id=None, entity_id=one.id)

    assert [verdict(each, event, None).word for each in (one, other)] == [Match.OWN_HEALTH, Match.MATCHES]


def test_wants_looks_past_the_state_of_a_webhook() -> None:
    disabled = webhook(enabled=False, catch_up_after=3)

    assert wants(disabled, SOLD, OPEN).word is Match.MATCHES
