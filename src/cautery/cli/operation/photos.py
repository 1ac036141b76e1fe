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
    """List, file or reject the photographs of exhibits that were sent to the room.

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
            for item in reject_photographs(desk, room.tray, only=reject, by=rooms.owner(), why=why):
                render.say(f"{item.sha256} is destroyed; the access log says why")
        else:
            _list(tray_of(desk, room.tray, Book(desk)), json=json)


def _file(
    desk: Desk, tray: Tray, *, only: list[str] | tuple[str, ...], by: str, why: str, json: bool
) -> None:
    book, refused = Book(desk), 0
    tray_content = tray_of(desk, tray, book)
    waiting = chosen(tray_content.waiting, only) if only else tray_content.waiting
    for item in file_photographs(desk, tray, book, waiting, by=by, why=why):
        refused += item.outcome is Outcome.REFUSED
        if json:
            row = _row(item.waiting) | {"outcome": item.outcome.value, "fault": item.why or None}
            render.json_line(row)
        else:
            reason = f": {item.why}" if item.why else ""
            render.say(render.printable(f"{item.waiting.sha256} {item.outcome.value}{reason}"))
    if not waiting and not json:
        render.say("no photograph waits")
    _tell_missing(tray_content, json=json)
    if refused or tray_content.missing:
        raise EvidenceError(
            f"{refused} photographs were refused, and {len(tray_content.missing)} are missing",
            hint="Find out who changed the tray; cautery operation photos CASE --reject destroys "
            "what lies there.",
        )


def _tell_missing(tray_content: TrayOfDesk, *, json: bool) -> None:
    for sent in tray_content.missing:
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


def _list(tray_content: TrayOfDesk, *, json: bool) -> None:
    if json:
        for item in tray_content.waiting:
            render.json_line(_row(item) | {"outcome": "waits", "fault": item.fault or None})
        _tell_missing(tray_content, json=True)
        return
    if not tray_content.waiting:
        render.say("no photograph waits")
    else:
        render.table(
            ("exhibit", "came", "by", "note", "SHA-256"),
            (
                (
                    "" if item.photograph is None else item.photograph.number,
                    "" if item.photograph is None else iso(item.photograph.at),
                    "" if item.photograph is None else _who(item),
                    item.fault or ("" if item.photograph is None else item.photograph.note),
                    item.sha256,
                )
                for item in tray_content.waiting
            ),
            title=f"{len(tray_content.waiting)} photographs wait",
        )
    _tell_missing(tray_content, json=False)


def _who(item: Waiting) -> str:
    return "" if item.photograph is None else f"{item.photograph.by} ({item.photograph.agency})"


def _row(item: Waiting) -> dict[str, Any]:
    photograph = item.photograph
    if photograph is None:
        return {"sha256": item.sha256}
    return {
        "sha256": item.sha256,
        "exhibit": photograph.number,
        "at": iso(photograph.at),
        "account": photograph.account,
        "by": photograph.by,
        "agency": photograph.agency,
        "note": photograph.note,
        "size": photograph.size,
        "media_type": photograph.media_type,
    }
