"""A noun: table, room, module of the graph, tests, and its places in the lists that name every noun."""

from __future__ import annotations

import builtins
import keyword
import re

from scaffold.change import ROOT, Change, Refused

#: Letters alone, since global ids hold the type's name; short, since the names of indexes are made of it.
_NAME = re.compile(r"(?=.{2,24}$)[a-z]+(_[a-z]+)*")
_TOP_ROOMS = re.compile(r'(?<=exhaustive = true\nlayers = \[\n    ")[^"]*')


def noun(name: str) -> Change:
    """The noun's files and lines. Raises Refused for a name that is bad or taken."""
    words = _words(name)
    kind, many = words["Noun"], words["nouns"]
    _refuse_taken(name, kind, words["roots"])
    change = Change("noun", words)
    change.tell(f"resolvers/{many}", f"{words['Many']}.")
    change.edit("pyproject.toml", lambda text: _TOP_ROOMS.sub(lambda found: _with(found[0], many), text))
    # Imports stand anywhere: they are sorted afterwards.
    change.put("models/tables.py", f"from models.{name} import {kind} as {kind}\n", before="from sqlmodel")
    change.put("schema/build.py", f'    "{name}",\n', before='    "nodes",\n')
    made = f'    "{name}": (create_{name}, lambda name: Create{kind}(name=name)),\n'
    change.put("tests/harness/things.py", made, before="}\n")
    imported = f"from resolvers.{many}.mutations import Create{kind}, create_{name}\n"
    change.put("tests/harness/things.py", imported, before="from resolvers")
    shape = f'    **dict.fromkeys(("create{kind}", "update{kind}"), ("{kind}Payload", "{_camel(name)}")),\n'
    change.put("tests/harness/acting.py", shape, before='    "createToken": (')
    for path, table in (("tests/kit/themes.py", "CALLS"), ("tests/kit/roots.py", "ROOTS")):
        change.put(path, f"from tests.kit import {many}\n", before="from tests.kit import")
        change.put(path, f"    **{many}.{table},\n", before=f"    **people.{table},\n")
    return change


def _words(name: str) -> dict[str, str]:
    """A name in every spelling that the templates need."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or hasattr(builtins, name):
        raise Refused(
            f'"{name}" cannot name a noun: give a singular of 2 to 24 lower-case letters, its words parted by "_",'
            " that is no word of Python's, such as gadget or price_list."
        )
    many = _plural(name)
    article, spaced = "an" if name[0] in "aeio" else "a", many.replace("_", " ")
    return {
        "noun": name, "words": name.replace("_", " "), "Noun": name.title().replace("_", ""),
        "nouns": many, "many": spaced, "Many": spaced.capitalize(), "roots": _camel(many),
        "a": article, "A": article.capitalize(),
        "tablename": f'    __tablename__ = "{name}"\n' if "_" in name else "",
    }  # fmt: skip


def _plural(name: str) -> str:
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if re.search(r"(s|x|z|ch|sh)$", name) else f"{name}s"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


def _with(rooms: str, room: str) -> str:
    return " | ".join(sorted([room, *rooms.split(" | ")]))


def _refuse_taken(name: str, kind: str, roots: str) -> None:
    """By a type or root field of the graph, a table, or an import of the templates."""
    graph = (ROOT / "schema/schema.graphql").read_text()
    sources = [ROOT / "models/tables.py", *(ROOT / "scaffold/templates/noun").iterdir()]
    imports = "\n".join(names for file in sources for names in re.findall(r" import (.+)", file.read_text()))
    if re.search(rf"^\w+ {kind}\b|^  {roots}\b", graph, re.MULTILINE) or re.search(rf"\b({name}|{kind})\b", imports):
        raise Refused(f"{kind} or {roots} is a name of the hub already: choose another name.")
