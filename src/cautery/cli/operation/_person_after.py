"""``cautery operation person``: outcomes, papers that name a person, access, and erasure."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.messages import in_language
from cautery.model import iso, to_json
from cautery.model.records import Outcome, PersonOutcome
from cautery.wiring import custody, desks
from cautery.workflows.operation.access import give_access
from cautery.workflows.operation.outcomes import (
    Erased,
    erase_lapsed,
    erase_person,
    lapsed,
    must_be_told,
    record_outcome,
)
from cautery.workflows.operation.papers import papers_of

_Case = Annotated[Path, typer.Argument(help="The agency's case, open or closed.")]
_Pseudonym = Annotated[str, typer.Argument(help="Pseudonym, from the list.")]
_By = Annotated[str, typer.Option("--by", help="Who records it: service number or role.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]
_DAY = ["%Y-%m-%d"]


def add_to(app: typer.Typer) -> None:
    """Add these commands to those on persons."""
    for command in (outcome, papers, access, lapse, erase):
        app.command()(command)


@render.tabular
def outcome(
    case: _Case,
    pseudonym: _Pseudonym,
    decided: Annotated[Outcome, typer.Argument(metavar="OUTCOME", help="What was decided.")],
    on: Annotated[
        datetime,
        typer.Option("--on", formats=_DAY, metavar="YYYY-MM-DD", help="Day of the decision."),
    ],
    court: Annotated[str, typer.Option("--court", help="The court or authority that decided.")],
    reference: Annotated[str, typer.Option("--reference", help="Its reference.")],
    by: _By,
    why: Annotated[str, typer.Option("--why", help="Reason, without a name.")],
    json: _Json = False,
) -> None:
    """Record what was decided on a person; an acquittal or a discontinuance erases the name.

    Outcomes are arrested, charged, acquitted, discontinued and convicted. An erasure destroys the
    key of the name and marks every paper that named the person; who must be told is listed. In a
    closed case all of this stands in the chain of custody.

    Example: cautery operation person outcome cases/op-rome P-0123456789ab acquitted
    --on 2027-06-01 --court "Tribunale di Roma" --reference "1234/2027" --by "officer 77"
    --why "judgment of the first instance, final"
    """
    with desks.person_file(case) as file:
        decision = PersonOutcome(
            pseudonym=pseudonym,
            outcome=decided,
            on=on.date(),
            court=court,
            reference=reference,
            by=by,
            why=why,
        )
        erasure = record_outcome(file, decision, at=file.desk.case.clock.now())
    render.say(f"{pseudonym}: {decided.value} on {on.date()}")
    if erasure is not None:
        _show_erased((erasure,), case, closed=file.closed, json=json)


@render.tabular
def papers(case: _Case, pseudonym: _Pseudonym, json: _Json = False) -> None:
    """List the papers that name a person, who was given them, and which are marked.

    Papers are dossiers, bundles, drafts of instruments, plans of an action day, and forms.

    Example: cautery operation person papers cases/op-rome P-0123456789ab
    """
    with desks.person_file(case, read_only=True) as file:
        paper_list = papers_of(file, pseudonym)
        agency = file.desk.agency.id
    if json:
        for paper in paper_list:
            erased_on = paper.marked.get(pseudonym)
            render.json_line(
                {
                    "paper": paper.paper,
                    "kind": paper.kind.value,
                    "title": paper.title,
                    "at": iso(paper.at),
                    "to": list(paper.to),
                    "erased_on": None if erased_on is None else erased_on.isoformat(),
                    "must_be_told": list(paper.must_be_told(agency)) if erased_on else [],
                }
            )
        return
    render.table(
        ("paper", "kind", "written", "given to", "marked"),
        (
            (
                f"{paper.title}\n{paper.paper.removeprefix('sha256:')[:12]}",
                paper.kind.value,
                f"{paper.at:%Y-%m-%d}",
                "\n".join(paper.to) or "nobody",
                f"the data of this person were erased on {paper.marked[pseudonym]}"
                if pseudonym in paper.marked
                else "",
            )
            for paper in paper_list
        ),
    )
    if not paper_list:
        render.say("no paper names this person")


def access(
    case: _Case,
    pseudonym: _Pseudonym,
    by: Annotated[str, typer.Option("--by", help="Who gives it: service number or role.")],
    why: Annotated[str, typer.Option("--why", help="On what request.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, Markdown.")],
    by_counsel: Annotated[
        str, typer.Option("--by-counsel", help="Counsel who asks for the person; a name.")
    ] = "",
    language: Annotated[str, typer.Option(help="Language of the file: en, es, fr or it.")] = "en",
) -> None:
    """Write what is held on a person, for the person or for counsel; the access is recorded.

    Statements of other agencies under handling code H1, H2 or H3, and statements that name another
    person, are counted and not shown.

    Example: cautery operation person access cases/op-rome P-0123456789ab --by-counsel "C. Avvocato"
    --by "officer 77" --why "request of 2027-02-01" -o access.md
    """
    wiring.check_output(out)
    with desks.person_file(case) as file, in_language(language):
        now = file.desk.case.clock.now()
        raw = give_access(file, pseudonym, counsel=by_counsel, by=by, why=why, at=now)
    wiring.write_secret(out, (raw,))
    render.say(f"{pseudonym}: {out}; the access is recorded")


@render.tabular
def lapse(
    case: _Case,
    by: _By,
    why: Annotated[str, typer.Option("--why", help="Reason, without a name.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list those whose date has lapsed.")
    ] = False,
    json: _Json = False,
) -> None:
    """Erase the names of all whose review or erasure date is over, and mark their papers.

    Run it once a day: who is not reviewed by the date is erased on the day after.

    Example: cautery operation person lapse cases/op-rome --by "officer 77" --why "not reviewed"
    """
    with desks.person_file(case) as file:
        now = file.desk.case.clock.now()
        over = lapsed(file, today=now.date())
        erasures = () if dry_run else erase_lapsed(file, by=by, why=why, at=now)
    if dry_run:
        for entry in over:
            if json:
                render.json_line(to_json(entry))
            else:
                render.say(f"{entry.person.pseudonym}: {entry.what} was due on {entry.since}")
        return
    if not erasures:
        render.say("no review or erasure has lapsed")
        return
    _show_erased(erasures, case, closed=file.closed, json=json)


@render.tabular
def erase(
    case: _Case,
    pseudonym: _Pseudonym,
    why: Annotated[str, typer.Option("--why", help="Reason: retention, acquittal, request ...")],
    by: Annotated[
        str | None, typer.Option("--by", help="Who erases it; default: whoever is logged in.")
    ] = None,
    json: _Json = False,
) -> None:
    """Destroy the key of a person's name, in an open or closed case; every proof stays valid.

    Papers that named the person are marked, and who was given them is listed.

    Example: cautery operation person erase cases/op-rome P-0123456789ab --why "acquitted"
    """
    if not why.strip():
        raise InputError(f"{pseudonym}: erasing a name needs a reason: --why TEXT")
    with desks.person_file(case) as file:
        now = file.desk.case.clock.now()
        who = by or custody.login()
        erasure = erase_person(file, pseudonym, by=who, why=why, at=now)
    _show_erased((erasure,), case, closed=file.closed, json=json)


def _show_erased(erasures: tuple[Erased, ...], case: Path, *, closed: bool, json: bool) -> None:
    for erased in erasures:
        if json:
            render.json_line(to_json(erased))
            continue
        render.say(
            f"{erased.pseudonym}: {counted(erased.keys, 'key')} destroyed; the name can no longer "
            "be read"
        )
        if erased.marked:
            render.table(
                ("paper", "kind", "must be informed"),
                (
                    (
                        f"{mark.title}\n{mark.paper.removeprefix('sha256:')[:12]}",
                        mark.kind.value,
                        "\n".join(mark.must_be_told) or "nobody",
                    )
                    for mark in erased.marked
                ),
                title=f"papers that named {erased.pseudonym} on {erased.marked[0].erased_on}",
            )
        if erased.statements and closed:
            render.say(
                f"{counted(len(erased.statements), 'statement')} of the agency that name this "
                "person stand in the closed case, which takes no correction"
            )
        for statement in () if closed else erased.statements:
            render.say(
                f"statement {statement[:12]} names this person; withdraw it: cautery operation "
                f'correct {case} {statement[:12]} --withdraw --text "withdrawn"'
            )
    if not json and (
        names := must_be_told([mark for erased in erasures for mark in erased.marked])
    ):
        render.say(f"must be told: {', '.join(names)}")
