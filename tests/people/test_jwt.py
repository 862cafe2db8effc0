"""JWTs of another issuer: who they speak for, and what is refused; over HTTP, with real keys."""

import base64
import hashlib
import hmac
import json
import time

import httpx
import pytest

from models.row import new_id
from tests.harness.server import PLAIN_HTTP
from tests.people.conftest import trust
from tests.people.documents import act, principal
from tests.people.issuer import make_key

VIEWER = "{ viewer { organization { slug } organizations { slug } principal { username } token { id } permissions } }"
NOBODY = {
    "message": "Give a valid token as `Authorization: Bearer …`.",
    "extensions": {"code": "UNAUTHENTICATED"},
}


@pytest.fixture
def subject():
    return f"idp|{new_id()}"


@pytest.fixture
async def user(organization, subject):
    permissions = ["INTEGRATIONS_READ", "EVENTS_READ", "ORGANIZATION_ADMIN"]
    return await principal(organization.client, "ada", subject=subject, permissions=permissions)


@pytest.fixture(scope="module")
async def known(lasting):
    """The subject of a user, for tests that only look or are refused."""
    subject = f"idp|{new_id()}"
    await principal(lasting.client, "ada", subject=subject)
    return subject


async def refused(client):
    """The answer must be that of a bad token, to the letter."""
    answer = await client.raw(VIEWER)
    return (answer.status_code, answer.json().get("errors"), answer.headers.get("www-authenticate")) == (
        401,
        [NOBODY],
        "Bearer",
    )


async def test_speaks_for_the_user_of_its_subject_with_all_that_the_user_may(
    organization, user, trusted, ask, subject
):
    seen = (await ask(trusted.token(subject)).query(VIEWER))["viewer"]

    assert seen == {
        "organization": {"slug": organization.slug},
        "organizations": [{"slug": organization.slug}],
        "principal": {"username": "ada"},
        "token": None,
        "permissions": ["ORGANIZATION_ADMIN", "INTEGRATIONS_READ", "EVENTS_READ"],
    }


@pytest.mark.parametrize(("kid", "algorithm"), [("main", "RS256"), ("curve", "ES256"), ("edwards", "Ed25519")])
async def test_takes_every_algorithm_that_is_allowed(trusted, ask, known, kid, algorithm):
    key = next(key for key in trusted.keys if key.kid == kid)

    answer = await ask(trusted.token(known, key=key, header={"alg": algorithm, "x-vendor": "1"})).query(VIEWER)

    assert answer["viewer"]["principal"] == {"username": "ada"}


CLAIMS = {
    "expired": lambda now: {"exp": now - 31},
    "expired long ago": lambda now: {"exp": 1},
    "that never expires": lambda now: {"exp": None},
    "that expires at text": lambda now: {"exp": "tomorrow"},
    "not yet valid": lambda now: {"nbf": now + 90},
    "issued in the future": lambda now: {"iat": now + 90},
    "of another issuer": lambda now: {"iss": "https://evil.example"},
    "of no issuer": lambda now: {"iss": None},
    "of a list of issuers": lambda now: {"iss": ["https://evil.example"]},
    "for somebody else": lambda now: {"aud": "another"},
    "for others": lambda now: {"aud": ["another", "third"]},
    "for nobody": lambda now: {"aud": None},
    "of no subject": lambda now: {"sub": None},
    "of an empty subject": lambda now: {"sub": ""},
    "of a numeric subject": lambda now: {"sub": 7},
    "of an unknown subject": lambda now: {"sub": "idp|unknown"},
    "of a subject that no database stores": lambda now: {"sub": "a\0b"},
    "of half a surrogate pair": lambda now: {"sub": "\\ud800"},
}


@pytest.mark.parametrize("what", CLAIMS)
async def test_refuses_a_token_whose_claims_are_wrong(trusted, ask, known, what):
    claims = {"sub": known} | CLAIMS[what](int(time.time()))

    assert await refused(ask(trusted.token(claims.pop("sub"), **claims)))


@pytest.mark.parametrize("claims", [{"exp": -29}, {"nbf": 20}, {"iat": 20}])
async def test_allows_for_clocks_that_differ(trusted, ask, known, claims):
    claims = {name: int(time.time()) + seconds for name, seconds in claims.items()}

    answer = await ask(trusted.token(known, aud=["another", "patchbay"], **claims)).raw(VIEWER)

    assert answer.status_code == 200


async def test_refuses_what_no_key_of_the_issuer_signed(trusted, ask, known):
    stranger = make_key("RS256", kid="main")
    encrypts = next(key for key in trusted.keys if key.kid == "encrypts")
    other = next(key for key in trusted.keys if key.kid == "other")
    encrypts_freely = type(encrypts).import_key({**encrypts.as_dict(private=True), "use": "sig"})
    other_freely = type(other).import_key({k: v for k, v in other.as_dict(private=True).items() if k != "alg"})

    tokens = {
        "a stranger's key of the same id": trusted.token(known, key=stranger),
        "an unknown id": trusted.token(known, header={"kid": "unknown"}),
        "no id among several keys": trusted.token(known, header={"kid": None}),
        "another key's id": trusted.token(known, header={"kid": "curve"}),
        "a key for encryption": trusted.token(known, key=encrypts_freely, header={"kid": "encrypts"}),
        "a key for another algorithm": trusted.token(known, key=other_freely, header={"kid": "other"}),
        "an algorithm that is not allowed": trusted.token(known, header={"alg": "PS256"}),
        "its own key in the header": trusted.token(
            known, key=stranger, header={"jwk": stranger.as_dict(private=False)}
        ),
    }

    assert {what: await refused(ask(token)) for what, token in tokens.items()} == dict.fromkeys(tokens, True)


async def test_refuses_what_was_tampered_with(trusted, ask, known):
    head, body, signature = trusted.token(known).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = encoded(claims | {"sub": known, "exp": claims["exp"] + 1})
    flipped = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    tokens = [
        f"{head}.{forged}.{signature}",
        f"{head}.{body}.{flipped}",
        f"{head}.{body}.{signature[:-8]}",
        f"{encoded({'alg': 'RS256', 'kid': 'main', 'a': 1})}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body} .{signature}",
        f"{'x' * 9000}.{body}.{signature}",
    ]

    answers = [await refused(ask(token)) for token in tokens]

    assert answers == [True] * len(tokens)


async def test_refuses_no_signature_and_a_public_key_used_as_a_secret(trusted, ask, known):
    body = encoded(trusted.claims(known))
    public = trusted.main
    secrets = [
        public.as_pem(private=False),
        public.as_pem(private=False).strip(),
        public.as_der(private=False),
        json.dumps(public.as_dict(private=False)).encode(),
        base64.urlsafe_b64decode(public.as_dict(private=False)["n"] + "=="),
    ]
    tokens = [f"{encoded({'alg': alg, 'kid': 'main'})}.{body}." for alg in ("none", "None", "NONE", "nOnE")]
    tokens += [f"{encoded({'alg': 'none', 'kid': 'main'})}.{body}.x", f"{encoded({'kid': 'main'})}.{body}.x"]
    tokens += [hs256(trusted.claims(known), secret) for secret in secrets]

    answers = [await refused(ask(token)) for token in tokens]

    assert answers == [True] * len(tokens)


HEADERS = [
    b"[]",
    b"1",
    b'"alg"',
    b"null",
    b'{"kid":"main"}',
    b'{"alg":[],"kid":"main"}',
    b'{"alg":{"a":1},"kid":"main"}',
    b'{"alg":1,"kid":"main"}',
    b'{"alg":null,"kid":"main"}',
    b'{"alg":"RS256","kid":7}',
    b'{"alg":"RS256","kid":["main"]}',
    b'{"alg":"RS256","kid":"main","crit":["b64"],"b64":false}',
    b'{"alg":"RS256","kid":"main","crit":["exp"]}',
    b"[" * 3000,
    b"\xff\xfe",
    b"not json",
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
async def test_refuses_a_header_that_is_no_header(trusted, ask, known, header):
    segment = base64.urlsafe_b64encode(header).rstrip(b"=").decode()

    assert await refused(ask(f"{segment}.{encoded(trusted.claims(known))}.c2lnbmF0dXJl"))


async def test_a_disabled_user_is_refused_at_once(organization, user, trusted, ask, subject):
    client = ask(trusted.token(subject))
    assert (await client.raw(VIEWER)).status_code == 200

    await act(organization.client, "updatePrincipal", user["id"], disabled=True)

    assert await refused(client)


async def test_a_subject_of_several_organizations_names_another_than_its_first(
    organization, new_organization, user, trusted, ask, subject
):
    second, third = await new_organization(), await new_organization()
    await principal(second.client, "ada.l", subject=subject, permissions=["AUDIT_READ"])
    token = trusted.token(subject)

    unnamed = (await ask(token).query(VIEWER))["viewer"]
    named = (await ask(token, X_Hub_Id=second.slug).query(VIEWER))["viewer"]
    foreign = await ask(token, X_Hub_Id=third.slug).raw(VIEWER)
    nowhere = await ask(token, X_Hub_Id="nowhere").raw(VIEWER)

    assert (unnamed["organization"], unnamed["principal"]) == ({"slug": organization.slug}, {"username": "ada"})
    assert (named["principal"], named["permissions"]) == ({"username": "ada.l"}, ["AUDIT_READ"])
    assert named["organizations"] == [{"slug": organization.slug}, {"slug": second.slug}]
    assert (foreign.status_code, foreign.content) == (404, nowhere.content)


async def test_a_claim_that_names_an_organization_binds_the_token_to_it(
    organization, new_organization, user, issuer, start_hub, subject
):
    second, third = await new_organization(), await new_organization()
    await principal(second.client, "ada.l", subject=subject)
    hub = start_hub(**trust(issuer, jwt_organization_claim="https://id.example/org", jwt_subject_claim="uid"))
    claim = "https://id.example/org"

    def token(named):
        return issuer.token("ignored", uid=subject, **{claim: named})

    async with httpx.AsyncClient(base_url=hub.url, **PLAIN_HTTP) as http:

        async def ask(token, named=None):
            headers = {"Authorization": f"Bearer {token}"} | ({"X-Hub-Id": named} if named else {})
            return await http.post("/graphql", json={"query": VIEWER}, headers=headers)

        bound = [(await ask(token(name))).json()["data"]["viewer"] for name in (second.slug, second.id)]
        free = (await ask(token(None), organization.slug)).json()["data"]["viewer"]
        statuses = [
            (await ask(token(second.slug), second.id)).status_code,
            (await ask(token(second.slug), organization.slug)).status_code,
            (await ask(token(third.slug))).status_code,
            (await ask(token("nowhere"))).status_code,
            (await ask(token(["a"]))).status_code,
            (await ask(token(""))).status_code,
        ]

    assert [seen["organization"] for seen in bound] == [{"slug": second.slug}] * 2
    assert [seen["organizations"] for seen in bound] == [[{"slug": second.slug}]] * 2
    assert free["organization"] == {"slug": organization.slug}
    assert statuses == [200, 404, 401, 401, 401, 401]


async def test_without_an_issuer_no_jwt_is_taken(trusted, graphql, known):
    assert await refused(graphql(trusted.token(known)))


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def hs256(claims, secret):
    """Signed by hand, since libraries refuse a public key as a secret."""
    signed = f"{encoded({'alg': 'HS256', 'kid': 'main'})}.{encoded(claims)}"
    mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
