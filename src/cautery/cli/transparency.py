"""``cautery transparency``: what a case shows of itself, and what others publish of its notices."""

from __future__ import annotations

import json as json_module
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.act.dsa_dump import read_dump
from cautery.act.lumen import lumen_notice
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.json_text import parsed_json
from cautery.projections.figures import Figures
from cautery.projections.without_decoys import outward
from cautery.wiring import cases, notices
from cautery.workflows.case.public_figures import figures_file, read_on
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.public.figures import csv_of

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Show a case's public figures; export to Lumen; read the DSA Transparency Database.",
)

Case = Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")]


@app.command()
def show(
    case: Case,
    json: Annotated[bool, typer.Option("--json", help="One JSON line instead of CSV.")] = False,
) -> None:
    """Print the figures of a case, as its public page shows them: mistakes, times, complaints.

    A case whose decoys are not revealed yet has none: they would count decoys, too.

    Example: cautery transparency show cases/md34
    """
    with cases.reading(case) as opened:
        figures = read_on(Figures(), outward(opened.ledger, what="a case's figures"))
        content = figures_file(figures, mandate_of(opened.ledger), wiring.clock().now())
    body = parsed_json(content)
    if json:
        render.json_line(body)
    else:
        typer.echo(csv_of([body]).decode().replace("\r\n", "\n"), nl=False)


@app.command()
def lumen(
    case: Case,
    output: Annotated[Path, typer.Option("--output", "-o", help="File of JSON lines to write.")],
) -> None:
    """Write each notice that was sent in the form of the Lumen API, one a line; send nothing.

    The command leaves out withdrawn notices, names of people and mail addresses. Lumen publishes
    what it gets, with the URLs.

    Example: cautery transparency lumen cases/md34 -o lumen.jsonl
    """
    wiring.check_output(output)
    with cases.reading(case) as opened:
        filed = notices.of(outward(opened.ledger, what="an export for Lumen"))
    events = {event.id: event.name for event in filed.mandate.events}
    rows = [
        lumen_notice(
            filed.draft(number),
            sent_at=sendings[0].at,
            event_name=events.get(filed.draft(number).event or ""),
            approvers=[approval.role for approval in filed.approvals(filed.draft(number))],
        )
        for number, sendings in filed.notices.sent.items()
        if sendings and number not in filed.notices.withdrawn
    ]
    lines = [json_module.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    wiring.write_file(output, "".join(lines).encode())
    render.say(f"{len(rows)} notices written to {output}")


@app.command()
@render.tabular
def dsa(
    case: Case,
    dumps: Annotated[list[Path], typer.Argument(help="Daily dumps: ZIP or CSV files.")],
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Name of the notifier on platforms; default: the mandate's."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Count the platforms' stated decisions on your notices; compare them with the sent notices.

    A dump has no URLs, so it closes no notice. Only the watch's own probes close a notice.

    Example: cautery transparency dsa cases/md34 sor-global-2026-11-24-light.zip
    """
    with cases.reading(case) as opened:
        filed = notices.of(opened.ledger)
    names = tuple(name or (filed.mandate.who,))
    sent_counts = Counter(
        filed.draft(number).addressee.name.casefold()
        for number, mails in filed.notices.sent.items()
        if mails
    )
    rows: list[tuple[str, str, str, str, str]] = []
    for dump in dumps:
        counts = read_dump(dump, names=names)
        days = "" if counts.first is None else f"{counts.first} to {counts.last}"
        for (platform, decision), count in sorted(counts.ours.items()):
            rows.append(
                (platform, decision, str(count), str(sent_counts[platform.casefold()]), days)
            )
        render.say(
            render.printable(
                f"{dump}: {counts.rows} statements, {counts.notified.total()} on somebody's "
                f"notice, {counts.ours.total()} decisions on ours, {counts.broken} broken lines"
            )
        )
    heads = ("platform", "decision", "statements", "notices sent there", "applied")
    if json:
        for row in rows:
            render.json_line(dict(zip(heads, row, strict=True)))
        return
    render.table(heads, rows)
