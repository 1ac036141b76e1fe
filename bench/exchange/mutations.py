"""Each field of each noun dropped or altered in turn, in the package and in the written file.

Run: ``python bench/exchange/mutations.py [--format NAME ...] [--list]``.

In the package: a field of an item, a relation or the package is altered, or dropped where it may be
missing. The writer or the reader refuses, or what is read again is equal, or the loss report names
the field; else it is lost in silence. That the two packages are equal is asked field by field here,
and not of the code that makes the report.

In the file: each member of each JSON object, or each cell, is dropped or altered. The reader
refuses, or what it reads differs (and a comparison says so), or it counts something as left out;
or the member is *redundant*, and stands in :data:`REDUNDANT` with the reason; else it is lost in
silence. ``--list`` names what was told in the package, what is redundant and what is silent. Exit
status 1: something is silent.
"""

from __future__ import annotations

import argparse
import copy
import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import python_calamine
import xlsxwriter

from cautery.errors import InputError
from cautery.exchange.catalogue import NAMES, format_named
from cautery.exchange.loss import losses
from cautery.exchange.shape import Format
from cautery.model.exchange import Interval, Item, ItemKey, Package
from cautery.model.marking import HandlingCode, Marking
from worlds import full_package

_PACKAGE = full_package()
PLACES = ("package", "file")
REDUNDANT = {
    ("stix", "bundle: id"): "made of the case's id and time; STIX gives a bundle no identity",
    ("opencti", "bundle: id"): "made of the case's id and time; STIX gives a bundle no identity",
    ("misp", ": Event.Attribute"): "an empty list: all that Cautery writes stands in objects",
}
"""Members of a file that say nothing, by format and place, and why."""
_WITHIN = (Marking, Interval)
_ALIKE = 2
"""Members of one name in objects of one type that are altered; further ones would say the same."""


def main() -> None:
    """Print a line for each format and way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--format", nargs="*", choices=NAMES, default=NAMES)
    parser.add_argument("--where", nargs="*", choices=PLACES, default=PLACES)
    parser.add_argument("--list", action="store_true", help="Name what is not equal.")
    asked = parser.parse_args()
    print("| format | where | mutations | equal again | told | refused | redundant | in silence |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    silent = 0
    for name in asked.format:
        exchange = format_named(name)
        for where in asked.where:
            ask, shown = (_of_package, "told") if where == "package" else (_of_file, "redundant")
            outcomes = list(ask(exchange))
            count = Counter(outcome for _, outcome in outcomes)
            silent += count["in silence"]
            _row(name, where, count)
            named = {place for place, outcome in outcomes if outcome in (shown, "in silence")}
            for place in sorted(named) if asked.list else ():
                print(f"    {shown}, or in silence: {place}")
    sys.exit(1 if silent else 0)


def _row(name: str, where: str, count: Counter[str]) -> None:
    print(
        f"| {name} | {where} | {count.total():,} | {count['equal']:,} | {count['told']:,} | "
        f"{count['refused']:,} | {count['redundant']:,} | {count['in silence']:,} |",
        flush=True,
    )


def _of_package(exchange: Format) -> Iterator[tuple[str, str]]:
    for place, package in _packages():
        try:
            after = exchange.read(b"".join(exchange.write(package)), "x").package
        except InputError:
            yield place, "refused"
            continue
        if _plain(after) == _plain(package):
            yield place, "equal"
        else:
            told = losses(package, after)
            yield place, "told" if told else "in silence"


def _plain(value: Any) -> Any:
    """Return nouns as tables of their fields, so that nothing of theirs says what is equal."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return sorted(value) if isinstance(value, frozenset) else value


def _packages() -> Iterator[tuple[str, Package]]:
    """Yield the package with one field altered or dropped; what no noun allows is passed over."""
    for number, item in enumerate(_PACKAGE.items):
        for place, other in _altered(item):
            items = (*_PACKAGE.items[:number], other, *_PACKAGE.items[number + 1 :])
            moved = {item.key: other.key}
            relations = tuple(
                replace(
                    link,
                    source=moved.get(link.source, link.source),
                    target=moved.get(link.target, link.target),
                )
                for link in _PACKAGE.relations
            )
            yield f"{item.kind} {place}", replace(_PACKAGE, items=items, relations=relations)
        linked = {key for link in _PACKAGE.relations for key in (link.source, link.target)}
        if item.key not in linked:
            items = (*_PACKAGE.items[:number], *_PACKAGE.items[number + 1 :])
            yield f"{item.kind} *", replace(_PACKAGE, items=items)
    for number, link in enumerate(_PACKAGE.relations):
        rest = (*_PACKAGE.relations[:number], *_PACKAGE.relations[number + 1 :])
        yield f"relation {link.kind} *", replace(_PACKAGE, relations=rest)
        for place, other in _altered(link):
            yield f"relation {link.kind} {place}", replace(_PACKAGE, relations=(*rest, other))
    for place, other in _altered(_PACKAGE):
        yield f"package {place}", other


def _altered(noun: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(noun):
        value = getattr(noun, field.name)
        if isinstance(value, _WITHIN):
            for place, other in _altered(value):
                yield f"{field.name}.{place}", replace(noun, **{field.name: other})
        if field.name in ("items", "relations", "kind"):
            continue
        for other in _others(value, noun, field.name):
            if other is None and "None" not in str(field.type):
                continue
            try:
                yield field.name, replace(noun, **{field.name: other})
            except InputError:
                continue


def _others(value: Any, noun: Any, name: str) -> list[Any]:
    """Return other values of a field: none, and one of the same kind."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, StrEnum):
        return [None, next(one for one in type(value) if one is not value)]
    if isinstance(value, datetime):
        moved = value + timedelta(microseconds=1)
        return [None, moved] if name not in ("at", "made_at") else [moved]
    if isinstance(value, int | float):
        return [None, value - 1 if isinstance(value, int) and value > 1 else value * 0.5]
    if isinstance(value, ItemKey):
        return [item.key for item in _PACKAGE.items if item.key != value][:2]
    if isinstance(value, str):
        if name == "id" and isinstance(noun, Item):
            return [_other_id(value)]
        return [None, "", f"{value}x"] if name not in ("by", "id", "source") else [f"{value}x", "C"]
    if isinstance(value, frozenset):
        return [frozenset(), frozenset({HandlingCode.H3}), frozenset({HandlingCode.H0})]
    if isinstance(value, tuple):
        return [(), value[:1]]
    return []


def _other_id(value: str) -> str:
    """Return another id of the same form."""
    return (
        value.replace("cd", "ce")
        if value.startswith("sha256:")
        else (value.replace(".7", ".8") if value[0].isdigit() else value.replace("o", "a", 1))
    )


def _of_file(exchange: Format) -> Iterator[tuple[str, str]]:
    raw = b"".join(exchange.write(_PACKAGE))
    changes = {".csv": _of_csv, ".xlsx": _of_xlsx}.get(exchange.suffix, _of_json)
    known = Counter(exchange.read(raw, "x").left_out)
    for (way, member), changed in changes(raw):
        place = f"{way} {member}"
        try:
            reading = exchange.read(changed, "x")
        except InputError:
            yield place, "refused"
            continue
        if _plain(reading.package) != _plain(_PACKAGE):
            yield place, "told" if losses(_PACKAGE, reading.package) else "in silence"
        elif Counter(reading.left_out) - known:
            yield place, "told"
        else:
            yield place, "redundant" if (exchange.name, member) in REDUNDANT else "in silence"


def _of_json(raw: bytes) -> Iterator[tuple[tuple[str, str], bytes]]:
    """Yield the file with one member dropped or altered; members of alike objects once each."""
    whole = json.loads(raw)
    seen: Counter[tuple[str, ...]] = Counter()
    for path, holder in list(_members(whole, ())):
        name = path[-1]
        sign = (_type_of(holder), *(str(step) for step in path if isinstance(step, str)))
        seen[sign] += 1
        if seen[sign] > _ALIKE:
            continue
        label = f"{sign[0]}: {'.'.join(sign[1:])}"
        value = holder[name]
        del holder[name]
        yield ("dropped", label), json.dumps(whole).encode()
        _put_back(holder, name, value)
        for other in _other_json(value):
            holder[name] = other
            yield ("altered", label), json.dumps(whole).encode()
        holder[name] = value


def _put_back(holder: Any, name: Any, value: Any) -> None:
    if isinstance(holder, list):
        holder.insert(name, value)
    else:
        holder[name] = value


def _members(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in list(steps):
        yield (*path, name), value
        if isinstance(member, dict | list):
            yield from _members(member, (*path, name))


def _type_of(holder: Any) -> str:
    if not isinstance(holder, dict):
        return "list"
    return str(holder.get("type") or holder.get("@type") or holder.get("name") or "")[:60]


def _other_json(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1]
    if isinstance(value, str):
        digits = [place for place, sign in enumerate(value) if sign.isdigit()]
        if digits:
            place = digits[-1]
            return [f"{value[:place]}{(int(value[place]) + 1) % 10}{value[place + 1 :]}"]
        return [f"{value}x"]
    return []


def _of_csv(raw: bytes) -> Iterator[tuple[tuple[str, str], bytes]]:
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))

    def packed(changed: list[list[str]]) -> bytes:
        out = io.StringIO(newline="")
        csv.writer(out).writerows(changed)
        return out.getvalue().encode()

    yield from _of_tables({"": rows}, lambda tables: packed(tables[""]))


def _of_xlsx(raw: bytes) -> Iterator[tuple[tuple[str, str], bytes]]:
    book = python_calamine.load_workbook(io.BytesIO(raw))
    sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}

    def packed(changed: dict[str, list[list[Any]]]) -> bytes:
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
            for name, rows in changed.items():
                sheet = workbook.add_worksheet(name)
                for row, cells in enumerate(rows):
                    for column, cell in enumerate(cells):
                        if isinstance(cell, str):
                            sheet.write_string(row, column, cell)
                        else:
                            sheet.write(row, column, cell)
        return out.getvalue()

    yield from _of_tables(sheets, packed)
    for name in sheets:
        yield (
            ("dropped", f"sheet {name}"),
            packed({one: sheets[one] for one in sheets if one != name}),
        )


def _of_tables(
    tables: dict[str, list[list[Any]]], packed: Callable[[dict[str, list[list[Any]]]], bytes]
) -> Iterator[tuple[tuple[str, str], bytes]]:
    """Yield tables with a column, a row or a cell dropped or altered."""
    seen: Counter[str] = Counter()
    for name, rows in tables.items():
        for column, title in enumerate(rows[0]):
            without = [[*row[:column], *row[column + 1 :]] for row in rows]
            yield ("dropped", f"{name} column {title}"), packed(tables | {name: without})
        for number, row in enumerate(rows):
            without = [*rows[:number], *rows[number + 1 :]]
            yield ("dropped", f"{name} row {row[0]}"), packed(tables | {name: without})
            for column, cell in enumerate(row):
                label = f"{name} {row[0]}, {rows[0][column]}"
                seen[label] += 1
                if seen[label] > _ALIKE:
                    continue
                others: dict[str, list[Any]] = {
                    "dropped": [""] if cell != "" else [],
                    "altered": _other_json(cell) if cell != "" else ["x"],
                }
                for way, values in others.items():
                    for other in values:
                        changed = copy.deepcopy(rows)
                        changed[number][column] = other
                        yield (way, label), packed(tables | {name: changed})


if __name__ == "__main__":
    main()
