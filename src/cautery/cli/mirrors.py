"""``cautery mirrors``: which domains are one and the same site under other names?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.drawing.words import counted
from cautery.errors import InputError
from cautery.graph.mirrors import Family
from cautery.wiring.facts import known_facts
from cautery.workflows.files.hosts import read_hosts
from cautery.workflows.networks.mirrors import Mirrors, find_mirrors
from cautery.workflows.networks.mirrors import schema as json_schema

_MOST_ROWS = 200
_MOST_NAMES = 12
"""Of a table; --json tells each."""


@render.tabular
def mirrors(
    hosts: Annotated[
        Path | None,
        typer.Argument(
            help="Hosts: lines, or a CSV with a column host, and perhaps first, last and source; "
            "also .xz, .gz, .zst; - for stdin."
        ),
    ] = None,
    facts: Annotated[
        Path | None, typer.Option(help="Facts folder: suffixes, passive DNS, owners, platforms.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON line per registered domain.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of rows and answers, and stop.")
    ] = False,
) -> None:
    """Find the mirror families of hosts: renamed and renumbered domains of one site.

    Names, days on which a list took domains in or dropped them, and facts speak together; a
    family is a hypothesis, with a probability for each member.

    Example: cautery mirrors hosts.csv --facts facts --json
    """
    if schema:
        render.json_line(json_schema())
        return
    if hosts is None:
        raise InputError("mirrors needs hosts", hint="cautery mirrors HOSTS; see -h.")
    known = known_facts(facts)
    with Progress("reading hosts", None) as shown:
        found = find_mirrors(read_hosts(hosts), facts=known, doing=shown.doing)
    if not found.domains:
        raise InputError(f"{hosts}: there are no hosts in it", hint=_first(found))
    if json:
        members = {
            domain: (family.id, sure)
            for family in found.families
            for domain, sure in family.members
        }
        for domain in sorted(members):
            family_id, sure = members[domain]
            render.json_line({"domain": domain, "family": family_id, "probability": round(sure, 4)})
    else:
        _tell(found)
    for warning in found.warnings:
        render.say(render.printable(f"line {warning.line}: {warning.why}: {warning.quoted}"))
    if found.broken > len(found.warnings):
        render.say(f"{found.broken - len(found.warnings):,} more lines or dates were not usable")
    for name, count in known.broken.items():
        render.say(f"facts: {count} line(s) of {name} could not be used")
    several = sum(len(one.members) > 1 for one in found.families)
    many = f"{several:,} famil{'y' if several == 1 else 'ies'} of two and more"
    render.say(
        f"{counted(len(found.domains), 'domain')}: {many}, "
        f"{len(found.families) - several:,} alone; of {found.rows:,} lines with a host; "
        f"{found.broken:,} lines or dates not usable"
    )


def _first(found: Mirrors) -> str | None:
    """Return the first thing that was wrong."""
    return next(
        (f"line {warning.line}: {warning.why}: {warning.quoted}" for warning in found.warnings),
        None,
    )


def _tell(found: Mirrors) -> None:
    several = [family for family in found.families if len(family.members) > 1]
    if not several:
        return
    render.table(
        ("family", "domains", "probability", "members", "joined by"),
        (
            (
                one.id,
                len(one.members),
                f"{min(sure for _, sure in one.members):.2f}",
                _names(one),
                _why(one),
            )
            for one in several[: render.most_rows(_MOST_ROWS)]
        ),
    )
    if len(several) > render.most_rows(_MOST_ROWS):
        render.say(f"{len(several) - _MOST_ROWS:,} more families: --json tells each domain")


def _names(family: Family) -> str:
    names = [name for name, _ in family.members]
    more = len(names) - _MOST_NAMES
    return " ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _why(family: Family) -> str:
    """Say what joins a family, the weakest join first: there it would part."""
    weakest = sorted(family.joins, key=lambda join: join.probability)[:3]
    if not weakest:
        return "one brand"
    return "\n".join(
        f"{join.names[0]} and {join.names[1]} ({join.probability:.2f}): log-odds "
        + ", ".join(
            f"{value:+.1f} by {kind}"
            for kind, value in (
                ("name", join.by_name),
                ("days", join.by_days),
                ("facts", join.by_values),
            )
            if value
        )
        for join in weakest
    )
