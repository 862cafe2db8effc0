"""`python -m scaffold noun gadget`, `python -m scaffold dialect gadget`: write a skeleton that is green."""

import subprocess
import sys

from scaffold.change import ROOT, Refused
from scaffold.dialect import dialect
from scaffold.noun import noun

_KINDS = {"noun": noun, "dialect": dialect}


def scaffold(kind: str, name: str) -> None:
    """Write everything, or refuse and write nothing."""
    change = _KINDS[kind](name)
    change.write()
    if kind == "noun":
        _run("models.migrations", f"Add {change.words['many']}")
    files = [path for path in change.texts if path.endswith(".py")]
    _run("ruff", "check", "--quiet", "--fix-only", *files)
    _run("ruff", "format", "--quiet", *files)
    print(*("Written:", *sorted(change.texts)), sep="\n  ")
    print("Next:", change.next_steps, sep="\n", end="")


def _run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in _KINDS:
        sys.exit("Say what to write and its name: python -m scaffold noun gadget, or dialect gadget.")
    try:
        scaffold(*sys.argv[1:])
    except Refused as refused:
        sys.exit(str(refused))
