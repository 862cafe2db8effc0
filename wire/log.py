"""Log lines: one line for each event, even if its text has line breaks."""

from __future__ import annotations

import logging
import sys
import time
from typing import Final

_ESCAPES: Final = {
    **{code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))},
    **{
        code: f"\\u{code:04x}"
        for code in (0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
    },
    0x0A: "\\n",
    0x0D: "\\r",
    0x09: "\\t",
}


class OneLineFormatter(logging.Formatter):
    """Time in UTC, level, logger, message; control and direction-changing characters escaped.

    A traceback is kept, its lines joined by `\\n` as text.
    """

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line without a line break."""
        return super().format(record).translate(_ESCAPES)


def log_to_stderr(level: str) -> None:
    """Send every logger of the process to stderr in this form; requests are not logged one by one."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLineFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)  # the hub logs migrations itself
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log addresses with their query
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
        logger.setLevel(logging.WARNING)  # the hub logs itself when it serves and stops
