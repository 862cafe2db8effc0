"""The examples that stand beside the dialect are true."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from models.row import new_id
from models.vocabulary import PlaceKind
from tests.gitbook.conftest import World
from tests.gitbook.test_publishing import BLOCK
from tests.rest.examples import examples, files, run

FILES = files("gitbook")


def test_there_are_examples():
    assert [file.stem for file in FILES] == ["reference", "refuse"]


async def furnished(world: World) -> dict[str, str]:
    """The variables of the examples: an app that is installed, and a space and a site."""
    app = await world.publish(blocks=[BLOCK], scopes=["site:script:inject"])
    installation = await world.install(app["name"])
    return {
        "base": world.hub.url,
        "token": world.tenant.token,
        "organization": world.tenant.id,
        "slug": world.tenant.slug,
        "new_name": f"weather-{new_id()}",
        "name": app["name"],
        "installation": installation["id"],
        "space": await world.place(PlaceKind.SPACE),
        "site": await world.place(PlaceKind.SITE),
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_examples_are_answered_as_written(file: Path, world: World, http: httpx.AsyncClient):
    variables = await furnished(world)

    found = list(examples(file, variables))
    for example in found:
        await run(example, http)

    assert len(found) > 1
