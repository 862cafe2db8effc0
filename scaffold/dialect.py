"""A dialect: its package with one endpoint that works, its examples and tests, its member of `Source`."""

from __future__ import annotations

import keyword
import re

from scaffold.change import ROOT, Change, Refused

#: Letters alone and at most 24, as the members of `Source` are.
_NAME = re.compile(r"[a-z]{2,24}")
_RULE = "tests/harness/architecture.py"
_SOURCES = "models/vocabulary.py"
#: The folders that a test keeps free of dialects' names.
_NEUTRAL = ("commands", "hub", "jobs", "models", "proxy", "resolvers", "schema", "web", "wire")


def dialect(name: str) -> Change:
    """The dialect's files and lines. Raises Refused for a name that is bad or taken."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise Refused(f'"{name}" cannot name a dialect: give one word of 2 to 24 lower-case letters, such as gadget.')
    vendor, member = name.title(), f'    {name.upper()} = "{name.upper()}"\n'
    change = Change("dialect", {"name": name, "Vendor": vendor, "NAME": name.upper()})
    if f'"{name}"' not in (ROOT / _RULE).read_text():
        _refuse_common_word(name)
        change.put(_RULE, f'"{name}", ', before='"informer")\n')
    if member not in (ROOT / _SOURCES).read_text():
        change.put(_SOURCES, member, before='    CONSOLE = "CONSOLE"\n')
    change.tell(f"rest/{name}", f"The {vendor} dialect.", "As in `rest/donutwork`.")
    run = "The vendor's documented examples, run as tests."
    change.tell(f"rest/{name}/examples", run, "As in `rest/donutwork/examples`.")
    change.tell(f"tests/{name}", f"The {vendor} dialect over HTTP.")
    return change


def _refuse_common_word(name: str) -> None:
    """A dialect's name stands in its own folder only, so a word of the hub's own cannot be one."""
    word = re.compile(rf"(?<![a-z]){name}(?![a-z])", re.IGNORECASE)
    for file in (file for folder in _NEUTRAL for file in sorted((ROOT / folder).rglob("*.py"))):
        if word.search(file.read_text()):
            raise Refused(f'"{name}" is a word of {file.relative_to(ROOT)}: choose a name that only the vendor has.')
