"""Handlers and slugs: derived, given, taken; and every way of finding an integration by a name."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.acting import act, faults, integration_of, listed, refusal, remove
from tests.harness.backends import both

UUID = "0F0E0D0C-1111-4222-8333-444455556666"


@pytest.mark.parametrize(
    ("name", "handler", "slug"),
    [
        ("Stripe Global Payments", "STRIPE_GLOBAL_PAYMENTS", "stripe-global-payments"),
        ("Café  Łódź–Zürich!", "CAFE_ODZ_ZURICH", "cafe-odz-zurich"),
        ("支付系统", "APP", "app"),
        ("🚀", "APP", "app"),
        ("支付 Pay 2", "PAY_2", "pay-2"),
        ("7eleven", "APP_7ELEVEN", "7eleven"),
        ("ﬁnance Ⅳ", "FINANCE_IV", "finance-iv"),
        ("Hub", "HUB_2", "hub"),
        ("x", "X", "x"),
        ("w" * 255, "W" * 112, "w" * 112),
    ],
)
async def test_derives_handler_and_slug_from_the_name(organization, name, handler, slug) -> None:
    made = await act(organization.client, "createIntegration", {"name": name}, "name handler slug identifier")

    assert made == {"name": name, "handler": handler, "slug": slug, "identifier": slug}


@both
async def test_numbers_derived_names_that_are_taken(organization) -> None:
    made = [
        await act(organization.client, "createIntegration", {"name": name}, "handler slug")
        for name in ("Slack", "slack", "SLACK!")
    ]

    assert made == [
        {"handler": "SLACK", "slug": "slack"},
        {"handler": "SLACK_2", "slug": "slack-2"},
        {"handler": "SLACK_3", "slug": "slack-3"},
    ]


@both
async def test_integrations_of_one_name_at_once_get_names_of_their_own(organization) -> None:
    made = await asyncio.gather(*(act(organization.client, "createIntegration", {"name": f"Q{n}"}) for n in range(8)))

    assert len({one["id"] for one in made}) == 8
    assert len(await listed(organization.client, "integrations", "handler", "(first: 100)")) == 8


@both
async def test_two_organizations_may_use_the_same_names(organization, new_organization) -> None:
    other = await new_organization()
    given = {"name": "Slack", "handler": "SLACK", "slug": "slack", "uuid": UUID}

    for tenant in (organization, other):
        made = await act(tenant.client, "createIntegration", given, "handler slug")
        assert made == {"handler": "SLACK", "slug": "slack"}


@both
@pytest.mark.parametrize(("field", "value"), [("handler", "SLACK"), ("slug", "slack"), ("uuid", UUID.lower())])
async def test_refuses_a_taken_name_and_shows_who_has_it(organization, field, value) -> None:
    first = await act(organization.client, "createIntegration", {"name": "Slack", "uuid": UUID})

    refused = await refusal(organization.client, "createIntegration", {"name": "Other", field: value})

    assert refused["code"] == "CONFLICT"
    assert refused["path"] == ["input", field]
    assert refused["existing"] == {"__typename": "Integration", "id": first["id"]}
    assert await listed(organization.client, "integrations", "name") == [{"name": "Slack"}]


@both
async def test_refuses_a_taken_slug_when_it_is_changed_to(organization) -> None:
    first = await act(organization.client, "createIntegration", {"name": "Slack"})
    second = await act(organization.client, "createIntegration", {"name": "Other"})

    refused = await refusal(organization.client, "updateIntegration", {"id": second["id"], "slug": "slack"})
    kept = await act(organization.client, "updateIntegration", {"id": first["id"], "slug": "slack"}, "slug")

    assert (refused["code"], refused["existing"]["id"]) == ("CONFLICT", first["id"])
    assert (await integration_of(organization.client, "slug version", id=second["id"])) == {
        "slug": "other",
        "version": 1,
    }
    assert kept == {"slug": "slack"}


@pytest.mark.parametrize("slug", ["ａdmin", "admin\u200b", "\u0430dmin", "Admin", "a--b", "-a", "", "a b", "a" * 121])
async def test_refuses_a_slug_that_only_looks_like_one(organization, slug) -> None:
    assert await faults(organization.client, "createIntegration", {"name": "A", "slug": slug}) == ["input.slug"]

    assert await listed(organization.client, "integrations", "id") == []


@pytest.mark.parametrize("handler", ["HUB", "slack", "SL-ACK", "_A", "A__B", "1A", "ＳＬＡＣＫ", "", "A" * 121])
async def test_refuses_a_handler_that_is_reserved_or_misspelt(organization, handler) -> None:
    given = {"name": "A", "handler": handler}

    assert await faults(organization.client, "createIntegration", given) == ["input.handler"]


@both
async def test_finds_an_integration_by_every_name(organization, new_organization) -> None:
    made = await act(organization.client, "createIntegration", {"name": "Slack", "uuid": UUID}, "id databaseId")
    stranger = await new_organization()
    names = [
        {"id": made["id"]},
        {"id": made["databaseId"]},
        {"handler": "SLACK"},
        {"slug": "slack"},
        {"uuid": UUID},
        {"uuid": UUID.lower()},
    ]

    for by in names:
        assert await integration_of(organization.client, "id", **by) == {"id": made["id"]}, by
        assert await integration_of(stranger.client, "id", **by) is None, by


@both
@pytest.mark.parametrize(
    "by", [{"id": "x"}, {"id": ""}, {"id": "f" * 24}, {"handler": "slack"}, {"slug": "SLACK"}, {"uuid": "slack"}]
)
async def test_finds_nothing_by_another_name(organization, by) -> None:
    await act(organization.client, "createIntegration", {"name": "Slack", "uuid": UUID})

    assert await integration_of(organization.client, "id", **by) is None


@both
async def test_a_removed_integration_frees_its_names(organization) -> None:
    first = await act(organization.client, "createIntegration", {"name": "Slack", "uuid": UUID}, "id databaseId")
    await remove(organization.client, "deleteIntegration", first["id"])

    second = await act(
        organization.client,
        "createIntegration",
        {"name": "Slack", "handler": "SLACK", "slug": "slack", "uuid": UUID},
        "id",
    )

    assert second["id"] != first["id"]
    assert await integration_of(organization.client, "id", handler="SLACK") == {"id": second["id"]}
    assert await integration_of(organization.client, "id", id=first["databaseId"]) is None
