"""``cautery operation exhibit list``, ``show``, ``totals`` ...: what the register says."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli.operation._exhibit_words import Case, Json, Number, awaited
from cautery.errors import InputError
from cautery.model import Money, iso, to_json
from cautery.operation.labels import label_sheet_typst
from cautery.operation.register import Line, Register, coins_moved
from cautery.operation.totals import totals as added
from cautery.packed import content_of
from cautery.wiring import desks
from cautery.workflows.operation.read_exhibits import read_findings
from cautery.workflows.operation.record_findings import (
    findings_of,
    record_finding,
    suggested_findings,
)
from cautery.workflows.operation.register_book import Book
from cautery.workflows.operation.sign_manifest import (
    MAX_MANIFEST_BYTES,
    check_manifest,
    register_manifest,
)
from cautery.workflows.operation.trace_money import read_supplied, read_tag_file


@render.tabular
def list_(case: Case, json: Json = False) -> None:
    """List the register: each exhibit, where it was found and who has it.

    Example: cautery operation exhibit list cases/op-rome
    """
    register = _read(case)
    if json:
        for line in register.lines.values():
            render.json_line(to_json(line.exhibit) | _now(line))
        return
    render.table(
        ("number", "what", "found at", "value", "now"),
        (
            (
                line.first.number,
                f"{_kind(line)}\n{line.exhibit.description}",
                line.exhibit.place,
                _money(line.exhibit.value),
                f"{line.state}, {line.agency}: {line.holder}\nseal {line.seal}"
                + ("\ncorrected" if line.corrections else ""),
            )
            for line in register.lines.values()
        ),
        title=f"{len(register)} exhibits",
    )


def show(case: Case, number: Number, json: Json = False) -> None:
    """Show one exhibit: its entry, every correction, and its chain of custody.

    Example: cautery operation exhibit show cases/op-rome IT-0042
    """
    line = _read(case)[number]
    if json:
        render.json_line(to_json(line) | _now(line) | {"digest": line.digest})
        return
    exhibit = line.exhibit
    fields = (
        ("number", exhibit.number),
        ("kind", _kind(line)),
        ("description", exhibit.description),
        ("search, agency", f"{exhibit.search}, {exhibit.agency}"),
        ("place, finder", f"{exhibit.place}, {exhibit.finder}"),
        ("seized", iso(exhibit.seized_at)),
        ("value", _money(exhibit.value)),
        ("photo", exhibit.photo),
        ("entry", line.digest),
        *((f"  {name}", value) for name, value in exhibit.details.items()),
    )
    render.table(("", "current entry"), fields)
    for correction in line.corrections:
        render.table(
            ("corrected", "by", "why", "now"),
            [
                (
                    iso(correction.at),
                    correction.by,
                    correction.reason,
                    ", ".join(f"{name}: {value}" for name, value in correction.changes.items()),
                )
            ],
        )
    render.table(
        ("when", "act", "from", "to", "where", "why", "seal"),
        (
            (
                iso(link.at),
                link.act.value,
                link.giver,
                link.taker if link.to_agency is None else f"{link.to_agency}: {link.taker}",
                link.place,
                link.reason if link.result is None else f"{link.reason}: {link.result}",
                link.seal if link.opened_seal is None else f"{link.opened_seal} -> {link.seal}",
            )
            for link in line.chain
        ),
    )
    if line.photographs:
        render.table(
            ("photographed", "by", "note", "filed by", "why", "SHA-256", "sealed as"),
            (
                (
                    iso(one.at),
                    f"{one.by} ({one.agency})",
                    one.note,
                    one.filed_by,
                    one.why,
                    one.digest,
                    one.exhibit,
                )
                for one in line.photographs
            ),
        )
    moves = coins_moved(line)
    if moves:
        render.table(
            ("moved", "asset", "fee", "to", "transfer", "by"),
            (
                (f"{move.amount:f}", move.asset, f"{move.fee:f}", move.to, move.transfer, move.by)
                for move in moves
            ),
        )
    if line.pending is not None:
        render.say(awaited(line))


def totals(case: Case, json: Json = False) -> None:
    """Add up the register by double entry, by kind, place, agency and holder.

    Different units are never added together.

    Example: cautery operation exhibit totals cases/op-rome
    """
    sums = added(_read(case))
    if json:
        render.json_line(to_json(sums))
        return
    for title, groups in (
        ("by kind", sums.by_kind),
        ("by place of the find", sums.by_place),
        ("by agency that seized", sums.by_agency),
        ("where it is now", sums.by_holder),
    ):
        render.table(
            (title, "amount", "unit"),
            (
                (name if first else "", f"{amount:f}", unit)
                for name, group in groups.items()
                for first, (unit, amount) in zip(
                    itertools.chain([True], itertools.repeat(False)), group.items(), strict=False
                )
            ),
        )
    render.table(
        ("unit", "taken", "debits", "credits"),
        (
            (unit, f"{sums.taken.get(unit, 0):f}", f"{amount:f}", f"{sums.credits[unit]:f}")
            for unit, amount in sums.debits.items()
        ),
        title=f"{sums.exhibits} exhibits, every movement",
    )


def labels(
    case: Case,
    out: Annotated[Path, typer.Option("-o", "--out", help="PDF to write.")],
    numbers: Annotated[
        list[str] | None, typer.Option("--number", help="Only these; may be repeated.")
    ] = None,
    skip: Annotated[
        int, typer.Option(help="Number of stickers already used on the first sheet.")
    ] = 0,
) -> None:
    """Print labels with a QR code on a PDF sheet of 21 stickers (63.5 x 38.1 mm).

    Example: cautery operation exhibit labels cases/op-rome -o labels.pdf
    """
    with desks.desk(case, read_only=True) as desk:
        register = Book(desk).register
        lines = [register[number] for number in numbers] if numbers else register.lines.values()
        source = label_sheet_typst(
            lines, operation=desk.operation.id, lab=desk.operation.lab, skip=skip
        )
    wiring.write_pdf(source, out, private=True)
    render.say(f"{len(lines)} labels in {out}")


def manifest(
    case: Case,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File for the manifest.")] = None,
    check: Annotated[Path | None, typer.Option(help="Compare this manifest instead.")] = None,
    key: Annotated[
        Path | None,
        typer.Option("--public-key", help="The case's public key, obtained from outside the case."),
    ] = None,
) -> None:
    """Write the signed manifest of the register, or check one against it.

    Example: cautery operation exhibit manifest cases/op-rome -o register.manifest
    """
    if (out is None) == (check is None):
        raise InputError("give --out FILE to write a manifest, or --check FILE to compare one")
    if check is not None:
        raw = content_of(check, most=MAX_MANIFEST_BYTES)
        with desks.desk(case, read_only=True) as desk:
            verifier = None
            if key is not None:
                name = desk.opening.key.partition("+")[0]
                verifier = desk.case.store.public_key(key, name=name)
            count = check_manifest(desk, raw, key=verifier)
        render.say(f"{check}: matches the register, {count} exhibits")
        return
    assert out is not None
    with desks.desk(case) as desk:
        raw = register_manifest(desk)
    wiring.write_file(out, raw)
    render.say(f"{out}: signed")


@render.tabular
def findings(
    case: Case,
    tags: Annotated[Path | None, typer.Option(help="CSV of address tags.")] = None,
    transfers: Annotated[
        Path | None,
        typer.Option(help="Supplied transactions, to find with whom the wallets had dealings."),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Record the suggestions, as assessments.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--add", help="JSON lines of findings to record.")
    ] = None,
    json: Json = False,
) -> None:
    """List links to other crimes: recorded links, and links that the exhibits suggest.

    A suggestion is an assessment for a person to weigh, never a fact.

    Example: cautery operation exhibit findings cases/op-rome
    """
    known_tags = read_tag_file(tags) if tags is not None else ()
    table = read_supplied(transfers) if transfers is not None else None
    moved = () if table is None else table.transfers(range(len(table)))
    with desks.desk(case, read_only=not record and file is None) as desk:
        book = Book(desk)
        if file is not None:
            for finding in read_findings(file, by=desk.agency.id, now=desk.case.clock.now()):
                record_finding(desk, finding, book=book)
        suggested = suggested_findings(desk, tags=known_tags, transfers=moved, book=book)
        if record:
            for suggestion in suggested:
                record_finding(desk, suggestion, book=book)
            suggested = ()
        recorded = findings_of(desk)
    rows = [(finding, "recorded") for finding in recorded] + [
        (finding, "suggested") for finding in suggested
    ]
    if json:
        for entry, state in rows:
            render.json_line(to_json(entry) | {"state": state})
        return
    if not rows:
        render.say("no finding is recorded, and the register suggests none")
        return
    render.table(
        ("crime", "finding", "kind", "exhibits", "marking", "state"),
        (
            (
                finding.crime.value,
                finding.text,
                finding.kind.value,
                "\n".join(finding.numbers),
                finding.marking.tlp.value,
                state,
            )
            for finding, state in rows
        ),
    )


def _read(case: Path) -> Register:
    """Read a case's register; tell what does not count in it."""
    with desks.desk(case, read_only=True) as desk:
        book = Book(desk)
        register = book.register
        for index, reason in book.void:
            render.say(render.printable(f"record {index} is not counted: {reason}"))
        return register


def _now(line: Line) -> dict[str, object]:
    """Return what the chain says of an exhibit now."""
    return {
        "holder": line.holder,
        "held_by_agency": line.agency,
        "seal_now": line.seal,
        "state": line.state,
        "corrections": len(line.corrections),
        "entry": line.digest,
    }


def _kind(line: Line) -> str:
    kind, count = line.exhibit.kind.value, line.exhibit.count
    return kind if count == 1 else f"{kind}, {count} pieces"


def _money(value: Money | None) -> str:
    return "" if value is None else f"{value.amount:f} {value.currency}"
