"""Calls that name the organization in which they act, in their path or body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from models.errors import Unauthenticated
from models.row import new_id
from models.vocabulary import Permission, TokenReach
from resolvers.caller import Caller
from resolvers.hub import Identity
from resolvers.people.organization import IssueToken, issue_token
from rest.kit import Asked, Get, Post
from tests.harness.server import PLAIN_HTTP, RunningHub
from tests.harness.tenants import Tenant
from tests.people.documents import act, principal
from tests.rest.speaking import PREFIX, shown, small, speaking


class Issuer:
    """Another issuer, whose tokens are `jwt <subject>`; it names no organization."""

    async def verify(self, text: str) -> Identity:
        """The subject of a token."""
        if not text.startswith("jwt "):
            raise Unauthenticated
        return Identity(subject=text[4:], organization=None)


async def _say(caller: Caller, *_: object) -> list[str | None]:
    return [caller.organization_id, caller.actor_name]


def _in_body(asked: Asked) -> str | None:
    named: str | None = asked.members().get("org")
    return named


@pytest.fixture(scope="module")
def spoken(hub: RunningHub) -> Iterator[str]:
    """Says where a call acts, and who: `/orgs/{org}`, `/inside` with a body, `/plain` in no named one."""
    dialect = small(
        Get("/orgs/{org}", _say, lambda asked: (), shown, where=lambda asked: asked.path["org"]),
        Post("/inside", _say, lambda asked: (asked.caller.organization_id,), shown, where=_in_body),
        Post("/plain", _say, lambda asked: (asked.members(),), shown),
        places={("organization",): ("org",)},
    )
    with speaking(replace(hub.app.state.hub, external=Issuer()), dialect) as running:
        yield running.url + PREFIX


@pytest.fixture
async def client(spoken: str):
    """A client of that dialect."""
    async with httpx.AsyncClient(base_url=spoken, **PLAIN_HTTP) as client:
        yield client


@pytest.fixture
async def homes(new_organization):
    """Two organizations with a user of the same subject, and one without; the subject."""
    subject = f"idp|{new_id()}"
    homes: list[Tenant] = [await new_organization() for _ in range(3)]
    await principal(homes[0].client, "ada", subject=subject)
    await principal(homes[1].client, "ada.l", subject=subject)
    return [*homes, subject]


@pytest.fixture
async def token(hub: RunningHub, homes) -> str:
    """Of the user of the first organization, which reaches the second."""
    new = IssueToken(
        organization=homes[0].slug,
        username="ada",
        name="wide",
        permissions=(Permission.INTEGRATIONS_READ,),
        reach=TokenReach.SUBJECT,
    )
    return (await hub.run(issue_token(Caller.operator(hub.app.state.hub), new))).secret


def bearer(token: str, **headers: str) -> dict[str, str]:
    """The headers of a token."""
    return {"Authorization": f"Bearer {token}", **headers}


async def test_acts_where_the_call_says(client: httpx.AsyncClient, homes, token: str):
    home, away, _, _ = homes

    named = [
        await client.get(f"/orgs/{one}", headers=bearer(token)) for one in (home.slug, home.id, away.slug, away.id)
    ]
    inside = [await client.post("/inside", json={"org": one.slug}, headers=bearer(token)) for one in (home, away)]

    at_home, at_away = [home.id, "ada"], [away.id, "ada.l"]
    assert [one.json() for one in named] == [at_home, at_home, at_away, at_away]
    assert [one.json() for one in inside] == [at_home, at_away]


async def test_acts_as_the_header_says_where_the_call_says_nothing(client: httpx.AsyncClient, homes, token: str):
    home, away, _, _ = homes

    plain = await client.post("/inside", json={}, headers=bearer(token))
    headed = await client.post("/inside", json={"org": None}, headers=bearer(token, **{"X-Hub-Id": away.slug}))

    assert (plain.json(), headed.json()) == ([home.id, "ada"], [away.id, "ada.l"])


@pytest.mark.parametrize("kind", ["token", "jwt"])
async def test_an_organization_that_is_not_reached_does_not_exist(client: httpx.AsyncClient, homes, token, kind: str):
    text = token if kind == "token" else f"jwt {homes[-1]}"
    names = [homes[2].slug, homes[2].id, "no-such-place", "x" * 300]  # the first two exist

    answers = [await client.get(f"/orgs/{name}", headers=bearer(text)) for name in names]
    answers += [await client.post("/inside", json={"org": name}, headers=bearer(text)) for name in [*names, ""]]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json()["places"] == [["org"]], "in the dialect's words"


async def test_a_jwt_without_a_home_acts_where_the_call_says(client: httpx.AsyncClient, new_organization):
    subject = f"idp|{new_id()}"
    home, claiming = await new_organization(), await new_organization()
    first = await principal(home.client, "ada", subject=subject)
    await principal(claiming.client, "ada", subject=subject)
    await act(home.client, "deletePrincipal", first["id"])

    named = await client.get(f"/orgs/{claiming.slug}", headers=bearer(f"jwt {subject}"))
    unnamed = await client.post("/inside", json={}, headers=bearer(f"jwt {subject}"))

    assert named.json() == [claiming.id, "ada"]
    assert unnamed.status_code == 403


async def test_a_header_that_names_another_organization_is_refused(client: httpx.AsyncClient, homes, token: str):
    home, away, closed, _ = homes

    def headed(by: str) -> dict[str, str]:
        return bearer(token, **{"X-Hub-Id": by})

    other = await client.get(f"/orgs/{home.slug}", headers=headed(away.slug))
    same = [await client.get(f"/orgs/{away.slug}", headers=headed(by)) for by in (away.slug, away.id)]
    unknown = await client.get(f"/orgs/{home.slug}", headers=headed(closed.slug))

    assert (other.status_code, other.json()["places"]) == (400, [["X-Hub-Id"]])
    assert [one.json() for one in same] == [[away.id, "ada.l"]] * 2
    assert unknown.status_code == 404


@pytest.mark.parametrize("text", ["pb_" + "A" * 43, "nonsense", "jwt idp|nobody"])
@pytest.mark.parametrize("path", ["/inside", "/plain"])
async def test_a_body_is_not_read_without_a_valid_token(client: httpx.AsyncClient, path: str, text: str):
    broken = await client.post(path, content=b"{", headers=bearer(text, **{"Content-Type": "application/json"}))
    large = await client.post(path, content=b"[" * 2_000_000, headers=bearer(text, **{"Content-Type": "text/plain"}))

    assert (broken.status_code, large.status_code) == (401, 401)
    assert broken.text == large.text


async def test_a_body_is_read_with_a_valid_token_before_its_organization_is_known(client, homes, token: str):
    headers = bearer(token, **{"Content-Type": "application/json"})

    assert (await client.post("/inside", content=b"{", headers=headers)).status_code == 400
    assert (await client.post("/inside", content=b"[]", headers=headers)).status_code == 400
