"""``cautery operation state``: what the agency states, and what its desk holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cautery.cli import render
from cautery.cli.operation._markings import marking_lines
from cautery.drawing.formatting import counted
from cautery.messages import say
from cautery.model import to_json
from cautery.model.message import Message
from cautery.wiring import desks
from cautery.workflows.operation.holdings import Held, held, unsigned_statements
from cautery.workflows.operation.partners import register_partner
from cautery.workflows.operation.read_statements import read_statements
from cautery.workflows.operation.receive import refusals
from cautery.workflows.operation.share import add_statements
from cautery.workflows.operation.share import correct as correct_statement
from cautery.workflows.operation.share import permit as sign_permission


@render.tabular
def state(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    statements: Annotated[
        Path | None, typer.Argument(help="JSON lines to add; without it, list the statements.")
    ] = None,
    sign: Annotated[
        bool,
        typer.Option(
            "--sign", help="Sign the agency's own statements from an older version of Cautery."
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --sign: do not ask for confirmation.")
    ] = False,
    refused: Annotated[
        bool, typer.Option("--refused", help="List what this desk has refused, and why.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Add the agency's statements to its case, or list its own and received statements.

    A line is {"subject": "host:a.example", "about": "asset", "text": "one sentence", "kind":
    "fact", "marking": {"tlp": "TLP:AMBER", "pap": "PAP:RED", "handling": ["H1"], "source": "B",
    "accuracy": 2}, "to": ["bg-gdbop"], "details": {}}. A statement without a marking is refused.
    Added statements are signed with the case's key. Received statements are listed with their
    provider and with the agency that passed them on.

    Example: cautery operation state cases/op-rome found.jsonl
    """
    if statements is not None:
        _add(case, statements, json=json)
        return
    if sign:
        _sign(case, yes=yes)
        return
    with desks.desk(case, read_only=True) as desk:
        rows, refusal = held(desk), refusals(desk)
    if refused:
        _show_refusals(refusal, json=json)
        return
    if json:
        for row in rows:
            render.json_line(to_line(row))
        return
    render.table(
        ("id", "by", "statement", "marking", "to"),
        (
            (
                row.statement.id[:12],
                row.source,
                "\n".join(
                    (
                        row.statement.subject,
                        f"{row.statement.kind.value}: {row.statement.text}",
                        *(["withdrawn"] if row.statement.details.get("withdrawn") else []),
                        *([f"corrected by {row.corrected_by[:12]}"] if row.corrected_by else []),
                    )
                ),
                marking_lines(row.statement.marking),
                "\n".join(sorted(row.statement.to)),
            )
            for row in rows
        ),
    )
    if not rows:
        render.say(f"no statements yet; add some: cautery operation state {case} FILE.jsonl")
    if any(row.received_from is None and not row.signed for row in rows):
        render.say(
            f"unsigned statements are not shared; sign: cautery operation state {case} --sign"
        )
    if refusal:
        render.say(f"{len(refusal)} refused; list them: cautery operation state {case} --refused")


def to_line(row: Held) -> dict[str, Any]:
    """Return a statement at a desk for a JSON line, with whose it is in words."""
    return {**to_json(row), "source": row.source}


def _sign(case: Path, *, yes: bool) -> None:
    """Show the agency's unsigned statements, and sign them if whoever reads them says so."""
    with desks.desk(case) as desk:
        unsigned = unsigned_statements(desk)
        render.table(
            ("id", "statement", "marking", "to"),
            (
                (
                    statement.id[:12],
                    f"{statement.subject}\n{statement.kind.value}: {statement.text}",
                    marking_lines(statement.marking),
                    "\n".join(sorted(statement.to)),
                )
                for statement in unsigned
            ),
        )
        old_statements = counted(len(unsigned), "statement")
        if unsigned and not yes:
            agency = render.printable(desk.agency.id)
            typer.confirm(f"Sign {old_statements} as {agency}?", abort=True, err=True)
        add_statements(desk, unsigned)
    render.say(f"{old_statements} signed in {case}")


def _add(case: Path, statements: Path, *, json: bool) -> None:

    with desks.desk(case) as desk:
        now = desk.case.clock.now()
        new_statements = read_statements(statements, by=desk.agency.id, now=now)
        added = add_statements(desk, new_statements, at=now)
    if json:
        for statement in added:
            render.json_line(to_json(statement))
    render.say(f"{counted(len(added), 'statement')} recorded and signed in {case}")


def _show_refusals(refusal: tuple[tuple[str, Message], ...], *, json: bool) -> None:
    if json:
        for sender, why in refusal:
            render.json_line({"from": sender, "why": say(why)})
        return
    render.table(("from", "why it was refused"), ((sender, say(why)) for sender, why in refusal))
    if not refusal:
        render.say("nothing was refused")


def correct(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    statement: Annotated[
        str, typer.Argument(help="Id of a statement of your own, or at least its first 8 digits.")
    ],
    text: Annotated[str, typer.Option("--text", help="The correct statement, in one sentence.")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw it completely.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Correct or withdraw a statement, and list the agencies that must be informed.

    Example: cautery operation correct cases/op-rome 4f2a... --text "the server is in Plovdiv"
    """
    with desks.desk(case) as desk:
        new, recipients = correct_statement(
            desk, statement, text=text, at=desk.case.clock.now(), withdrawn=withdraw
        )
    if json:
        corrected = new.details["corrects"]
        render.json_line(
            {"correction": new.id, "corrects": corrected, "must_be_told": list(recipients)}
        )
        return
    render.table(("correction", "must be informed"), [(new.id, "\n".join(recipients) or "nobody")])
    for recipient in recipients:
        render.say(
            f'cautery operation share {case} --to {recipient} --why "correction" '
            f"-o {recipient}.bundle"
        )


def permit(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    statement: Annotated[
        str, typer.Argument(help="Id of a statement of your own, or at least its first 8 digits.")
    ],
    by: Annotated[str, typer.Option("--by", help="The agency that may pass it on.")],
    to: Annotated[str, typer.Option("--to", help="The agency that may receive it.")],
    why: Annotated[str, typer.Option("--why", help="Justification, for the log.")],
) -> None:
    """Permit an agency to pass one of your own statements on to one other agency.

    The permission is signed and sent with your next bundle for that agency. Only the provider of a
    statement can give it.

    Example: cautery operation permit cases/op-rome 4f2a... --by bg-gdbop --to nl-fiod
    --why "request 12"
    """
    with desks.desk(case) as desk:
        permitted = sign_permission(
            desk, statement, by=by, to=to, why=why, at=desk.case.clock.now()
        )
    render.say(f"{by} may pass {permitted[:12]} on to {to}; send the permission with a bundle:")
    render.say(f'cautery operation share {case} --to {by} --why "permission" -o {by}.bundle')


def partner(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    agency: Annotated[str, typer.Argument(help="Id of another agency in the operation.")],
    key: Annotated[
        Path, typer.Option("--key", help="Its public key, received by a separate channel.")
    ],
) -> None:
    """Register another agency's key, to check its statements when others pass them on.

    The first key of an agency is valid for the whole operation.

    Example: cautery operation partner cases/op-hague it-postal --key it-postal.pub
    """
    with desks.desk(case) as desk:
        verifier = desk.case.store.public_key(key, name="partner")
        new = register_partner(desk, agency, verifier, at=desk.case.clock.now())
    render.say(f"{agency} signs with {verifier}" + ("" if new else " (already registered)"))
