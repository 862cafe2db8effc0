"""An organization's administrators change its name and fields."""

import pytest

from models.vocabulary import Permission
from tests.people.documents import act, audit


async def test_changes_what_was_given_and_records_old_and_new(organization):
    fields, urls = {"region": "eu", "tier": 2}, ["https://app.example.com/", "http://localhost:3000/done"]
    await act(organization.client, "updateOrganization", customFields=fields, returnUrls=urls)

    changed = await act(organization.client, "updateOrganization", name="Renamed")

    assert changed["organization"] == {"name": "Renamed", "customFields": fields, "returnUrls": urls}
    newest, older = await audit(organization.client, "organization.updated")
    assert [change["path"] for change in newest["changes"]] == ["name"]
    assert newest["changes"][0]["newValue"] == "Renamed"
    assert [change["path"] for change in older["changes"]] == ["customFields", "returnUrls"]
    assert older["changes"][1] == {"path": "returnUrls", "oldValue": [], "newValue": urls}


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com",
        "https://app.example.com.",
        "http://app.example.com/",
        "https://user@app.example.com/",
        "https://*.example.com/",
        "https://app.example.com/?next=",
        "https://app.example.com/#x",
        "https://app.example.com\\@evil.example/",
        "javascript:alert(1)/",
        "https:///path",
        "//app.example.com/",
        "https://app.example.com:port/",
        "https://ex ample.com/",
        "",
    ],
)
async def test_refuses_a_return_address_that_would_let_others_in(lasting, url):
    good = "https://app.example.com/"

    refused = await act(lasting.client, "updateOrganization", name="Changed", returnUrls=[good, url])

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "returnUrls", "1"])
    shown = await lasting.client.query("{ viewer { organization { name returnUrls } } }")
    assert shown["viewer"]["organization"]["returnUrls"] == []
    assert shown["viewer"]["organization"]["name"] != "Changed"


async def test_refuses_a_name_that_is_null(organization):
    refused = await act(organization.client, "updateOrganization", name=None)

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "name"])


async def test_asks_for_the_administrators_permission(organization):
    client = await organization.signed_in(Permission.ORGANIZATION_READ)

    refused = await act(client, "updateOrganization", name="Changed")

    assert refused["code"] == "FORBIDDEN"
    assert (await organization.client.query("{ viewer { organization { name } } }"))["viewer"]["organization"][
        "name"
    ] != "Changed"
    assert len(await audit(organization.client, "permission.refused")) == 1


async def test_lists_the_one_organization_of_a_token(organization):
    listed = await organization.client.query(
        "{ organizations { totalCount nodes { slug } } viewer { organizations { slug } } }"
    )

    assert listed["organizations"] == {"totalCount": 1, "nodes": [{"slug": organization.slug}]}
    assert listed["viewer"]["organizations"] == [{"slug": organization.slug}]
