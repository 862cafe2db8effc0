"""Broken and hostile documents are refused at the upload, with the place in the document; nothing is changed."""

from __future__ import annotations

import pytest

from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.openapi.documents import INFO, body, of, old, one

BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
PET = {"$ref": "#/components/schemas/Pet"}
BROKEN = {
    "no JSON": ("{", "It is not JSON: Expecting property name"),
    "no YAML": ("a: [", "It is not YAML:"),
    "a tab": ("openapi: 3.0.0\n\tinfo: x", "line 2"),
    "a list": ("[]", "It must be an object."),
    "empty": ("# nothing", "It is required."),
    "twice": ('{"openapi": "3.0.0", "openapi": "3.0.1"}', "An object has the name openapi twice"),
    "twice in YAML": ("openapi: 3.0.0\nopenapi: 3.0.1", "An object has the name openapi twice in line 2, column 1"),
    "two documents": ("a: 1\n---\nb: 2", "It has a second document in line 2"),
    "NaN": ('{"openapi": NaN}', "NaN is not a number of JSON."),
    "a long number": ('{"openapi": ' + "9" * 5000 + "}", "It has a number that is too long."),
    "deep JSON": ("[" * 100_000, "It is nested more than 200 levels deep."),
    "deep YAML": ("a: " + "[" * 300 + "]" * 300, "It is nested more than 200 levels deep"),
    "an alias of itself": ("a: &a [*a]", "The alias a names nothing before it in line 1, column 8"),
    "a bomb": (BOMB, "its aliases repeat too much"),
    "a tag of Python": ("a: !!python/object/apply:os.system ['true']", "The tag tag:yaml.org,2002:python"),
    "a list as name": ("? [a]\n: b", "A name in an object must be text in line 1"),
    "no version": ({"info": INFO, "paths": {}}, "It has neither `openapi` nor `swagger`"),
    "another version": ({"openapi": "4.0.0", "info": INFO}, "openapi: OpenAPI 3.0, OpenAPI 3.1 and Swagger 2.0"),
    "Swagger 1.2": ({"swagger": "1.2", "info": INFO}, "swagger: OpenAPI 3.0, OpenAPI 3.1 and Swagger 2.0"),
    "no title": ({"openapi": "3.0.0", "info": {}, "paths": {}}, "info › title: It is required."),
    "no paths": ({"openapi": "3.0.0", "info": INFO}, "paths: It is required."),
    "paths in a list": (of([]), "paths: It must be an object."),  # type: ignore[arg-type]
    "a path without slash": (of({"things": {}}), "paths › things: A path must begin with a slash."),
    "an operation of text": (of({"/a": {"get": "x"}}), "paths › /a › get: It must be an object."),
    "parameters in an object": (one({"parameters": {}}), "paths › /things › post › parameters: It must be a list."),
    "a parameter without a name": (
        one({"parameters": [{"in": "query"}]}),
        "paths › /things › post › parameters › 0 › name: It is required.",
    ),
    "a parameter nowhere": (
        one({"parameters": [{"name": "a", "in": "moon"}]}),
        "paths › /things › post › parameters › 0 › in: It must be path, query, header, cookie, not moon.",
    ),
    "a reference to nothing": (
        one({"parameters": [{"$ref": "#/components/parameters/a"}]}),
        "paths › /things › post › parameters › 0 › $ref: There is nothing at #/components/parameters/a.",
    ),
    "a reference to itself": (
        one(body(PET), components={"schemas": {"Pet": PET}}),
        "components › schemas › Pet › $ref: The reference leads back to itself.",
    ),
    "a schema of text": (
        one(body({"properties": {"a": "string"}})),
        "properties › a: It must be an object.",
    ),
    "a schema that is no reference": (one(body({"$ref": 5})), "A reference must be text."),
    "a body without content": (one({"requestBody": {}}), "requestBody › content: It is required."),
    "answers in a list": (one({"responses": []}), "responses: It must be an object."),
    "definitions in a list": (
        old({"/a": {"get": {"security": [{"a": ["b"]}]}}}, securityDefinitions=[]),
        "securityDefinitions: It must be an object.",
    ),
}


@both
@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_document_is_refused_with_its_place(name, importer, organization, database):
    document, message = BROKEN[name]
    upload_id = await importer.upload(document)
    before = await snapshot(database, organization.id)

    for answer in (await importer.plan_of(upload_id), await importer.take_of(upload_id)):
        assert (answer["code"], answer["path"]) == ("INVALID_INPUT", ["input", "uploadId"]), answer
        assert message in answer["violations"][0]["message"]

    assert changes(before, await snapshot(database, organization.id)) == []


async def test_an_upload_for_something_else_is_no_document(importer):
    answer = await importer.plan_of(await importer.upload(b"{}", "FILE"))

    assert (answer["code"], answer["path"]) == ("INVALID_INPUT", ["input", "uploadId"])


async def test_an_upload_that_is_none_does_not_exist(importer):
    assert (await importer.plan_of("0" * 24))["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"tags": ["pets", "moon"]}, ["input", "tags", "1"]),
        ({"pathPrefixes": ["/moon"]}, ["input", "pathPrefixes", "0"]),
        ({"operationIds": ["do", "go"]}, ["input", "operationIds", "1"]),
        ({"tags": ["x" * 256]}, ["input", "tags", "0"]),
    ],
)
async def test_a_selection_that_fits_nothing_is_refused(given, path, importer):
    answer = await importer.plan(one({"tags": ["pets"]}), **given)

    assert (answer["code"], answer["path"]) == ("INVALID_INPUT", path), answer
