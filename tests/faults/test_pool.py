"""A pool of connections that is as small as it may be."""

import httpx

from models.secret import Keyring
from server import create_app
from settings import Settings
from tests.conftest import CATALOGUE
from tests.faults.conftest import PATIENCE
from tests.harness.server import PLAIN_HTTP, served


async def test_one_connection_is_enough(new_migrated_database, tmp_path):
    given = {"home": tmp_path, "master_keys": Keyring.generate(), "catalogue": CATALOGUE}
    async with new_migrated_database() as url:
        with served(create_app(Settings(database_url=url, database_pool=1, **given))) as hub:
            async with httpx.AsyncClient(base_url=hub.url, timeout=PATIENCE, **PLAIN_HTTP) as http:
                statuses = [(await http.get("/readyz")).status_code for _ in range(5)]

    assert statuses == [200] * 5
