"""``cautery ruling``: what a person says of two hosts of a case, beside what ties them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.cli.notice_send import Seen
from cautery.model import iso, to_json
from cautery.model.records import Ruling
from cautery.wiring import cases
from cautery.workflows.case.rulings import RulingsRead, rule

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Say that two hosts are one network's or not; take that back; list what holds.",
)

OpenCase = Annotated[Path, typer.Argument(help="Folder of an open case; a watch may be running.")]
Host = Annotated[str, typer.Argument(help="A host of the newest map of the case.")]
OtherHost = Annotated[str, typer.Argument(help="Another one.")]
By = Annotated[str, typer.Option("--by", help="Who says so.")]
Why = Annotated[str, typer.Option("--why", help="The reason, which stands in the record.")]


@app.command("list")
@render.tabular
def list_(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the rulings that hold in a case, the newest first.

    Example: cautery ruling list cases/md34
    """
    with cases.reading(case) as opened:
        rulings = RulingsRead(opened.ledger)
        rulings.read()
    rulings_held = rulings.in_force()
    if json:
        for record, ruled in rulings_held:
            render.json_line({"record": record, **to_json(ruled)})
        return
    render.table(
        ("host", "ruling", "other", "by", "why", "at", "record"),
        (
            (r.host, r.ruling.value, r.other, r.by, r.why, iso(r.at)[:19] + "Z", str(record))
            for record, r in rulings_held
        ),
    )
    render.say(
        f"rulings that hold: {len(rulings_held):,}; the records of the case have those taken back"
    )


@app.command()
def same(case: OpenCase, host: Host, other: OtherHost, by: By, why: Why, seen: Seen = None) -> None:
    """Say that one network runs both hosts. The next map joins their networks.

    Example: cautery ruling same cases/md34 a.example b.example --by "A. Analyst" --why invoice
    """
    _rule(case, (host, other), Ruling.SAME, by=by, why=why, seen=seen)


@app.command("not-same")
def not_same(
    case: OpenCase, host: Host, other: OtherHost, by: By, why: Why, seen: Seen = None
) -> None:
    """Say that no network runs both hosts. The next map parts them where the evidence is weakest.

    Example: cautery ruling not-same cases/md34 a.example b.example --by "A. Analyst" --why firms
    """
    _rule(case, (host, other), Ruling.NOT_SAME, by=by, why=why, seen=seen)


@app.command()
def undo(case: OpenCase, host: Host, other: OtherHost, by: By, why: Why, seen: Seen = None) -> None:
    """Take back what was said of two hosts: the evidence alone decides again.

    Example: cautery ruling undo cases/md34 a.example b.example --by "A. Analyst" --why "misread"
    """
    _rule(case, (host, other), Ruling.OPEN, by=by, why=why, seen=seen)


def _rule(
    case: Path, hosts: tuple[str, str], ruling: Ruling, *, by: str, why: str, seen: int | None
) -> None:
    known_hosts = [asset.value for asset in cases.mapped(case).assets if asset.kind == "host"]
    with cases.adding_to(case) as ledger:
        entry, _ = rule(
            ledger,
            hosts,
            ruling,
            known=known_hosts,
            by=by,
            why=why,
            now=wiring.clock().now(),
            seen=seen,
        )
    render.say(f"recorded as {entry.index}; a running watch has it in its next map")
