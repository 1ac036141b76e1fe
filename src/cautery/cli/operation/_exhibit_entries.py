"""``cautery operation exhibit add``, ``move``, ``value``, ``correct``: what is entered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery.cli import render
from cautery.cli.operation._exhibit_words import Case, Json, Number, awaited
from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import CustodyAct, CustodyEntry
from cautery.operation.details import decimal_of
from cautery.operation.register import ValueMoved
from cautery.wiring import desks
from cautery.workflows.operation.read_exhibits import read_exhibits, read_links
from cautery.workflows.operation.register_book import Book
from cautery.workflows.operation.register_exhibits import (
    check_exhibits,
    correct_exhibit,
    move_exhibit,
    move_value,
    register_exhibits,
)

MANY = 500
"""Exhibits from which checking takes a second."""


def add(
    case: Case,
    file: Annotated[
        Path, typer.Argument(help="TOML with [[exhibit]] tables, or JSON lines (- for stdin).")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check; record nothing.")] = False,
    json: Json = False,
) -> None:
    """Enter exhibits into the register: all exhibits of the file, or none.

    Each exhibit has number, kind, search, agency, description, place, finder (a service number or
    role), seal, seized_at; optionally value with valued_at, count, photo (a file), and details
    that depend on its kind.

    Example: cautery operation exhibit add cases/op-rome search-12.toml
    """
    entries = read_exhibits(file)
    if len(entries) > MANY:
        render.say(f"checking {len(entries):,} exhibits")
    with desks.desk(case, read_only=dry_run) as desk:
        if dry_run:
            check_exhibits(desk, entries)
            render.say(f"{len(entries)} exhibits would be entered")
            return
        entered = register_exhibits(desk, entries)
    for exhibit in entered:
        if json:
            render.json_line(
                {"number": exhibit.number, "kind": exhibit.kind.value, "seal": exhibit.seal}
            )
    render.say(f"{len(entered)} exhibits entered in {case}")


def move(
    case: Case,
    number: Annotated[
        str | None, typer.Argument(help="The exhibit's number; or give --file.")
    ] = None,
    act: Annotated[
        str,
        typer.Option(
            help="Act: handed-over, stored, examined, transferred, returned or destroyed.",
        ),
    ] = "handed-over",
    giver: Annotated[str, typer.Option("--from", help="Who had it: service number or role.")] = "",
    taker: Annotated[str, typer.Option("--to", help="Who has it now.")] = "",
    place: Annotated[str, typer.Option(help="Place of the act.")] = "",
    reason: Annotated[str, typer.Option(help="Reason for the act.")] = "",
    seal: Annotated[
        str | None, typer.Option(help="Seal after the act; default: unchanged.")
    ] = None,
    opened: Annotated[str | None, typer.Option(help="Seal that an examination opened.")] = None,
    result: Annotated[str | None, typer.Option(help="Result of an examination.")] = None,
    agency: Annotated[
        str | None, typer.Option(help="For a transfer: agency that takes over.")
    ] = None,
    stated_by: Annotated[
        str | None,
        typer.Option(help="For a transfer: agency that states it; default: this desk's."),
    ] = None,
    at: Annotated[datetime | None, typer.Option(help="When (UTC); default: now.")] = None,
    file: Annotated[Path | None, typer.Option(help="TOML with [[link]], or JSON lines.")] = None,
) -> None:
    """Add a link to a chain of custody; --from must be the last holder.

    Example: cautery operation exhibit move cases/op-rome IT-0042 --from it-postal/4471
    --to "exhibits officer" --place "store 2" --reason "kept for the court"
    """
    with desks.desk(case) as desk:
        book = Book(desk)
        if (number is None) == (file is None):
            raise InputError("give one exhibit number, or a --file of links")
        if number is None:
            assert file is not None
            links = read_links(file)
        else:
            try:
                custody_act = CustodyAct(act)
            except ValueError as error:
                raise InputError(
                    f"--act: {act!r} is not an act of custody",
                    hint="Give one of " + ", ".join(act.value for act in CustodyAct),
                ) from error
            links = (
                CustodyEntry(
                    number=number,
                    act=custody_act,
                    at=desk.case.clock.now() if at is None else _utc(at),
                    giver=giver,
                    taker=taker,
                    place=place,
                    reason=reason,
                    seal=book.register[number].seal if seal is None else seal,
                    opened_seal=opened,
                    result=result,
                    to_agency=agency,
                    stated_by=stated_by,
                ),
            )
        move_exhibit(desk, *links, book=book)
        pending = [
            line for link in links if (line := book.register[link.number]).pending is not None
        ]
    render.say("1 link of custody recorded" if len(links) == 1 else f"{len(links)} links recorded")
    for line in pending:
        render.say(awaited(line))


def value_(
    case: Case,
    number: Number,
    amount: Annotated[str, typer.Option(help="Amount that arrived, in the coin.")],
    to: Annotated[str, typer.Option(help="Address of the state's wallet.")],
    transfer: Annotated[str, typer.Option(help="Id of the transaction.")],
    by: Annotated[str, typer.Option("--by", help="Who moved it: service number or role.")],
    fee: Annotated[str, typer.Option(help="Network fee, in the coin.")] = "0",
    at: Annotated[datetime | None, typer.Option(help="When (UTC); default: now.")] = None,
) -> None:
    """Record that coins of a seized wallet went to a wallet of the state.

    Example: cautery operation exhibit value cases/op-rome IT-0042 --amount 1.24 --fee 0.0001
    --to 34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo --transfer f4184fc5 --by it-postal/4471
    """
    with desks.desk(case) as desk:
        book = Book(desk)
        details = book.register[number].exhibit.details
        move_value(
            desk,
            ValueMoved(
                number=number,
                asset=str(details.get("asset", "")),
                amount=decimal_of("--amount", amount),
                fee=decimal_of("--fee", fee),
                to=to,
                transfer=transfer,
                at=desk.case.clock.now() if at is None else _utc(at),
                by=by,
            ),
            book=book,
        )
    render.say(f"exhibit {number}: {amount} moved to {to}")


def correct(
    case: Case,
    number: Number,
    changes: Annotated[
        list[str], typer.Option("--set", help="FIELD=VALUE, the value as JSON or plain text.")
    ],
    reason: Annotated[str, typer.Option(help="Why it was wrong.")],
    by: Annotated[str, typer.Option("--by", help="Who corrects: service number or role.")],
) -> None:
    """Correct an entry by a new record that names it; the old entry is still shown.

    Example: cautery operation exhibit correct cases/op-rome IT-0042 --set count=3
    --reason "two more in the bag" --by "exhibits officer"
    """
    with desks.desk(case) as desk:
        corrections = dict(map(_change, changes))
        if len(corrections) < len(changes):
            raise InputError("--set: a field is set twice")
        correct_exhibit(desk, number, corrections, reason=reason, by=by)
    render.say(f"exhibit {number} corrected")


def _utc(moment: datetime) -> datetime:
    """Return a time as given, in UTC; without a zone it was said in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _change(text: str) -> tuple[str, Any]:
    """Read FIELD=VALUE; the value is JSON if it can be read so, otherwise text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set: {text[:60]!r} is not FIELD=VALUE")
    try:
        return name, parsed_json(value, parse_float=str)
    except ValueError:
        return name, value
