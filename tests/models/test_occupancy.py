"""Whether a process is alone on its database."""

from sqlalchemy import make_url

from models.occupancy import occupied
from tests.harness.backends import on_postgresql
from tests.harness.databases import opened
from tests.harness.proxy import DatabaseProxy
from tests.harness.waiting import eventually


@on_postgresql
async def test_a_process_counts_again_after_its_database_was_away(empty_database):
    """So that one that starts later does not settle the calls of this one."""

    async def alone():
        async with occupied(empty_database) as alone:
            return alone

    async def counted():
        return not await alone()

    direct = empty_database.url.render_as_string(hide_password=False)
    with DatabaseProxy(make_url(direct)) as proxy:
        async with opened(proxy.url) as database, occupied(database, look_seconds=0.05):
            at_first = await counted()
            proxy.refuse()
            forgotten = await eventually(alone)
            proxy.answer()
            again = await eventually(counted)

    assert (at_first, forgotten, again) == (True, True, True)
