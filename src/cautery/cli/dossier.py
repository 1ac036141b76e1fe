"""``cautery dossier``: what an expert, a hoster or a provider is handed of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.model import to_json
from cautery.wiring import dossiers
from cautery.workflows.dossier.audiences import Audience


def dossier(
    case: Annotated[Path, typer.Argument(help="Folder of a closed case.")],
    audience: Annotated[
        Audience, typer.Option("--for", help="Who is handed it; that decides what it holds.")
    ],
    by: Annotated[str, typer.Option(help="Who hands it over.")],
    key: Annotated[Path, typer.Option(help="That person's signing key (PEM, mode 0600).")],
    why: Annotated[str, typer.Option(help="Why, in one line.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the bag; must not exist.")],
    to: Annotated[
        str, typer.Option(help="Who is handed it; without, the dossier counts as a copy.")
    ] = "",
    host: Annotated[
        list[str] | None,
        typer.Option(help="Only records about this host; may be repeated. Not for a court."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Hand over a closed case: a bag that its receiver checks without Cautery.

    The bag (BagIt) holds VERIFY.md, whose commands are those of common tools, and rerun.py, which
    computes every likelihood ratio again from the sealed media. A court is given the whole case.
    The others are given an extract: the records that concern them, byte for byte; all else is
    counted and committed to, and the salts that open it lie in OUT.openings.json beside the bag.
    The chain of custody, CASE.custody.jsonl, says who was given it and why.

    Example: cautery dossier cases/md34 --for court --by "A. Legal" --key a.pem --to "Court of Roma"
    --why "case 12/2026" -o md34-court
    """
    made = dossiers.make(
        case, out, audience=audience, hosts=host or (), by=by, key=key, to=to, why=why
    )
    if json:
        render.json_line({**to_json(made), "openings": len(made.openings)})
        return
    render.say(f"{made.records} records and {made.exhibits} exhibits: {out}")
    for kind, count in made.withheld.items():
        render.say(f"withheld: {count} of {kind}")
    if made.exhibits_withheld:
        render.say(f"withheld: {made.exhibits_withheld} exhibits")
    render.say(f"tag manifest {made.digest}, signed by {by}")
