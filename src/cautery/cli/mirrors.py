"""``cautery mirrors``: which domains are one and the same site under other names?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery.adapters._kernel import give_arrays_back
from cautery.adapters.facts_folder import FactsFolder
from cautery.cli import render
from cautery.cli._mirrors_online import mirrors_online
from cautery.cli._progress import Progress
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.graph.mirrors import Family
from cautery.messages import say
from cautery.wiring.facts import known_facts
from cautery.workflows.files.hosts import read_hosts
from cautery.workflows.networks.arrivals import schema as arrival_schema
from cautery.workflows.networks.mirrors import Mirrors, find_mirrors
from cautery.workflows.networks.mirrors import schema as json_schema

_MOST_ROWS = 200
_MOST_NAMES = 12
"""Of a table; --json lists all."""


@render.tabular
def mirrors(
    hosts: Annotated[
        Path | None,
        typer.Argument(
            help="Hosts, one per line, or a CSV with a column host and optionally first, last and "
            "source; also .xz, .gz, .zst; - for stdin."
        ),
    ] = None,
    facts: Annotated[
        Path | None, typer.Option(help="Facts folder: suffixes, passive DNS, owners, platforms.")
    ] = None,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Answer each domain as of the day on which it first came, by its name and what "
            "came before: a known family, or a new one.",
        ),
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(
            help="With --online: file that keeps what came so far; HOSTS are then only asked for "
            "what is new in them."
        ),
    ] = None,
    today: Annotated[
        datetime | None,
        typer.Option(
            "--day",
            formats=["%Y-%m-%d"],
            help="With --online: the day of hosts without one; default today.",
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON line per registered domain.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of rows and answers, and exit.")
    ] = False,
) -> None:
    """Find mirror families: domains that are one site under renamed or renumbered names.

    The evidence is names, facts, and the days on which a list added or removed domains. A family
    is a hypothesis, with a probability for each member.

    Example: cautery mirrors hosts.csv --facts facts --json

    Every day: cautery mirrors today.txt --online --state arrivals.state
    """
    if schema:
        render.json_line(arrival_schema() if online else json_schema())
        return
    if not online and (state or today):
        raise InputError("--state and --day need --online", hint="Add --online.")
    if hosts is None:
        raise InputError("mirrors needs hosts", hint="cautery mirrors HOSTS; see -h.")
    give_arrays_back()
    fact_source = known_facts(facts)
    if online:
        undated = today.date() if today else None
        mirrors_online(hosts, facts=fact_source, state=state, undated=undated, json=json)
        _tell_broken(fact_source)
        return
    with Progress("reading hosts", None) as progress:
        rows = progress.counted(read_hosts(hosts))
        result = find_mirrors(rows, facts=fact_source, doing=progress.doing)
    if not result.domains:
        raise InputError(f"{hosts}: the file contains no hosts", hint=_first(result))
    if json:
        members = {
            domain: (family.id, sure)
            for family in result.families
            for domain, sure in family.members
        }
        for domain in sorted(members):
            family_id, sure = members[domain]
            render.json_line({"domain": domain, "family": family_id, "probability": round(sure, 4)})
    else:
        _tell(result)
    for warning in result.warnings:
        render.say(render.printable(f"line {warning.line}: {say(warning.why)}: {warning.quoted}"))
    if result.was_cut:
        render.say(
            "so much may belong together that not all of it was compared: families may be parts"
        )
    if result.broken > len(result.warnings):
        render.say(
            f"{result.broken - len(result.warnings):,} more lines or dates could not be used"
        )
    _tell_broken(fact_source)
    several = sum(len(family.members) > 1 for family in result.families)
    family_count = f"{several:,} famil{'y' if several == 1 else 'ies'} of two or more"
    render.say(
        f"{counted(result.domains, 'domain')}: {family_count}, "
        f"{len(result.families) - several:,} alone; {result.rows:,} lines with a host, "
        f"{result.broken:,} lines or dates that could not be used"
    )


def _tell_broken(facts: FactsFolder) -> None:
    for name, count in facts.broken.items():
        render.say(f"facts: {count} line(s) of {name} could not be used")


def _first(result: Mirrors) -> str | None:
    """Return the first thing that was wrong."""
    return next(
        (
            f"line {warning.line}: {say(warning.why)}: {warning.quoted}"
            for warning in result.warnings
        ),
        None,
    )


def _tell(result: Mirrors) -> None:
    several = [family for family in result.families if len(family.members) > 1]
    if not several:
        return
    render.table(
        ("family", "domains", "probability", "members", "joined by"),
        (
            (
                family.id,
                len(family.members),
                f"{min(sure for _, sure in family.members):.2f}",
                _names(family),
                _why(family),
            )
            for family in several[: render.most_rows(_MOST_ROWS)]
        ),
    )
    if len(several) > render.most_rows(_MOST_ROWS):
        render.say(f"{len(several) - _MOST_ROWS:,} more families: --json lists every domain")


def _names(family: Family) -> str:
    names = [name for name, _ in family.members]
    hidden_count = len(names) - _MOST_NAMES
    return " ".join(names[:_MOST_NAMES]) + (
        f" and {hidden_count:,} more" if hidden_count > 0 else ""
    )


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
