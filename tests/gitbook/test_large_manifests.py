"""Large manifests: they are read only of those who may publish, and refused before costly work."""

from __future__ import annotations

from models.row import new_id
from models.vocabulary import Permission
from tests.gitbook.conftest import GitBook, World, manifest, refused


async def test_a_long_body_is_read_only_of_those_who_may_publish(world: World):
    name, body = f"app-{new_id()}", manifest(world.tenant, script="x" * 1_100_000)
    reader = GitBook(world.client.http, await world.tenant.issue(Permission.INTEGRATIONS_READ))

    refused(await reader("POST", f"/integrations/{name}", manifest(world.tenant)), 403)
    refused(await reader("POST", f"/integrations/{name}", body), 413)

    await world.client.ok("POST", f"/integrations/{name}", body)


async def test_a_picture_that_is_too_long_is_refused_unread(world: World):
    blanks, most = "A " * 1_100_000, 1_048_576

    said = refused(
        await world.client("POST", f"/integrations/app-{new_id()}", manifest(world.tenant, icon=blanks)), 400
    )

    assert said == f"icon: It has more than the {most} bytes that are allowed."
