"""GitBook's command line at a hub, as a developer runs it: in a folder and with a home of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.node.tools import HERE

PROGRAM = str(HERE / "node_modules" / ".bin" / "gitbook")
_SECONDS = 60


class Failed(Exception):
    """The command ended with an error, which is its output."""


@dataclass(frozen=True)
class Tail:
    """A running `tail`. Its output so far is in a file."""

    output: Path
    _hurry: Path

    @property
    def events(self) -> list[str]:
        """The lines of events so far, which begin with their status and their time."""
        return [line for line in self.output.read_text().splitlines() if line.startswith(("[success][", "[failed]["))]

    @property
    def polls(self) -> int:
        """How often it has asked for events."""
        return self.output.with_suffix(".err").read_text().count("Fetching events")

    def poll(self) -> None:
        """Ends its wait between two polls."""
        self._hurry.touch()


@dataclass(frozen=True, kw_only=True)
class GitBookCli:
    """The command line of a developer with this folder, which has `home` and `app`, and these variables."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def write_manifest(self, manifest: dict[str, object], **files: str | bytes) -> None:
        """The manifest and the files that it names, by their names with `.` as `_`: `icon_png=…`."""
        app = self.folder / "app"
        app.mkdir(exist_ok=True)
        (app / "gitbook-manifest.yaml").write_text(yaml.safe_dump(manifest))
        for name, content in files.items():
            encoded = content.encode() if isinstance(content, str) else content
            (app / name.replace("_", ".")).write_bytes(encoded)

    async def run(self, *command: str, answers: str = "", **environment: str) -> str:
        """The output. Raises Failed when the command fails."""
        done = await asyncio.to_thread(
            subprocess.run,
            [PROGRAM, *command],
            cwd=self.folder / "app",
            env=self._environment(environment),
            input=answers,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        if done.returncode != 0:
            raise Failed(done.stdout + done.stderr)
        return done.stdout

    @contextmanager
    def tail(self) -> Iterator[Tail]:
        """Runs `tail` until the block ends, as a user who then presses Ctrl-C. It polls when it is told to."""
        hurry, output = self.folder / "hurry", self.folder / "tail.out"
        environment = self._environment({"HURRY": str(hurry), "NODE_OPTIONS": f"--require {HERE / 'hasty.cjs'}"})
        with output.open("wb") as out, output.with_suffix(".err").open("wb") as errors:
            process = subprocess.Popen(
                [PROGRAM, "tail"], cwd=self.folder / "app", env=environment, stdout=out, stderr=errors
            )
        try:
            yield Tail(output, hurry)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_SECONDS)

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        """A home and a folder for temporary files of its own, and no setting of this machine's user."""
        for name in ("home", "app", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        own = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        return {"PATH": os.environ["PATH"], **self.variables, **own, **more}
