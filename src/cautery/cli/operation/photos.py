"""``cautery operation photos``: what waits in the tray of the room, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cautery.cli import render
from cautery.errors import EvidenceError, InputError
from cautery.model import iso
from cautery.wiring import desks
from cautery.wiring import people as rooms
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.file_photographs import (
    Outcome,
    TrayOfDesk,
    chosen,
    file_photographs,
    reject_photographs,
    tray_of,
)
from cautery.workflows.operation.register_book import Book
from cautery.workflows.people.tray import Tray, Waiting


@render.tabular
def photos(
    case: Annotated[Path, typer.Argument(help="Case of an agency in an operation.")],
    file: Annotated[bool, typer.Option("--file", help="File what waits.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="With --file: first digits of a SHA-256, at least 8; may be repeated."),
    ] = None,
    reject: Annotated[
        list[str] | None,
        typer.Option(help="Destroy this one instead, by its first digits; may be repeated."),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who files: service number or role.")] = "",
    why: Annotated[str, typer.Option(help="Why, in one line.")] = "",
    people: Annotated[
        Path, typer.Option("--people", help="Folder of the people of the room.")
    ] = Path("people"),
    keys: Annotated[
        Path | None,
        typer.Option(
            help="Folder with the keys of the case and of the access log; default $CAUTERY_KEYS."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the photographs that people sent to the room by telephone, file them or reject them.

    With --file each one is compared with the signed access log, sealed encrypted, entered in the
    register with who sent it and when, and then taken out of the room. What does not agree with
    the log is refused, and the command ends with 1.

    Example: cautery operation photos cases/op-rome --file --by "exhibits officer"
    --why "photographs of the searches"
    """
    if (only or by) and not file:
        raise InputError("--only and --by are for --file")
    if file and reject:
        raise InputError("either --file or --reject")
    with (
        rooms.people_of(people, keys_dir=keys) as room,
        desks.desk(case, keys_dir=keys, read_only=not file) as desk,
    ):
        if file:
            _file(desk, room.tray, only=only or (), by=by, why=why, json=json)
        elif reject:
            for one in reject_photographs(desk, room.tray, only=reject, by=rooms.owner(), why=why):
                render.say(f"{one.sha256} is destroyed; the access log says why")
        else:
            _list(tray_of(desk, room.tray, Book(desk)), json=json)


def _file(
    desk: Desk, tray: Tray, *, only: list[str] | tuple[str, ...], by: str, why: str, json: bool
) -> None:
    book, refused = Book(desk), 0
    found = tray_of(desk, tray, book)
    waiting = chosen(found.waiting, only) if only else found.waiting
    for one in file_photographs(desk, tray, book, waiting, by=by, why=why):
        refused += one.outcome is Outcome.REFUSED
        if json:
            row = _row(one.waiting) | {"outcome": one.outcome.value, "fault": one.why or None}
            render.json_line(row)
        else:
            reason = f": {one.why}" if one.why else ""
            render.say(render.printable(f"{one.waiting.sha256} {one.outcome.value}{reason}"))
    if not waiting and not json:
        render.say("no photograph waits")
    _tell_missing(found, json=json)
    if refused or found.missing:
        raise EvidenceError(
            f"{refused} photographs were refused, and {len(found.missing)} are missing",
            hint="Find out who changed the tray; cautery operation photos CASE --reject destroys "
            "what lies there.",
        )


def _tell_missing(found: TrayOfDesk, *, json: bool) -> None:
    for sent in found.missing:
        sha256 = sent.name.partition("-")[0]
        if json:
            at = iso(sent.at)
            row = {"sha256": sha256, "account": sent.account, "at": at, "outcome": "missing"}
            render.json_line(row)
        else:
            render.say(
                f"{sha256} is missing: it came {iso(sent.at)} by {sent.account}, and neither waits "
                "nor was filed or rejected"
            )


def _list(found: TrayOfDesk, *, json: bool) -> None:
    if json:
        for one in found.waiting:
            render.json_line(_row(one) | {"outcome": "waits", "fault": one.fault or None})
        _tell_missing(found, json=True)
        return
    if not found.waiting:
        render.say("no photograph waits")
    else:
        render.table(
            ("exhibit", "came", "by", "note", "SHA-256"),
            (
                (
                    "" if one.photograph is None else one.photograph.number,
                    "" if one.photograph is None else iso(one.photograph.at),
                    "" if one.photograph is None else _who(one),
                    one.fault or ("" if one.photograph is None else one.photograph.note),
                    one.sha256,
                )
                for one in found.waiting
            ),
            title=f"{len(found.waiting)} photographs wait",
        )
    _tell_missing(found, json=False)


def _who(one: Waiting) -> str:
    return "" if one.photograph is None else f"{one.photograph.by} ({one.photograph.agency})"


def _row(one: Waiting) -> dict[str, Any]:
    photograph = one.photograph
    if photograph is None:
        return {"sha256": one.sha256}
    return {
        "sha256": one.sha256,
        "exhibit": photograph.number,
        "at": iso(photograph.at),
        "account": photograph.account,
        "by": photograph.by,
        "agency": photograph.agency,
        "note": photograph.note,
        "size": photograph.size,
        "media_type": photograph.media_type,
    }
