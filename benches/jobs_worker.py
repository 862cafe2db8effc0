"""A worker process of `benches/jobs.py`: answers each line on stdin with a note; ends with its stdin."""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


async def main(name, url):
    """Run jobs, and answer each line with a note."""
    from benches.jobs_subjects import noting, work

    note, noted = noting()
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    print(json.dumps({"cpu": time.process_time()}), flush=True)

    def answer():
        for _ in sys.stdin:
            print(json.dumps(noted), flush=True)
        loop.call_soon_threadsafe(told.set)

    threading.Thread(target=answer, daemon=True).start()
    await work(name, url, note, told)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
