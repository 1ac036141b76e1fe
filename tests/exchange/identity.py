"""A format for tests that keeps everything: the package as plain JSON; and one that forgets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import pytest

from cautery.canonical import canonical
from cautery.exchange import catalogue
from cautery.exchange.shape import Format, Reading
from cautery.json_text import parsed_json
from cautery.model import from_json, to_json
from cautery.model.exchange import Package

HEAD = b'{"by":'


def write(package: Package) -> Iterator[bytes]:
    """Yield the package as JSON."""
    yield canonical(to_json(package))


def read(raw: bytes, file: str, assumed: object = None) -> Reading:
    """Return the package in such a file."""
    del file, assumed
    return Reading(package=from_json(Package, parsed_json(raw)))


FORMAT = Format(
    name="identity",
    title="the package itself",
    suffix=".json",
    media_type="application/json",
    write=write,
    read=read,
    recognises=lambda head: head.startswith(HEAD),
)


def _without_orders(package: Package) -> Iterator[bytes]:
    items = tuple(replace(item, order=None, text="") for item in package.items)
    keys = {item.key for item in items}
    links = tuple(link for link in package.relations if {link.source, link.target} <= keys)
    yield from write(replace(package, items=items, relations=links))


FORGETFUL = replace(
    FORMAT,
    name="forgetful",
    write=_without_orders,
    foreseen={("*", "text"): "it has no place for words"},
    consumers={"SomeTool": "drops relations"},
)


def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``--to identity`` and ``--to forgetful`` be formats like the others."""
    for format_ in (FORMAT, FORGETFUL):
        module = ModuleType(f"cautery.exchange.{format_.name}")
        module.FORMAT = format_  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(catalogue, "NAMES", (*catalogue.NAMES, "identity", "forgetful"))
