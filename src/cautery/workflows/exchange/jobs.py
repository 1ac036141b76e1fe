"""The job of the process that reads a file of exchange; a process started with it does no other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from cautery.errors import InputError
from cautery.exchange.catalogue import NAMES, format_named
from cautery.exchange.shape import MOST_ITEMS, Assumed
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Marking, Pap, Tlp
from cautery.model.wire import from_json, to_json
from cautery.workflows.exchange.packing import packed_reading

MODULE = "cautery.workflows.exchange.jobs"
READ = "exchange"
_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_MARKING = Marking(tlp=Tlp.CLEAR, pap=Pap.CLEAR)
_SMALLEST = Package(
    id="case",
    name="a case",
    by="a partner",
    made_at=_DAY,
    marking=_MARKING,
    items=(Item(kind=ItemKind.HOST, id="a.example", by="a partner", marking=_MARKING, at=_DAY),),
)


def _read(request: Any, data: bytes) -> bytes:
    file_format, file = format_named(request["format"]), str(request["file"])
    reading = file_format.read(data, file, from_json(Assumed, request["assumed"]))
    size = len(reading.package.items) + len(reading.package.relations)
    if size > MOST_ITEMS:
        raise InputError(
            f"{file}: it has {size:,} items and relations; at most {MOST_ITEMS:,} are read",
            hint="Ask the partner for several files.",
        )
    return packed_reading(reading)


JOBS: Mapping[str, Callable[[Any, bytes], bytes]] = {READ: _read}


def warm() -> None:
    """Load what the readers would load late; a format that needs more has a ``warm`` of its own."""
    for name in NAMES:
        file_format = format_named(name)
        getattr(import_module(f"cautery.exchange.{name}"), "warm", lambda: None)()
        for attempt in (b"".join(file_format.write(_SMALLEST)), b"{}", b"[]"):
            file_format.recognises(attempt)
            request = {"format": name, "file": "a file", "assumed": to_json(Assumed(at=_DAY))}
            with contextlib.suppress(InputError):
                _read(request, attempt)
