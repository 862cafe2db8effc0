"""Commands about master keys."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from commands.running import run
from models.errors import Conflict
from models.key_file import KeyFile
from models.secret import Keyring
from resolvers.caller import Caller
from resolvers.rotation.counts import count_secrets, older_than
from resolvers.rotation.mutations import complete_rotation, sealing_version
from resolvers.rotation.queries import list_keys
from resolvers.rotation.ring import add_key, find_unfinished, next_version, remove_key
from resolvers.rotation.rotate import Advance, Rotation, rotating

_NO_NEW_KEY = (
    "Every secret is sealed with the newest master key, and the hub cannot change PATCHBAY_MASTER_KEYS."
    " `keys add` prints a line: append it to that variable, restart every process of the hub, and run this again."
)


def show() -> None:
    """Print a line for each key."""
    for line in run(_describe):
        print(line)


def add(file: KeyFile | None) -> None:
    """Make a key that seals nothing yet. Prints its line if there is no key file."""
    if file is None:
        print(Keyring.generate(run(next_version)), end="")
        return
    version = run(lambda caller: add_key(caller, file))
    print(f"Master key {version} is in {file.path} and seals nothing yet. Once every machine has it: `keys rotate`.")


def rotate(file: KeyFile | None) -> None:
    """Re-seal every secret with the newest key. Exits with 1 and a line for each secret that does not open."""
    faults = run(lambda caller: _rotate(caller, file))
    if faults:
        sys.exit("\n".join(faults))


def remove(version: int, file: KeyFile | None) -> None:
    """Remove a key that no secret is sealed with."""
    removed = run(lambda caller: remove_key(caller, version, file))
    where = f"is out of {file.path}" if file and removed else "is no longer needed: delete its line where it is kept"
    print(f"Master key {version} {where}.")


async def _describe(caller: Caller) -> list[str]:
    known, counts = await list_keys(caller), await count_secrets(caller.hub)
    sealing, here = sealing_version(known), caller.hub.keyring.versions
    lines = []
    for key in known:
        state = "seals" if key.version == sealing else "opens" if key.sealing_since else "seals nothing yet"
        state = "removed" if key.removed_at else state
        used = [f"{column} {found[key.version]:,}" for column, found in counts.items() if key.version in found]
        missing = "" if key.version in here or key.removed_at else ", missing here"
        lines.append(f"{key.version} {key.fingerprint[:8]} {state}{missing}: {', '.join(used) or 'no secret'}")
    new = set(here) - {key.version for key in known}
    return lines + [
        f"{version} is new: it is recorded when a server starts, or by `rotate`" for version in sorted(new)
    ]


async def _rotate(caller: Caller, file: KeyFile | None) -> list[str]:
    """Prints the result. Answers a sentence for each fault."""
    version = await find_unfinished(caller)
    if version is None:
        if file is None:
            raise Conflict(_NO_NEW_KEY)
        version = await add_key(caller, file)
    async with rotating(caller, version) as rotation:
        counts = await count_secrets(caller.hub)
        with _bar(older_than(rotation.version, counts), "Re-sealing") as advance:
            left = await rotation.reseal(advance)
        with _bar(sum(sum(found.values()) for found in counts.values()), "Opening all") as advance:
            await rotation.check(advance)
    print(
        f"Re-sealed {rotation.resealed:,} secrets with master key {rotation.version} in {rotation.seconds:.1f} s,"
        f" {rotation.resealed / max(rotation.seconds, 0.001):,.0f} a second; opened all {rotation.checked:,}."
    )
    faults = _faults(rotation, left)
    if not faults:
        await complete_rotation(caller, version)
    return faults


def _faults(rotation: Rotation, left: int) -> list[str]:
    faults = [
        f"The {place.column} of {place.table} {place.row_id}, organization {place.organization_id}, cannot be opened."
        for place in rotation.unreadable
    ]
    if left:
        faults.append(
            f"{left} secrets were sealed with older keys meanwhile: make sure that every process has master key"
            f" {rotation.version}, and run this again."
        )
    return faults


@contextmanager
def _bar(length: int, label: str) -> Iterator[Advance]:
    """A progress bar with rows per second; on a terminal only."""
    started, done = time.monotonic(), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        bar.update(count)

    def rate(_item: object) -> str:
        return f"{done / (time.monotonic() - started):,.0f} rows/s"

    with typer.progressbar(length=length, label=label, show_pos=True, item_show_func=rate) as bar:
        yield advance
