"""GraphQL over HTTP: methods, media types, statuses, and what may stand in an address."""

from __future__ import annotations

import logging

import httpx
import pytest
from starlette.requests import Request
from strawberry.extensions import MaskErrors

from schema.door.admission import Admission
from schema.door.endpoint import GraphQLEndpoint
from schema.door.limits import Limits
from schema.door.negotiation import answer_type, prefers_page
from tests.door.server import Door
from tests.door.toy import toy_schema
from tests.harness.server import PLAIN_HTTP
from wire.refusal import BadRequest

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8; q=0.9", GRAPHQL),
        (f"{JSON};q=0.5, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{GRAPHQL}, */*", GRAPHQL),
        (BROWSER, JSON),
        ("APPLICATION/GraphQL-Response+JSON", GRAPHQL),
    ],
)
def test_answers_in_the_type_that_is_wanted_most(accept: str | None, expected: str) -> None:
    assert answer_type(accept) == expected


@pytest.mark.parametrize(
    "accept", ["text/html", "image/png, text/*", f"{JSON};q=0", "*/*;q=0", f"{JSON};q=x", "nonsense"]
)
def test_refuses_a_type_that_it_cannot_answer_in(accept: str) -> None:
    with pytest.raises(BadRequest) as refused:
        answer_type(accept)

    assert refused.value.status == 406


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        ("text/html", True),
        (None, False),
        ("*/*", False),
        (f"{JSON}, text/html;q=0.9", False),
    ],
)
def test_shows_the_page_to_those_who_ask_for_it_first(accept: str | None, page: bool) -> None:
    assert prefers_page(accept) is page


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
@pytest.mark.parametrize(
    "asked",
    [
        {"query": "{"},
        {"query": "{ nothing }"},
        {"query": "query($a: Int!) { number(number: $a) }", "variables": {"a": "x"}},
        {"query": "query A { hello } query B { hello }"},
        {"query": "query A { hello }", "operationName": "B"},
        {"query": "{ thing " + "{ parent " * 30 + "{ name }" + "}" * 31},
    ],
)
def test_a_refused_document_is_an_error_only_for_those_who_know_the_type(
    door: Door, asked: dict[str, object], accept: str, status: int
) -> None:
    answer = door.send(json=asked, headers={"accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (status, f"{accept}; charset=utf-8")
    assert "data" not in answer.json()


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_answers_data(door: Door, accept: str) -> None:
    answer = door.post("query A($n: String!) { hello(name: $n) }", accept, variables={"n": "x"}, operationName="A")

    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{accept}; charset=utf-8")
    assert answer.json() == {
        "data": {"hello": "Hello, x!"},
        "extensions": {"cost": {"requested": 0, "nodes": 0, "depth": 1}},
    }


def test_answers_queries_by_get(door: Door) -> None:
    params = {
        "query": "query A($n: String) { hello(name: $n) } query B { who }",
        "variables": '{"n": "é"}',
        "operationName": "A",
        "extensions": "{}",
    }

    assert door.send("GET", params=params).json()["data"] == {"hello": "Hello, é!"}


def test_refuses_mutations_by_get(door: Door) -> None:
    answer = door.send("GET", params={"query": "mutation { add(number: 1) }"})

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    assert door.added == []


def test_a_query_by_get_cannot_bring_a_mutation_along(door: Door) -> None:
    params = {"query": "query A { hello } mutation B { add(number: 1) }", "operationName": "B"}

    assert door.send("GET", params=params).status_code == 405
    assert door.added == []


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"query": ""},
        {"query": "{ hello }", "variables": "{"},
        {"query": "{ hello }", "variables": "[]"},
        {"query": "{ hello }", "variables": "1"},
        {"query": "{ hello }", "variables": "[" * 2_000},
        {"query": "{ hello }", "extensions": '"x"'},
        [("query", "{ hello }"), ("query", "{ who }")],
    ],
)
def test_refuses_wrong_parameters_in_the_address(door: Door, params: object) -> None:
    assert door.send("GET", params=params).status_code == 400


@pytest.mark.parametrize(
    "asked",
    [
        {"query": 1},
        {"query": {"a": 1}},
        {"query": "{ hello }", "operationName": 1},
        {"query": "{ hello }", "operationName": []},
        {"query": "{ hello }", "variables": "{}"},
        {"query": "{ hello }", "variables": [1]},
        {"query": "{ hello }", "extensions": 1},
    ],
)
def test_refuses_wrong_parameters_in_the_body(door: Door, asked: object) -> None:
    assert door.send(json=asked).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_takes_no_other_method(door: Door, method: str) -> None:
    answer = door.send(method, json={"query": "mutation { add(number: 1) }"})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert door.added == []


@pytest.mark.parametrize(
    "name", ["access_token", "accessToken", "token", "Authorization", "api_key", "API-Key", "api%5Fkey"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refuses_a_credential_in_the_address_and_logs_none(door: Door, method: str, name: str) -> None:
    url = f"{door.url}?query=%7Bhello%7D&{name}=pb_secret"

    answer = httpx.request(method, url, json={"query": "mutation { add(number: 1) }"}, **PLAIN_HTTP)

    assert answer.status_code == 400
    assert "Authorization header" in answer.json()["errors"][0]["message"]
    assert door.added == []
    assert any(f'"{method} /graphql HTTP/1.1" 400' in line for line in door.logged)
    assert not any("pb_secret" in line for line in door.logged)


def test_the_log_shows_other_addresses_whole(door: Door) -> None:
    door.send("GET", params={"query": "{hello}"})

    assert any("query=" in line for line in door.logged)


@pytest.mark.parametrize(
    ("token", "status", "code", "header"),
    [
        ("wrong", 401, "UNAUTHENTICATED", ("www-authenticate", "Bearer")),
        ("often", 429, "TOO_MANY", ("retry-after", "9")),
        ("away", 503, "UNAVAILABLE", ("content-type", "application/json; charset=utf-8")),
    ],
)
def test_refuses_a_request_before_reading_it(
    door: Door, token: str, status: int, code: str, header: tuple[str, str]
) -> None:
    answer = door.send(content=b"{", headers={"authorization": f"Bearer {token}", "content-type": JSON})

    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert answer.headers[header[0]] == header[1]


def test_takes_no_schema_whose_extensions_it_would_not_run() -> None:
    schema = toy_schema()
    schema.extensions = (MaskErrors,)

    with pytest.raises(ValueError, match="would not be run"):
        GraphQLEndpoint(
            schema=schema, admission=Admission(Limits()), authenticate=no_context, log=logging.getLogger()
        )


async def no_context(request: Request) -> None:
    return None


def test_gives_resolvers_the_context_of_their_request(door: Door) -> None:
    answer = door.send(json={"query": "{ who }"}, headers={"authorization": "Bearer me"})

    assert answer.json()["data"] == {"who": "Bearer me"}


def test_shows_the_page_to_a_browser_without_a_query(door: Door) -> None:
    page = door.send("GET", headers={"accept": BROWSER})
    answer = door.send("GET", headers={"accept": BROWSER}, params={"query": "{ hello }"})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "GraphiQL" in page.text
    assert answer.json()["data"] == {"hello": "Hello, world!"}
