"""``cautery operation person``: persons of interest, under a pseudonym and a retention date."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.cli.operation import _person_after
from cautery.cli.operation._markings import marking_lines
from cautery.errors import InputError
from cautery.model import Person, from_json, to_json
from cautery.model.records import PersonOutcome
from cautery.wiring import desks
from cautery.workflows.operation.outcomes import due_now, outcomes
from cautery.workflows.operation.persons import (
    KeptPerson,
    find_person,
    name_of,
    pseudonym_at,
    register_person,
    review_person,
)
from cautery.workflows.operation.persons_now import persons_now

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Keep, review and list persons, record outcomes and access, and erase their names.",
)

_Case = Annotated[Path, typer.Argument(help="The agency's case.")]
_Pseudonym = Annotated[str, typer.Argument(help="Pseudonym, from the list.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]
_DAY = ["%Y-%m-%d"]


@app.command()
def add(
    case: _Case,
    category: Annotated[
        str,
        typer.Option(
            "--category",
            help="Category: suspect, convicted, victim or other (LED art. 6); required.",
        ),
    ] = "",
    role: Annotated[
        str, typer.Option("--role", help="Role in the network: reseller ...")
    ] = "unknown",
    kind: Annotated[
        str, typer.Option("--kind", help="Kind: fact or assessment (LED art. 7); required.")
    ] = "",
    tlp: Annotated[
        str, typer.Option("--tlp", help="Who may see it, from TLP:CLEAR to TLP:RED.")
    ] = "TLP:RED",
    pap: Annotated[
        str, typer.Option("--pap", help="What may be done with it, from PAP:CLEAR to PAP:RED.")
    ] = "PAP:RED",
    review: Annotated[
        datetime | None,
        typer.Option("--review", formats=_DAY, metavar="YYYY-MM-DD", help="Next review; required."),
    ] = None,
    erase_at: Annotated[
        datetime | None,
        typer.Option(
            "--erase",
            formats=_DAY,
            metavar="YYYY-MM-DD",
            help="Day by which it is erased; required.",
        ),
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="Two letters of ISO 3166-1, such as NL.")
    ] = None,
    json: _Json = False,
) -> None:
    """Read a name from standard input, and seal it under a key for this person alone.

    The name is not an argument, so that no shell history contains it.

    Example: cautery operation person add cases/op-rome --category suspect --kind assessment
    --role reseller --review 2027-03-01 --erase 2029-03-01 < name.txt
    """
    for value, rule in (
        (category, "a category (Directive (EU) 2016/680, art. 6): --category"),
        (kind, "fact or assessment (Directive (EU) 2016/680, art. 7): --kind"),
        (review, "a date of review (Directive (EU) 2016/680, art. 5): --review"),
        (erase_at, "a date of erasure (Directive (EU) 2016/680, art. 5): --erase"),
    ):
        if not value:
            raise InputError(f"a person needs {rule}")
    assert review is not None
    assert erase_at is not None
    name = _name_given()
    with desks.desk(case) as desk:
        person = from_json(
            Person,
            {
                "pseudonym": pseudonym_at(desk, name),
                "category": category,
                "kind": kind,
                "role": role,
                "marking": {"tlp": tlp, "pap": pap},
                "review_at": review.date(),
                "erase_at": erase_at.date(),
                "country": country,
            },
        )
        registered = register_person(desk, name, person)
    if json:
        render.json_line(to_json(registered.person))
        return
    typer.echo(registered.person.pseudonym)


@app.command("list")
@render.tabular
def list_(case: _Case, json: _Json = False) -> None:
    """List the persons of a case; no name is shown.

    Example: cautery operation person list cases/op-rome
    """
    with desks.person_file(case, read_only=True) as file:
        persons, decided = persons_now(file), outcomes(file)
    _say_false(persons)
    if json:
        for entry in persons:
            outcome = decided.get(entry.person.pseudonym)
            render.json_line({**to_json(entry), "outcome": to_json(outcome)})
        return
    render.table(
        ("pseudonym", "who", "marking", "outcome", "dates"),
        (
            (
                entry.person.pseudonym,
                f"{entry.person.category.value} ({entry.person.kind.value})\n{entry.person.role}"
                + (f", {entry.person.country}" if entry.person.country else ""),
                marking_lines(entry.person.marking),
                _outcome_lines(decided.get(entry.person.pseudonym)),
                f"review {entry.person.review_at}\nerase  {entry.person.erase_at}"
                if entry.erased_at is None
                else f"erased {entry.erased_at:%Y-%m-%d}",
            )
            for entry in persons
        ),
    )


def _say_false(persons: Iterable[KeptPerson]) -> None:
    """Name the records that say of a name that it was erased, although it can be read."""
    for entry in persons:
        if entry.said_erased_at is not None:
            render.say(
                f"{entry.person.pseudonym}: a record of {entry.said_erased_at:%Y-%m-%d} says that "
                "the name was erased, but its key is there and the name can be read"
            )


@app.command()
@render.tabular
def due(case: _Case, json: _Json = False) -> None:
    """List the persons whose date of review or erasure is today or earlier.

    Example: cautery operation person due cases/op-rome
    """
    with desks.person_file(case, read_only=True) as file:
        due_entries = due_now(file, today=file.desk.case.clock.now().date())
        _say_false(persons_now(file))
    if json:
        for entry in due_entries:
            render.json_line(to_json(entry))
        return
    render.table(
        ("pseudonym", "what", "since"),
        ((entry.person.pseudonym, entry.what, entry.since) for entry in due_entries),
    )
    if not due_entries:
        render.say("no review or erasure is due")


@app.command()
def name(
    case: _Case,
    pseudonym: _Pseudonym,
    why: Annotated[str, typer.Option("--why", help="Justification, for the log (art. 25).")],
    who: Annotated[str, typer.Option("--who", help="Who reads it.")],
) -> None:
    """Show a person's name; the access is recorded.

    Example: cautery operation person name cases/op-rome P-0123456789ab --why "warrant 3"
    --who "A. Officer"
    """
    with desks.desk(case) as desk:
        real_name = name_of(desk, pseudonym, why=why, who=who)
    typer.echo(render.printable(real_name))


@app.command()
def find(
    case: _Case,
    why: Annotated[str, typer.Option("--why", help="Justification, for the log (art. 25).")],
    who: Annotated[str, typer.Option("--who", help="Who searches.")],
) -> None:
    """Read a name from standard input, and say whether this case has the person; it is recorded.

    No sealed name is opened: what stands for the name under the case's own key is compared.

    Example: cautery operation person find cases/op-rome --why "warrant 3" --who "A. Officer"
    < name.txt
    """
    name = _name_given()
    with desks.desk(case) as desk:
        kept = find_person(desk, name, why=why, who=who)
    typer.echo("no hit" if kept is None else kept.person.pseudonym)


@app.command()
def review(
    case: _Case,
    pseudonym: _Pseudonym,
    until: Annotated[
        datetime,
        typer.Option(
            "--until", formats=_DAY, metavar="YYYY-MM-DD", help="Date of the next review."
        ),
    ],
    why: Annotated[str, typer.Option("--why", help="Why it is still needed.")],
) -> None:
    """Record a review: the person is kept until the next review.

    Example: cautery operation person review cases/op-rome P-0123456789ab --until 2027-09-01
    --why "trial pending"
    """
    with desks.desk(case) as desk:
        review_person(desk, pseudonym, review_at=until.date(), why=why)
    render.say(f"{pseudonym}: kept until {until.date()}")


_person_after.add_to(app)


def _outcome_lines(outcome: PersonOutcome | None) -> str:
    if outcome is None:
        return ""
    return f"{outcome.outcome.value} {outcome.on}\n{outcome.court}, {outcome.reference}"


def _name_given() -> str:
    if sys.stdin.isatty():
        render.say("Type the name, then press Enter:")
    try:
        name = sys.stdin.readline(1000).strip()
        name.encode()
    except UnicodeError as error:
        raise InputError("the name on standard input is not UTF-8 text") from error
    if not name:
        raise InputError("no name on standard input", hint="Give it with < name.txt, or type it.")
    return name
