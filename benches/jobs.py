"""Jobs of the hub against procrastinate's, on one PostgreSQL, in alternating rounds. By hand; takes minutes.

    python -m venv bench && bench/bin/pip install -r requirements-dev.lock -r benches/requirements.in
    bench/bin/python benches/jobs.py [ROUNDS]

A round of a subject: 10 tasks enqueue jobs one by one, each in a transaction; two worker processes drain the
rest; then they are idle; then a job is enqueued every 20 ms, and its wait is measured from before the transaction
that enqueues it.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
WORKER = Path(__file__).with_name("jobs_worker.py")
TASKS, IDLE_SECONDS, PROBES, PROBE_SECONDS = 10, 5.0, 200, 0.02
TICKS = os.sysconf("SC_CLK_TCK")
#: name: number enqueued one by one, number drained.
SUBJECTS = {"hub": (1500, 20_000), "hub, done jobs removed": (1500, 20_000), "procrastinate": (1500, 1500)}


async def main(rounds):
    """Run the rounds and print the report."""
    from tests.harness.databases import postgresql_server

    with postgresql_server() as server:
        seen = {name: [] for name in SUBJECTS}
        for _ in range(rounds):
            for name in SUBJECTS:
                seen[name].append(await play(name, server))
                print(name, {key: round(value, 3) for key, value in seen[name][-1].items()}, flush=True)
    report(seen)


async def play(name, server):
    """One round of a subject, in its own database."""
    from benches.jobs_subjects import open_subject
    from tests.harness.databases import postgresql_database

    singles, many = SUBJECTS[name]
    async with postgresql_database(server) as url, open_subject(name, url) as subject:
        figures = await ask(subject, singles)
        await subject.ask_many(max(many - singles, 0))
        workers = [Worker(name, url) for _ in range(2)]
        figures |= drained(workers, max(many, singles))
        before = [worker.cpu() for worker in workers]
        await asyncio.sleep(IDLE_SECONDS)
        spent = sum(worker.cpu() for worker in workers) - sum(before)
        figures["idle %"] = 100 * spent / IDLE_SECONDS / 2
        for _ in range(PROBES):
            await subject.ask(time.monotonic())
            await asyncio.sleep(PROBE_SECONDS)
        await asyncio.sleep(1)
        waits = sorted(wait for worker in workers for wait in worker.stop()["waits"])
        assert len(waits) == PROBES, len(waits)
        figures["p50 ms"] = 1000 * waits[len(waits) // 2]
        figures["p99 ms"] = 1000 * waits[len(waits) * 99 // 100]
    return figures


async def ask(subject, count):
    """Enqueue jobs one by one."""

    async def some():
        for _ in range(count // TASKS):
            await subject.ask()

    began, cpu = time.monotonic(), time.process_time()
    await asyncio.gather(*(some() for _ in range(TASKS)))
    return {
        "asked/s": count / (time.monotonic() - began),
        "asking CPU µs": 1e6 * (time.process_time() - cpu) / count,
    }


def drained(workers, count):
    """Rate by the workers' notes, from the first begin to the last end."""
    deadline = time.monotonic() + 120
    while sum(worker.note()["count"] for worker in workers) < count:
        assert time.monotonic() < deadline, [worker.note() for worker in workers]
        time.sleep(0.2)
    notes = [worker.note() for worker in workers]
    seconds = max(note["last"] for note in notes) - min(note["first"] for note in notes if note["count"])
    return {"drained/s": count / seconds, "draining CPU µs": 1e6 * sum(worker.cpu() for worker in workers) / count}


class Worker:
    """A worker process, which answers each line with a note of the jobs done so far."""

    def __init__(self, name, url):
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), name, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._started = json.loads(self._process.stdout.readline())["cpu"]

    def note(self):
        self._process.stdin.write("note\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def cpu(self):
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS - self._started

    def stop(self):
        note = self.note()
        self._process.stdin.close()
        self._process.wait(30)
        return note


def report(seen):
    """Medians of the rounds, and the ratio round by round."""
    names = list(next(iter(seen.values()))[0])
    print("| | " + " | ".join(names) + " |")
    print("|---|" + "--:|" * len(names))
    for subject, rounds in seen.items():
        medians = (statistics.median(figures[name] for figures in rounds) for name in names)
        print(f"| {subject} | " + " | ".join(f"{value:,.1f}" for value in medians) + " |")
    ratios = [
        hub["drained/s"] / other["drained/s"] for hub, other in zip(seen["hub"], seen["procrastinate"], strict=True)
    ]
    print(f"\ndrained, of procrastinate: {statistics.median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
