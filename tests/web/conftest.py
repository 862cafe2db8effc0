"""Fixtures: a build of GraphiQL, and the hub that serves it, at its own path and below another one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from models.secret import Keyring
from server import create_app
from settings import Settings
from tests.harness.server import RunningHub, served

ROOT = Path(__file__).parents[2]
#: Where the hub is as well, as a proxy would put it.
BELOW = "/tools/hub"


@pytest.fixture(scope="session")
def built() -> Path:
    """Where GraphiQL has been built from the sources as they are."""
    done = subprocess.run(["make", "web"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "web" / "dist"


@pytest.fixture(scope="module")
def page_hub(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub that started after the build."""
    app = create_app(Settings(home=tmp_path_factory.mktemp("home"), master_keys=Keyring.generate()))
    routes = [Mount(BELOW, app), Mount("", app)]
    with served(Starlette(routes=routes, lifespan=app.router.lifespan_context)) as hub:
        yield hub
