"""`python server.py` on a disk that fails from SIGUSR1 on: each fsync is answered with EIO, for good.

By seccomp(2), which needs no privilege: the kernel itself answers in the place of the disk.
"""

import ctypes
import errno
import os
import platform
import signal
import sys
from pathlib import Path

#: fsync, fdatasync and seccomp, by machine.
CALLS = {"x86_64": (74, 75, 317), "aarch64": (82, 83, 277)}
FAILS = "The disk fails from now on."
_NO_NEW_PRIVILEGES, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1
_LOAD, _JUMP_EQUAL, _RETURN, _ALLOW, _ERROR = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000


class Instruction(ctypes.Structure):
    """Of BPF: `struct sock_filter`."""

    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint32))


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(Instruction)))


def fail(*_signal):
    """Let every fsync of every thread fail."""
    fsync, fdatasync, seccomp = CALLS[platform.machine()]
    instructions = (Instruction * 5)(
        Instruction(_LOAD, 0, 0, 0),
        Instruction(_JUMP_EQUAL, 2, 0, fsync),
        Instruction(_JUMP_EQUAL, 1, 0, fdatasync),
        Instruction(_RETURN, 0, 0, _ALLOW),
        Instruction(_RETURN, 0, 0, _ERROR | errno.EIO),
    )
    program = Program(len(instructions), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    refused = libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(
        seccomp, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program)
    )
    print(os.strerror(ctypes.get_errno()) if refused else FAILS, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[3])
    from server import main

    signal.signal(signal.SIGUSR1, fail)
    main()
