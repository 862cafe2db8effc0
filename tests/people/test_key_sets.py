"""An issuer's keys: fetched through the egress, kept, rotated, and gone on with while the issuer is away."""

import asyncio
import json

import pytest
from httpx import AsyncClient

from models.errors import UpstreamFailed
from models.row import new_id
from models.vocabulary import UpstreamFailure
from proxy.egress import Egress
from proxy.guard import EgressPolicy, parse_allowances
from resolvers.identity.key_sets import FRESH_MS, PAUSE_MS, STALE_MS, FetchedKeys, FixedKeys
from server import create_app
from settings import Settings
from tests.harness.server import PLAIN_HTTP
from tests.people.conftest import trust
from tests.people.documents import principal
from tests.people.issuer import make_key

VIEWER = {"query": "{ viewer { principal { username } } }"}


class Clock:
    def __init__(self):
        self.now = 1_700_000_000_000

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def keys(issuer, clock):
    async with Egress(EgressPolicy(parse_allowances("127.0.0.0/8"))) as egress:
        yield FetchedKeys(egress, issuer.url, clock)


async def kids(keys, kid):
    return [key.kid for key in await keys.named(kid)]


async def test_fetches_once_for_however_many_and_again_when_no_longer_fresh(issuer, keys, clock):
    issuer.hold = 0.05

    found = await asyncio.gather(*(kids(keys, "main") for _ in range(50)))
    clock.now += FRESH_MS - 1
    await kids(keys, "main")
    fresh = issuer.requests
    clock.now += 1
    await asyncio.gather(*(kids(keys, "main") for _ in range(50)))

    assert found == [["main"]] * 50
    assert (fresh, issuer.requests) == (1, 2)


async def test_a_rotated_key_is_fetched_at_once_and_one_withdrawn_is_not_believed_for_long(issuer, keys, clock):
    await kids(keys, "main")
    issuer.add("next", "ES256")

    found = await kids(keys, "next")
    issuer.keys = issuer.keys[1:]
    clock.now += FRESH_MS

    assert (found, issuer.requests) == (["next"], 2)
    assert await kids(keys, "main") == []


async def test_unknown_ids_do_not_decide_how_often_is_asked(issuer, keys, clock):
    await kids(keys, "main")

    found = await asyncio.gather(*(kids(keys, f"unknown {number}") for number in range(50)))
    for number in range(5):
        clock.now += PAUSE_MS // 6
        await kids(keys, f"unknown {number}")
    later = issuer.requests
    clock.now += PAUSE_MS
    await asyncio.gather(*(kids(keys, f"unknown {number}") for number in range(50)))

    assert found == [[]] * 50
    assert (later, issuer.requests) == (2, 3)


async def test_while_the_issuer_is_away_the_last_keys_go_on_for_a_day(issuer, keys, clock):
    await kids(keys, "main")
    issuer.status = 503
    clock.now += STALE_MS - 1

    kept = [await kids(keys, "main") for _ in range(3)]
    asked = issuer.requests
    with pytest.raises(UpstreamFailed) as unknown:
        await keys.named("next")
    clock.now += 1
    with pytest.raises(UpstreamFailed):
        await keys.named("main")
    clock.now += PAUSE_MS
    issuer.status = 200

    assert (kept, asked) == ([["main"]] * 3, 2)
    assert (unknown.value.reason, unknown.value.external_status) == (UpstreamFailure.ERROR_STATUS, 503)
    assert await kids(keys, "main") == ["main"]


async def test_a_first_failure_is_told_and_tried_again_after_a_pause(issuer, keys, clock):
    issuer.status = 500

    for _ in range(5):
        with pytest.raises(UpstreamFailed):
            await keys.named("main")
    failing = issuer.requests
    issuer.status = 200
    clock.now += PAUSE_MS

    assert await kids(keys, "main") == ["main"]
    assert (failing, issuer.requests) == (1, 2)


async def test_asks_no_address_that_the_egress_refuses(issuer, clock):
    async with Egress(EgressPolicy(())) as egress:
        with pytest.raises(UpstreamFailed) as refused:
            await FetchedKeys(egress, issuer.url, clock).named("main")

    assert refused.value.reason is UpstreamFailure.BLOCKED
    assert issuer.requests == 0


async def test_passes_over_keys_that_verify_nothing(issuer):
    document = issuer.document()
    document["keys"] += [
        {"kty": "oct", "kid": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},
        {"kty": "future", "kid": "future"},
        {"kty": "RSA", "kid": "broken"},
        {"kty": "EC", "kid": "curve", "crv": "P-999", "x": "a", "y": "b"},
        make_key("RS256", kid="encrypts", use="enc").as_dict(private=False),
        "text",
    ]

    keys = FixedKeys(json.dumps(document).encode())

    assert [len(await keys.named(kid)) for kid in ("main", "oct", "future", "broken", "curve", "encrypts")] == [
        1, 0, 0, 0, 0, 0,
    ]  # fmt: skip
    assert await kids(keys, None) == ["main"]


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]}', b'{"keys":[{"kty":"oct"}]}'])
def test_refuses_what_is_no_set_of_public_keys(document):
    with pytest.raises(ValueError, match=r"JWK set|zero-length"):
        FixedKeys(document)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"jwt_audience": ""}, "needs PATCHBAY_JWT_AUDIENCE"),
        ({"jwt_keys": ""}, "needs PATCHBAY_JWT_AUDIENCE"),
        ({"jwt_keys": "missing.json"}, "nor a readable JWK set"),
        ({"jwt_keys": '{"keys": []}'}, "nor a readable JWK set"),
        ({"jwt_algorithms": "HS256"}, "not by HS256"),
        ({"jwt_algorithms": "RS256,none"}, "not by none"),
        ({"jwt_algorithms": ""}, "verified by one of"),
    ],
)
def test_a_hub_that_would_trust_wrongly_does_not_start(issuer, tmp_path, given, sentence):
    settings = {**trust(issuer), **given}

    with pytest.raises(ValueError, match=sentence):
        create_app(Settings(home=tmp_path, master_keys="1:" + "A" * 43 + "=", **settings))


async def test_a_hub_follows_a_rotation_and_says_when_it_cannot(organization, issuer, start_hub):
    subject = f"idp|{new_id()}"
    await principal(organization.client, "ada", subject=subject)
    unlucky, lucky = start_hub(**trust(issuer)), start_hub(**trust(issuer))

    async with AsyncClient(**PLAIN_HTTP) as http:

        async def ask(hub, token):
            headers = {"Authorization": f"Bearer {token}"}
            return await http.post(f"{hub.url}/graphql", json=VIEWER, headers=headers)

        issuer.status = 503
        away = await ask(unlucky, issuer.token(subject))
        issuer.status = 200
        first = await ask(lucky, issuer.token(subject))
        rotated = issuer.add("next", "RS256")
        second = await ask(lucky, issuer.token(subject, key=rotated))
        issuer.status = 503
        going_on = await ask(lucky, issuer.token(subject, key=rotated))

    assert (away.status_code, away.json()["errors"][0]) == (
        502,
        {
            "message": "The keys of your token's issuer cannot be fetched now; try again.",
            "extensions": {"code": "UPSTREAM_FAILED"},
        },
    )
    assert [answer.status_code for answer in (first, second, going_on)] == [200, 200, 200]


async def test_keys_are_read_from_a_file_and_from_the_setting_itself(organization, issuer, start_hub, tmp_path):
    subject = f"idp|{new_id()}"
    await principal(organization.client, "ada", subject=subject)
    document = json.dumps(issuer.document())
    (tmp_path / "jwks.json").write_text(document)

    for place in (str(tmp_path / "jwks.json"), document):
        hub = start_hub(**trust(issuer, jwt_keys=place))
        async with AsyncClient(base_url=hub.url, **PLAIN_HTTP) as http:
            headers = {"Authorization": f"Bearer {issuer.token(subject)}"}
            assert (await http.post("/graphql", json=VIEWER, headers=headers)).status_code == 200

    assert issuer.requests == 0
