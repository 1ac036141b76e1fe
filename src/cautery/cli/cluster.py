"""``cautery cluster``: which subjects are one criminal network, how surely, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.cli._schema import schema_option
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.model import to_json
from cautery.wiring import cases
from cautery.wiring.facts import known_facts, named_folder
from cautery.workflows.networks.case_links import read_case_links
from cautery.workflows.networks.cluster import Clustered, cluster_links
from cautery.workflows.networks.constraints import read_constraints
from cautery.workflows.networks.evidence import beside, evidence_for, links_csv, with_state
from cautery.workflows.networks.explain import Explanation
from cautery.workflows.networks.explain import explain as why_of
from cautery.workflows.networks.facts import known_to, without_facts
from cautery.workflows.networks.links import Reading, nothing_new, read_links
from cautery.workflows.networks.state.files import all_links
from cautery.workflows.networks.state.keep import clustered_in

_MOST_ROWS = 20


def _schema() -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "subject": {"type": "string"},
        "network": {
            "type": "string",
            "description": "its id; a state keeps it while the network grows",
        },
        "probability": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "that it belongs to the same network as most of its companions",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": kinds,
        "required": list(kinds),
    }


def cluster(
    links: Annotated[
        Path | None,
        typer.Argument(
            help="CSV or Parquet (also .gz, .xz, .zst) of subject, kind, value and optionally "
            "first_seen, last_seen, source; - for stdin. Or a case's folder."
        ),
    ] = None,
    constraints: Annotated[
        Path | None, typer.Option(help="CSV of analysts' decisions: a,b and same or not_same.")
    ] = None,
    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B", help="Explain what links these two subjects, or separates them."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write the JSON lines to this file.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            help="Folder that keeps links, weights and ids; LINKS are then only new links, if any."
        ),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            help="Facts folder; default $CAUTERY_DATA, if set. Values that it knows as shared or "
            "parked link no subjects."
        ),
    ] = None,
    refit: Annotated[
        bool,
        typer.Option(
            "--refit",
            help="Learn all weights again from the links of the state, and show the changes.",
        ),
    ] = False,
    links_out: Annotated[
        Path | None,
        typer.Option(
            "--links", help="For a case: write its links to this CSV, each with its evidence."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random choices.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per subject.")] = False,
    schema: Annotated[bool, schema_option(_schema)] = False,  # noqa: ARG001 - answered before
) -> None:
    """Group subjects into criminal networks; each membership has a probability.

    The command learns the weights from the links. It separates hubs and false links from values
    that belong to one network (own values). A network is a hypothesis: --explain shows the evidence
    for two subjects.

    For a case, the command uses everything that the watch saw, also the faults that the feeds of
    several services share.

    Example: cautery cluster links.csv --explain shop.example panel.example
    """
    if refit and state is None:
        raise InputError("--refit needs a state", hint="Give --state DIR.")
    if out is not None and not out.absolute().parent.is_dir():
        raise InputError(f"{out}: the folder {out.parent} does not exist")
    if links is None and state is None:
        raise InputError("cluster needs links", hint="cautery cluster LINKS; see -h.")
    if links_out is not None and (links is None or not cases.may_be_case(links)):
        raise InputError("--links needs a case", hint="Give the case's folder as LINKS.")
    rules, odd = read_constraints(constraints) if constraints is not None else ([], [])
    with Progress("reading links", None) as bar:
        reading = _read(links, explain or (), has_state=state is not None)
        reading.warnings += odd
        if links_out is not None:
            _write_links(links_out, reading)
        bar.doing("looking up facts")
        folder = named_folder(facts)
        reading = known_to(None if folder is None else known_facts(folder), reading)
        if folder is None and state is None and not _of_case(links):
            reading.warnings += without_facts(reading)
        if state is None:
            clustering = cluster_links(reading, constraints=rules, seed=seed, told=bar.doing)
        else:
            clustering = clustered_in(
                state,
                reading,
                constraints=rules,
                seed=seed,
                refit=refit,
                write=wiring.write_file,
                told=bar.doing,
            )
    for warning in reading.warnings:
        render.say(render.printable_lines(warning))
    if out is not None:
        _write(out, clustering)
    if explain is not None:
        frame = reading.frame
        if state is not None:
            reading = with_state(reading, state, explain)
        why = why_of(
            clustering,
            *explain,
            constraints=rules,
            links=lambda: frame if state is None else all_links(state),
            seed=seed,
        )
        _explain(reading, why, json=json)
        return
    if json:
        for piece in clustering.lines():
            typer.echo(piece, nl=False)
        return
    largest = [
        (name, size, f"{mean:.2f}", names)
        for name, size, mean, names in clustering.largest(_MOST_ROWS)
    ]
    if largest:
        render.table(
            ("network", "subjects", "probability", "such as"),
            largest,
            title="The largest networks: hypotheses, not findings",
        )
    else:
        render.say("these links put no two subjects in one network")
    count, networks = clustering.label.size, len(clustering.ids)
    summary = f"{counted(count, 'subject')} in {counted(networks, 'network')}"
    render.say(f"{summary}; --json lists every subject")


def _explain(reading: Reading, why: Explanation, *, json: bool) -> None:

    evidence = evidence_for(reading, why)
    if json:
        render.json_line(
            {
                "a": why.a,
                "b": why.b,
                "together": why.together,
                "sentence": why.sentence(),
                "log_odds": round(why.log_odds, 2),
                "shared": [
                    {"kind": kind, "value": value, "log_odds": round(odds, 2)}
                    for kind, value, odds in why.shared
                ],
                "evidence": [to_json(piece) for piece in evidence],
                "way": list(why.way),
                "parted_by": why.parted_by,
            }
        )
        return
    typer.echo(render.printable_lines(why.sentence()))
    if why.shared:
        render.table(
            ("kind", "value", "log-odds"),
            (
                (kind, value, f"{odds:.1f}" if odds else "links neither")
                for kind, value, odds in why.shared
            ),
        )
    for line in (*(piece.sentence() for piece in evidence), *beside(reading, why)):
        render.say(render.printable_lines(line))


def _read(links: Path | None, about: Sequence[str], *, has_state: bool) -> Reading:

    if links is None:
        return nothing_new()
    if not _of_case(links):
        return read_links(
            links, now=wiring.clock().now(), about=about, sources=has_state, may_be_empty=has_state
        )

    with cases.reading(links) as case:
        return read_case_links(case.ledger, case.vault)


def _of_case(links: Path | None) -> bool:
    return links is not None and cases.may_be_case(links)


def _write_links(out: Path, reading: Reading) -> None:

    wiring.write_file(out, links_csv(reading).encode())


def _write(out: Path, clustering: Clustered) -> None:

    wiring.write_file_of(out, clustering.lines())
