"""Jobs that a reader of hostile bytes might turn into; started beside the real ones."""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_escapes = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("_escapes.py"))))


def _spin(_: Any, __: bytes) -> bytes:
    while True:
        pass


def _eat(_: Any, __: bytes) -> bytes:
    return b"".join(bytes(1 << 20) for _ in range(1 << 14))


def _deep(_: Any, __: bytes) -> bytes:
    return _deep(None, b"")


def _say(_: Any, data: bytes) -> bytes:
    """Write an answer of the bytes' own choice, and wait."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    time.sleep(600)
    return b""


def _escape(asked: Any, _: bytes) -> bytes:
    return json.dumps(_escapes.attempt(asked)).encode()


JOBS = {
    "spin": _spin,
    "eat": _eat,
    "deep": _deep,
    "say": _say,
    "die": lambda _, __: os._exit(3),
    "wait": lambda _, __: time.sleep(600),
    "echo": lambda _, data: data,
    "environment": lambda _, __: json.dumps(dict(os.environ)).encode(),
    "escape": _escape,
}


def warm() -> None:
    """Load nothing more; be an ordinary user, as which an attack would run."""
    if os.getuid() == 0:
        _escapes.become_ordinary()
