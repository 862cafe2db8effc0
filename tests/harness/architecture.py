"""The rules of the house as functions of a file's path and text; each yields its violations by line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# Ceilings; what is wanted is 200, 20 and 2.
FILE_LINES = 300
FUNCTION_LINES = 40
NESTING = 3

#: The only places that may catch everything: loops that must go on whatever one round of them met.
RUN_LOOPS: frozenset[str] = frozenset(
    {
        *("jobs/bus.py", "jobs/heartbeat.py", "jobs/worker.py"),
        *("models/writer.py", "resolvers/recorder/group.py", "resolvers/rotation/following.py", "rest/kit/face.py"),
    }
)

#: The only places that open sessions and commit.
TRANSACTIONS = ("models/database.py", "resolvers/operation.py", "resolvers/loaders/")

#: The only places that act in the operator's name.
_OPERATORS = ("commands/", "demo/")
#: The folders that serve every dialect alike. Dialects live in `rest/`.
_NEUTRAL = ("commands/", "hub/", "jobs/", "models/", "proxy/", "resolvers/", "schema/", "web/", "wire/")
_DIALECTS = ("celigo", "cycle", "donutwork", "gitbook", "informer")
#: A dialect's name as a whole word or as a part of an identifier; a life cycle is none.
_DIALECT = re.compile(rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?<!(?i:life)[-_ ])(?i:{'|'.join(_DIALECTS)})(?![a-z])")
#: The members of `Source` name the face of a call. They are part of the graph and stand in the database.
_SOURCE = re.compile(r'^    ([A-Z]+) = "\1"$')
_VAGUE = {"Manager", "Service", "Helper", "Helpers", "Util", "Utils", "Common", "Base"}
_MACHINE_PATH = re.compile(r"(?<![\w.}~-])/(?:work|tmp|root|opt|Users)/\w")
#: Words that a docstring may add to its name without saying anything.
_LINKS = (
    "a all an and any are as at be by each every for from in into is it its of on one or per than that the "
    "their these this to which with"
)
#: A docstring of this many letters is taken to say something.
_SAYS_ENOUGH = 45
_ONLY_REFERS = re.compile(r"See `?[\w.]+`?\.?")
_ENDING = re.compile(r"(?<=\w{3})(?:ies|y|e?s|ing|ed|e)$")
_IN_PROCESS = {"ASGITransport", "TestClient", "unittest.mock"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Block = ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.Match


def too_long_a_file(path: str, text: str) -> Iterator[str]:
    """Past the ceiling a file is split by theme."""
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{path} has {lines} lines"


def too_long_a_function(path: str, text: str) -> Iterator[str]:
    """Counted from `def` to the last line, without decorators."""
    for function in _functions(text):
        lines = (function.end_lineno or 0) - function.lineno + 1
        if lines > FUNCTION_LINES:
            yield f"{path}:{function.lineno} {function.name} has {lines} lines"


def too_deep(path: str, text: str) -> Iterator[str]:
    """Branches and loops inside branches and loops; `elif` and `with` add nothing."""
    for function in _functions(text):
        depth = max(map(_depth, function.body))
        if depth > NESTING:
            yield f"{path}:{function.lineno} {function.name} is nested {depth} deep"


def reads_the_environment(path: str, text: str) -> Iterator[str]:
    """`settings.py` alone reads variables; everything else is handed what it needs."""
    for node in ast.walk(ast.parse(text)):
        read = isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
        taken = isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & _names(node)
        if path != "settings.py" and (read or taken):
            yield f"{path}:{node.lineno} reads the environment"


def catches_everything(path: str, text: str) -> Iterator[str]:
    """A handler of Exception, BaseException or nothing named stands in the run loops only."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler) and path not in RUN_LOOPS and _is_broad(node.type):
            yield f"{path}:{node.lineno} catches everything"


def opens_a_transaction(path: str, text: str) -> Iterator[str]:
    """`AsyncSession(…)` and `.commit()` belong to the one door and to what stands in for it."""
    if path.startswith(TRANSACTIONS):
        return
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        name = _last_name(call.func)
        if name in {"AsyncSession", "async_sessionmaker"} or (
            name == "commit" and isinstance(call.func, ast.Attribute)
        ):
            yield f"{path}:{call.lineno} calls {name}"


def signs_as_the_operator(path: str, text: str) -> Iterator[str]:
    """Only commands and the demo act as the operator; the hub's own work is signed by `Caller.of_hub`."""
    if path.startswith(_OPERATORS):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "Caller.operator":
            yield f"{path}:{node.lineno} signs as the operator"


def imports_strawberry(path: str, text: str) -> Iterator[str]:
    """Strawberry lives in `schema/` and nowhere else, the modules that wire included."""
    for line, module in _imports(text):
        if module.split(".")[0] == "strawberry" and not path.startswith("schema/"):
            yield f"{path}:{line} imports strawberry"


def names_a_dialect(path: str, text: str) -> Iterator[str]:
    """A dialect's word stays in its folder of `rest/`: what only one dialect needs is a neutral parameter."""
    for number, line in enumerate(text.splitlines() if path.startswith(_NEUTRAL) else (), 1):
        is_source = path == "models/vocabulary.py" and _SOURCE.match(line)
        for name in () if is_source else _DIALECT.findall(line):
            yield f"{path}:{number} names {name}"


def fakes_what_is_ours(path: str, text: str) -> Iterator[str]:
    """Tests go over sockets to the real thing: no mocks, no ASGI without a wire."""
    for node in ast.walk(ast.parse(text)):
        names = _names(node) | {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
        names |= _names(node) if isinstance(node, ast.Import) else set()
        for name in sorted(names & _IN_PROCESS) or (["mock"] if "mock" in names else []):
            yield f"{path}:{node.lineno} imports {name}"


def lacks_a_docstring(path: str, text: str) -> Iterator[str]:
    """Every module says its purpose; every public class and function its promise, unless its decorator does."""
    module = ast.parse(text)
    if module.body and not ast.get_docstring(module):
        yield f"{path} has no docstring"
    for node in module.body if not path.startswith("tests/") else []:
        public = isinstance(node, ast.ClassDef | _Function) and not node.name.startswith("_")
        if public and not ast.get_docstring(node) and not any(map(_describes, node.decorator_list)):
            yield f"{path}:{node.lineno} {node.name} has no docstring"


def has_an_empty_docstring(path: str, text: str) -> Iterator[str]:
    """A docstring that only refers to another, or that repeats the words of its name, is left out."""
    for line, name, docstring in _docstrings(ast.parse(text), ""):
        repeats = len(docstring) < _SAYS_ENOUGH and _words(docstring) <= _words(name) | _LINK_STEMS
        if repeats or _ONLY_REFERS.fullmatch(docstring):
            yield f"{path}:{line} {name} has a docstring that says nothing"


def has_a_vague_name(path: str, text: str) -> Iterator[str]:
    """A name that fits anything says nothing."""
    classes = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    for name in [*classes, *(part.title() for part in Path(path).with_suffix("").parts)]:
        vague = _VAGUE & set(re.findall(r"[A-Z][a-z0-9]*", name))
        if vague:
            yield f"{path} names something {vague.pop()}"


def names_a_place_of_this_machine(path: str, text: str) -> Iterator[str]:
    """The repository runs on any machine, so no file names a directory of one."""
    for number, line in enumerate(text.splitlines(), 1):
        if _MACHINE_PATH.search(line):
            yield f"{path}:{number} names a directory of one machine"


def names_a_host_in_a_lock(path: str, text: str) -> Iterator[str]:
    """A lock holds names, versions and hashes; where from is the installer's affair."""
    for number, line in enumerate(text.splitlines(), 1):
        if "://" in line or line.startswith(("-", "--")):
            yield f"{path}:{number} names a place to install from"


def pins(lock: str) -> set[str]:
    """The `name==version` members of a lock."""
    return set(re.findall(r"^([\w.\[\]-]+==[^\s;\\]+)", lock, re.MULTILINE))


def _functions(text: str) -> Iterator[_Function]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, _Function))


def _describes(decorator: ast.expr) -> bool:
    # `view(kind, "…")` and `strawberry.input(description="…")` print their text into the SDL.
    if not isinstance(decorator, ast.Call):
        return False
    return _last_name(decorator.func) == "view" or any(keyword.arg == "description" for keyword in decorator.keywords)


def _docstrings(node: ast.AST, within: str) -> Iterator[tuple[int, str, str]]:
    for child in ast.iter_child_nodes(node):
        name = within
        if isinstance(child, ast.ClassDef | _Function):
            name = f"{within}.{child.name}" if within else child.name
            docstring = ast.get_docstring(child)
            if docstring is not None:
                yield child.lineno, name, docstring
        yield from _docstrings(child, name)


def _words(text: str) -> set[str]:
    """Stems of the words of a sentence or of a name in either case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).replace("_", " ")
    return {_ENDING.sub("", word) for word in re.findall(r"[a-z0-9]+", spaced.lower())}


_LINK_STEMS = _words(_LINKS)


def _depth(node: ast.AST) -> int:
    if isinstance(node, _Function | ast.ClassDef | ast.Lambda):
        return 0  # counted by itself
    below = 0
    for field, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        is_elif = (
            field == "orelse" and isinstance(node, ast.If) and len(children) == 1 and isinstance(children[0], ast.If)
        )
        deepest = max((_depth(child) for child in children if isinstance(child, ast.AST)), default=0)
        below = max(below, deepest - is_elif)
    return below + isinstance(node, _Block)


def _is_broad(caught: ast.expr | None) -> bool:
    members = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(member is None or _last_name(member) in {"Exception", "BaseException"} for member in members)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _names(node: ast.Import | ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def _imports(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or ""
