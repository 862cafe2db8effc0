"""A change of the source tree: new files from templates, and lines put into files that list things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template

ROOT = Path(__file__).parents[1]


class Refused(Exception):
    """Nothing is written. The message says why, and what to do."""


class Change:
    """Collects texts by path and writes them at the end, so that a refusal leaves the tree as it was."""

    def __init__(self, kind: str, words: Mapping[str, str]) -> None:
        """The files of a folder of templates, each of which names its path in its first line. `words` fill them.

        Raises Refused if a path is taken, by a file, a package or a module.
        """
        self.texts: dict[str, str] = {}
        self.words = words
        for template in sorted((Path(__file__).parent / "templates" / kind).iterdir()):
            head, _, text = Template(template.read_text()).substitute(words).partition("\n")
            if head.startswith("file: "):
                self.texts[_free(head.removeprefix("file: "))] = text
            else:
                self.next_steps = text

    def put(self, path: str, text: str, *, before: str) -> None:
        """A text in front of the first `before` of a file."""
        self.edit(path, lambda whole: whole.replace(before, f"{text}{before}", 1))

    def tell(self, folder: str, contents: str, new: str = "") -> None:
        """A row for a new folder in the page on folders, after the last one of the same top that sorts below it."""
        row = f"| `{folder}` | {contents} | {new} |".replace("|  |", "| |")

        def with_row(page: str) -> str:
            lines = page.splitlines()
            same_top = [at for at, line in enumerate(lines) if line.startswith(f"| `{folder.partition('/')[0]}")]
            after = max(at for at in same_top if lines[at].split("`")[1] < folder)
            return "\n".join([*lines[: after + 1], row, *lines[after + 1 :], ""])

        self.edit("docs/where-things-are.md", with_row)

    def edit(self, path: str, edit: Callable[[str], str]) -> None:
        """A file made anew by `edit`. Raises Refused if that changes nothing, since it did not find its place."""
        text = self.texts.get(path) or (ROOT / path).read_text()
        self.texts[path] = edit(text)
        if self.texts[path] == text:
            raise Refused(f"{path} no longer has the form that scaffold/ expects: adapt scaffold/ first.")

    def write(self) -> None:
        """Put everything into the tree."""
        for path, text in self.texts.items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text)


def _free(path: str) -> str:
    place = ROOT / path
    module = place.parent if place.name == "__init__.py" else place
    for taken in (module, module.with_suffix(""), module.with_suffix(".py")):
        if taken.exists():
            raise Refused(f"{taken.relative_to(ROOT)} exists already: choose another name.")
    return path
