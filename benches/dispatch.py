"""Dispatch against a plain service, in one run: `python benches/dispatch.py --help`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from case import ACTION, BODY, HANDLER
from databases import databases
from measured import start_hub
from processes import HERE, Program, free_port
from subject import Round, Subject, run_round
from table import table

ROOT = HERE.parent
_WARM_SECONDS = 2.0
Rounds = dict[str, list[Round]]


def main() -> None:
    """Measure and print. Ends every process that it started."""
    given = _arguments()
    found: dict[str, Rounds] = {}
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-", dir=given.directory) as name, ExitStack() as stack:
        work = Path(name)
        upstream = free_port()
        program = Program("upstream", "upstream.py", upstream, log=work)
        stack.callback(program.end)
        program.wait_until_it_listens(upstream)
        for kind in given.databases.split(","):
            found[kind] = _measure(kind, work, upstream, given)
            print(table(kind, found[kind]), flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1, default=dataclasses.asdict) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, with commas between")
    parser.add_argument("--rounds", type=int, default=7, help="of each subject, interleaved")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round")
    parser.add_argument("--against", type=Path, help="another checkout of the hub, measured in the same run")
    parser.add_argument("--directory", type=Path, help="folder for the databases; choose the disk to measure")
    parser.add_argument("--json", type=Path, help="file for every round's figures")
    return parser.parse_args()


def _measure(kind: str, work: Path, upstream: int, given: argparse.Namespace) -> Rounds:
    """Start every subject on its own database, and measure them in turns."""
    home = work / kind
    home.mkdir()
    with ExitStack() as stack:
        store = stack.enter_context(databases(kind, home))
        subjects = [
            _start_plain(stack, home, "plain", store.make("plain"), upstream),
            _start_plain(stack, home, "plain, validator once", store.make("once"), upstream, "--validator-once"),
        ]
        checkouts = {"hub": ROOT} | ({"before": given.against.resolve()} if given.against else {})
        for label, root in checkouts.items():
            subjects += start_hub(
                stack, root, home / label, label=label, database=store.make(f"{label}_db"), upstream=upstream
            )
        rounds = _take_turns(subjects, given, store.pid)
        _check_recorded(subjects, rounds, store.recorded)
    return rounds


def _take_turns(subjects: Sequence[Subject], given: argparse.Namespace, database_pid: int | None) -> Rounds:
    for subject in subjects:
        run_round(subject, _WARM_SECONDS, database_pid)
    rounds: Rounds = {subject.name: [] for subject in subjects}
    for number in range(given.rounds):
        for subject in subjects if number % 2 else reversed(subjects):  # drift affects all alike
            rounds[subject.name].append(run_round(subject, given.seconds, database_pid))
    return rounds


def _check_recorded(subjects: Sequence[Subject], rounds: Rounds, recorded: Callable[[str], int]) -> None:
    answered: Counter[str] = Counter()
    for subject in subjects:
        answered[subject.database] += sum(one.calls for one in rounds[subject.name])
    for url, calls in answered.items():
        if recorded(url) < calls:
            raise RuntimeError(f"{url} has {recorded(url)} records of {calls} calls.")


def _start_plain(stack: ExitStack, home: Path, name: str, database: str, upstream: int, *options: str) -> Subject:
    port, token = free_port(), secrets.token_hex(32)
    remote = f"http://127.0.0.1:{upstream}"
    given = ("--port", port, "--database", database, "--upstream", remote, "--token", token)
    program = Program(name, "plain.py", *given, *options, log=home)
    stack.callback(program.end)
    program.wait_until_it_listens(port)
    return Subject(
        name=name,
        url=f"http://127.0.0.1:{port}/{HANDLER}/{ACTION}",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        body=BODY.decode(),
        marker='"SUCCEEDED"',
        pid=program.pid,
        database=database,
    )


if __name__ == "__main__":
    main()
