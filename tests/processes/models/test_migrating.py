"""Processes that migrate one database at the same time."""

from tempfile import TemporaryFile

from models.migrations import current
from models.revision import revisions
from models.secret import Keyring
from tests.harness.backends import both
from tests.harness.server import child_environment


@both
async def test_starts_at_the_same_time_do_not_collide(empty_database, fork, tmp_path):
    url = empty_database.url.render_as_string(hide_password=False)
    environment = child_environment(home=tmp_path, database_url=url, master_keys=Keyring.generate())

    with TemporaryFile() as output:
        children = [fork(["cli.py", "migrate"], environment, output, output) for _ in range(3)]
        codes = [child.wait(60) for child in children]
        output.seek(0)
        said = output.read().decode()

    assert codes == [0, 0, 0], said
    assert await current(empty_database) == revisions()[-1]
