"""The format of definitions: what is taken, and what is refused at which place."""

from __future__ import annotations

from typing import Any

import pytest

from models.definition import FieldGroup
from models.errors import InvalidInput
from models.vocabulary import AuthType
from resolvers.definitions.reading import read_definition, stored_definition
from tests.definitions.samples import DESK, PLAIN, changed


def faults_of(given: Any, *, of_catalogue: bool = False) -> list[str]:
    """The places of all faults."""
    with pytest.raises(InvalidInput) as refused:
        read_definition(given, of_catalogue=of_catalogue)
    return [".".join(fault.path) for fault in refused.value.violations]


def test_reads_what_its_author_wrote():
    desk = read_definition(DESK, of_catalogue=True)

    assert (desk.vendor, desk.auth.type, desk.supports.upload, desk.supports.multiple) == (
        *("desk", AuthType.BASIC),
        *(True, False),
    )
    assert [(field.key, field.is_secret) for field in desk.of_group(FieldGroup.SECRET)] == [
        ("email", False),
        ("apiToken", True),
    ]
    assert desk.verification is not None
    assert not desk.verification.required


def test_is_stored_as_it_was_given_and_read_again_alike():
    desk = read_definition(DESK)

    assert desk.body() == DESK
    assert stored_definition(desk.body()) == desk
    assert stored_definition(desk.body()).digest() == desk.digest()


def test_equal_definitions_have_one_digest_and_others_another():
    turned = dict(reversed(PLAIN.items()))

    assert read_definition(turned).digest() == read_definition(PLAIN).digest()
    assert read_definition(changed(PLAIN, name="Other")).digest() != read_definition(PLAIN).digest()


OPTION: dict[str, Any] = {"key": "objectLock", "title": "Object lock", "type": "BOOLEAN"}
FAULTY: list[tuple[dict[str, Any], str]] = [
    ({"colour": "red"}, "colour"),
    ({"auth__colour": "red"}, "auth.colour"),
    ({"name": None}, "name"),
    ({"name": 5}, "name"),
    ({"name": " "}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"description": "a\0b"}, "description"),
    ({"vendor": "Desk"}, "vendor"),
    ({"vendor": "custom"}, "vendor"),
    ({"category": "Help desk"}, "category"),
    ({"docs": "docs.example.com"}, "docs"),
    ({"source__0__date": "yesterday"}, "source.0.date"),
    ({"source__0__for": None}, "source.0.for"),
    ({"auth__type": "MAGIC"}, "auth.type"),
    ({"auth__apiBaseUrl": "ftp://example.com"}, "auth.apiBaseUrl"),
    ({"auth__apiBaseUrl": "https://user@example.com"}, "auth.apiBaseUrl"),
    ({"auth__apiBaseUrl": "https://{nowhere}.example.com"}, "auth.apiBaseUrl"),
    ({"auth__apiBaseUrl": "https://{email}.example.com"}, "auth.apiBaseUrl"),
    ({"auth__apiBaseUrl": "https://{shard}.example.com"}, "auth.apiBaseUrl"),
    ({"auth__apiKey": {"name": "X-Key"}}, "auth.apiKey"),
    ({"auth__headers": {"Host": "x"}}, "auth.headers.Host"),
    ({"auth__headers": {"X-Key": "x", "X_Key": "y"}}, "auth.headers.X_Key"),
    ({"auth__headers": {"X-A": "${user}"}}, "auth.headers.X-A"),
    ({"auth__headers": {"X-A": "a\r\nb"}}, "auth.headers.X-A"),
    ({"auth__scopes": "read"}, "auth.scopes"),
    ({"auth__tokenParameters": {"audience": 7}}, "auth.tokenParameters.audience"),
    ({"auth__tokenParameters": {"grant_type": "password"}}, "auth.tokenParameters.grant_type"),
    ({"auth__tokenPath": "authed_user."}, "auth.tokenPath"),
    ({"auth__tokenPath": "a.b.c.d.e.f"}, "auth.tokenPath"),
    ({"auth__pkce": "no"}, "auth.pkce"),
    ({"auth__responseMode": "fragment"}, "auth.responseMode"),
    ({"auth__authorizationResponseIssParameterSupported": True}, "auth.issuer"),
    ({"auth__scopeSeparator": ";"}, "auth.scopeSeparator"),
    ({"fields__0__pattern": "("}, "fields.0.pattern"),
    ({"fields__0__pattern": "a)|(b"}, "fields.0.pattern"),
    ({"fields__0__pattern": "a" * 201}, "fields.0.pattern"),
    ({"fields__0__key": "sub domain"}, "fields.0.key"),
    ({"fields__0__secret": True}, "fields.0.secret"),
    ({"fields__1__key": "subdomain"}, "fields.1.key"),
    ({"fields__3__options": None}, "fields.3.options"),
    ({"fields__0__options": ["a"]}, "fields.0.options"),
    ({"fields__3__pattern": "[0-9]+"}, "fields.3.options"),
    ({"fields__4__pattern": "[0-9]+"}, "fields.4.pattern"),
    ({"fields__0__required": "yes"}, "fields.0.required"),
    ({"credential__token": "{apiToken}"}, "credential.token"),
    ({"credential__password": "{nothing}"}, "credential.password"),
    ({"credential__password": "{subdomain}"}, "credential.password"),
    ({"credential__password": None}, "credential"),
    ({"verification__request__method": "DELETE"}, "verification.request.method"),
    ({"verification__request__path": "me"}, "verification.request.path"),
    ({"verification__request__path": "/../me"}, "verification.request.path"),
    ({"verification__request__path": "/me?full=1"}, "verification.request.path"),
    ({"verification__request__path": "/{email}"}, "verification.request.path"),
    ({"verification__request__body": {"a": 1}}, "verification.request.body"),
    ({"verification__request__headers": {"Content-Length": "1"}}, "verification.request.headers.Content-Length"),
    ({"verification__expect__status": []}, "verification.expect.status"),
    ({"verification__expect__status": [42]}, "verification.expect.status.0"),
    ({"verification__expect__when": "user["}, "verification.expect.when"),
    ({"verification__error": "magic(@)"}, "verification.error"),
    ({"account__accountId": ""}, "account.accountId"),
    ({"inbound__scheme": "rot13"}, "inbound.scheme"),
    ({"inbound__header": None}, "inbound.header"),
    ({"inbound__signedContent": "{secret}{body}"}, "inbound.signedContent"),
    ({"inbound__signedContent": "v0"}, "inbound.signedContent"),
    ({"inbound__toleranceSeconds": 0}, "inbound.toleranceSeconds"),
    ({"supports__magic": True}, "supports.magic"),
    ({"supports__editable": "no"}, "supports.editable"),
    ({"features": "snapshots"}, "features"),
    ({"extends": [""]}, "extends.0"),
    ({"options": [OPTION | {"type": "SELECT"}]}, "options.0.type"),
    ({"options": [OPTION | {"default": 1}]}, "options.0.default"),
    ({"options": [OPTION | {"type": "INTEGER", "default": True}]}, "options.0.default"),
    ({"options": [OPTION | {"type": "STRING", "default": "a" * 256}]}, "options.0.default"),
    ({"options": [OPTION | {"key": "object lock"}]}, "options.0.key"),
    ({"options": [OPTION, OPTION]}, "options.1.key"),
    ({"options": [{"key": "a", "type": "STRING"}]}, "options.0.title"),
]


@pytest.mark.parametrize(("change", "place"), FAULTY, ids=lambda value: value if isinstance(value, str) else "")
def test_refuses_a_fault_at_its_place(change, place):
    assert place in faults_of(changed(DESK, **change))


def test_names_every_fault_in_one_answer():
    given = changed(PLAIN, name=7, colour="red", auth__type="MAGIC")

    assert faults_of(given) == ["name", "auth.type", "colour"]


def test_oauth_needs_its_addresses():
    given = changed(PLAIN, auth__type="OAUTH2")

    assert faults_of(given) == ["auth.authorizationUrl", "auth.tokenUrl"]


def test_the_catalogue_names_its_sources_and_calls_https_only():
    plain = changed(PLAIN, auth__apiBaseUrl="http://api.example.com")

    assert read_definition(plain).auth.api_base_url == "http://api.example.com"
    assert faults_of(plain, of_catalogue=True) == ["auth.apiBaseUrl"]
    assert faults_of(changed(PLAIN, source=None), of_catalogue=True) == ["source"]


def test_https_is_https_in_capitals():
    loud = changed(PLAIN, auth__apiBaseUrl="HTTPS://API.Example.com")

    assert read_definition(loud, of_catalogue=True).auth.api_base_url == "HTTPS://API.Example.com"


@pytest.mark.parametrize("given", [None, [], "text", 5, {1: 2}, {"vendor": float("nan")}])
def test_refuses_what_is_no_object_of_the_format(given):
    with pytest.raises(InvalidInput):
        read_definition(given)


def test_does_not_repeat_what_was_given():
    with pytest.raises(InvalidInput) as refused:
        read_definition(changed(PLAIN, auth__type="hunter2", name=["hunter2"]))

    assert "hunter2" not in str([fault.message for fault in refused.value.violations])
