"""A program started by a fork behaves like one started by the interpreter."""

import os
import signal
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.harness.programs import execute, forking

PROGRAM = """
import atexit, os, signal, sys, threading

if "wait" in sys.argv:
    print("waits", flush=True)
    signal.pause()
atexit.register(print, "the end")
print(__name__, sys.argv, sys.path[0], os.getcwd(), sorted(os.environ.items()), os.path.basename(__file__))
print(threading.active_count(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGCHLD), sys.stdin.read())
print(sorted(int(one) for one in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{one}")))
sys.exit("why" if "fail" in sys.argv else None)
"""
ENVIRONMENT = {"PATH": os.environ["PATH"], "PATCHBAY_HOME": "there", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A file that says all that it is."""
    (tmp_path / "program.py").write_text(PROGRAM)
    return str(tmp_path / "program.py")


def run(start, *command):
    with TemporaryFile() as out, TemporaryFile() as err:
        code = start([*command], ENVIRONMENT, out, err).wait(60)
        out.seek(0)
        err.seek(0)
        return code, out.read().decode(), err.read().decode()


@pytest.mark.parametrize("arguments", [[], ["fail", "ü"]], ids=["ends", "fails"])
def test_a_fork_is_what_the_interpreter_would_start(fork, program, arguments):
    assert run(fork, program, *arguments) == run(execute, program, *arguments)


def test_a_module_has_its_arguments_and_its_place(fork):
    assert run(fork, "-m", "settings") == run(execute, "-m", "settings")


def test_forks_run_beside_each_other_and_end_by_themselves(fork, program):
    with TemporaryFile() as out, TemporaryFile() as err:
        first, second = (fork([program, "wait"], ENVIRONMENT, out, err) for _ in range(2))

        first.kill()

        assert first.wait(60) == first.poll() == -signal.SIGKILL
        assert second.poll() is None
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == -signal.SIGTERM
        assert {first.pid, second.pid}.isdisjoint({os.getpid(), 0})


def test_what_still_runs_ends_with_the_one_that_forks(program):
    with TemporaryFile() as out, TemporaryFile() as err, forking(ENVIRONMENT, modules=()) as start:
        left = start([program, "wait"], ENVIRONMENT, out, err)

    assert left.wait(60) == -signal.SIGKILL


def test_a_fork_has_imported_the_hub_and_started_nothing_of_it(fork, tmp_path):
    (tmp_path / "program.py").write_text("import sys, threading; print(threading.active_count(), *sys.modules)")

    code, out, _ = run(fork, str(tmp_path / "program.py"))

    count, *modules = out.split()
    assert (code, count) == (0, "1")
    assert {"cli", "server", "worker"} <= {*modules}
