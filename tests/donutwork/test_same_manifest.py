"""A manifest that is declared again as it is changes nothing, and any other one does."""

from __future__ import annotations

from tests.donutwork.test_manifest import action
from tests.harness.apps import Apps
from tests.harness.rows import changes, snapshot


async def test_the_same_manifest_again_changes_nothing(donut, apps: Apps):
    declaring = donut(await apps.token(await apps.make("My Shop")))
    same = {"app_token": "abc-123-def-456", "capabilities": [action("A"), action("B")], "events": ["MY_SHOP.SOLD"]}
    await declaring.ok("PUT", "/integrations.json", same)
    before = await snapshot(apps.database, apps.tenant.id)

    await declaring.ok("PUT", "/integrations.json", same)
    again = await snapshot(apps.database, apps.tenant.id)
    await declaring.ok("PUT", "/integrations.json", same | {"capabilities": [action("B"), action("A")]})
    turned = await snapshot(apps.database, apps.tenant.id)
    await declaring.ok("PUT", "/integrations.json", same | {"app_token": "another-456"})

    assert changes(before, again) == []
    assert {"+ audit_entry", "~ integration.version", "~ capability.position"} <= set(changes(again, turned))
    renewed = changes(turned, await snapshot(apps.database, apps.tenant.id))
    assert {"+ audit_entry", "~ integration.version", "~ connection.secret_version"} <= set(renewed)
