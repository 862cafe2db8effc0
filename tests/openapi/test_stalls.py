"""A document of a thousand operations is planned and imported beside other calls: the event loop does not stop."""

from __future__ import annotations

import orjson

from tests.harness.backends import both
from tests.harness.stalls import Stalls
from tests.openapi.documents import many

_LONGEST_SECONDS = 0.05


@both
async def test_the_event_loop_goes_on_while_a_thousand_operations_are_imported(importer, hub):
    upload_id = await importer.upload(orjson.dumps(many(1000)))
    stalls = Stalls()
    await hub.run(stalls.__aenter__())
    try:
        planned = await importer.plan_of(upload_id)
        imported = await importer.take_of(upload_id, planDigest=planned["digest"])
        again = await importer.plan_of(upload_id)
    finally:
        await hub.run(stalls.__aexit__())

    assert imported["__typename"] == "IntegrationPayload", imported
    assert len(planned["changes"]) == 1000
    assert {one["kind"] for one in again["changes"]} == {"UNCHANGED"}
    assert stalls.count > 100
    assert stalls.longest < _LONGEST_SECONDS
