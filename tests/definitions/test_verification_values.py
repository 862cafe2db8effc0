"""The answer to a probe is read as that to a dispatch; the hub needs its value."""

from __future__ import annotations

import pytest

from tests.definitions.conftest import described, save
from tests.definitions.test_verification import STATE, TOKEN, ended
from tests.harness.acting import act, integration_of
from tests.upstreams.canned import reply


@pytest.mark.parametrize(
    ("body", "content_type", "state"),
    [
        (b'{"ok":true}', "application/json; charset=ISO-8859-1", "LIVE"),
        (b'\xef\xbb\xbf{"ok":true,"more":[12345678901234567890123]}', "text/javascript", "LIVE"),
        (b'{"ok":true}', "", "LIVE"),
        (b'{"ok":true,"n":NaN}', "application/json", "NEW"),
        (b'{"ok":true,"n":1e400}', "application/json", "NEW"),
    ],
)
async def test_reads_an_answer_as_a_dispatch_does_and_needs_its_value(
    organization, vendor, body, content_type, state
):
    await save(organization.client, "vendor", described(vendor))
    given = {"name": "Shop", "vendor": "vendor", "secret": {"bearerToken": TOKEN}}
    made = await act(organization.client, "createIntegration", given)
    vendor.faults.answers[f"{vendor.base}/me"] = reply(body, content_type)

    await ended(organization.client, made["id"])

    assert (await integration_of(organization.client, STATE, id=made["id"]))["state"] == state
