"""A scheduler as a process of its own, which is killed before it sends a certain statement.

`python -m tests.processes.schedules.program URL KEYS HOME NOW STATEMENT`: the beginning of the statement.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path


def main():
    url, keys, home, now, statement = sys.argv[1:]
    asyncio.run(_fire(url, keys, Path(home), int(now), statement))


async def _fire(url, keys, home, now, statement):
    from sqlalchemy import event

    from settings import Settings
    from tests.schedules.planted import Scheduler

    scheduler = Scheduler(Settings(home=home, database_url=url, master_keys=keys))

    def die(_connection, _cursor, sent, *_rest):
        if sent.startswith(statement):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(scheduler.hub.database.engine.sync_engine, "before_cursor_execute", die)
    await scheduler.fire(now)
    await scheduler.close()


if __name__ == "__main__":
    main()
