"""A format for tests: a package as the JSON of its nouns. It is registered as ``plain``."""

from __future__ import annotations

import json
import sys
import time
from types import ModuleType

from cautery.errors import InputError
from cautery.exchange import catalogue
from cautery.exchange.loss import Loss
from cautery.exchange.shape import NOTHING, Assumed, Format, Reading
from cautery.json_text import parsed_json
from cautery.model.exchange import Package
from cautery.model.wire import from_json, to_json

NAME = "plain"


def _write(package: Package):
    yield json.dumps({"plain": to_json(package)}).encode()


def _read(raw: bytes, file: str, assumed: Assumed = NOTHING) -> Reading:
    try:
        body = parsed_json(raw)
        stated = dict(body["plain"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: no plain package") from error
    match body.get("do"):
        case "spin":
            while True:
                pass
        case "sleep":
            time.sleep(600)
        case "eat":
            b"".join(bytes(1 << 20) for _ in range(1 << 14))
        case "crash":
            raise ZeroDivisionError
    if assumed.marking is not None:
        for item in stated["items"]:
            item.setdefault("marking", to_json(assumed.marking))
    left_out = (Loss(noun="malware", field="*", count=2, altered=0, example="m-1"),)
    return Reading(
        package=from_json(Package, stated, size=1),
        left_out=left_out if body.get("malware") else (),
    )


FORMAT = Format(
    name=NAME,
    title="Plain",
    suffix=".json",
    media_type="application/json",
    write=_write,
    read=_read,
    recognises=lambda head: head.startswith(b'{"plain"'),
)


def register() -> None:
    """Make it one of the formats of this process."""
    module = ModuleType(f"cautery.exchange.{NAME}")
    module.FORMAT = FORMAT
    sys.modules[module.__name__] = module
    catalogue.NAMES = tuple(sorted({*catalogue.NAMES, NAME}))
