"""``cautery estimate deterrence``: what studies measured after such acts, and what was here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.estimate.deterrence import Act, expected, in_words, not_studied
from cautery.messages import message, say, term
from cautery.model import to_json
from cautery.wiring import cases
from cautery.workflows.harm.measured import measured_in_case, measured_in_file


def deterrence(
    act: Annotated[str, typer.Argument(help="takedown, block or arrest.")],
    wave: Annotated[
        int, typer.Option(help="1: the first against this market; 2: the second, ...")
    ] = 1,
    sites: Annotated[int, typer.Option(help="Sites or services that it hits at once.")] = 1,
    case: Annotated[
        Path | None, typer.Option(help="Case in which something may have been measured.")
    ] = None,
    measured: Annotated[
        Path | None,
        typer.Option(help="JSON that `cautery estimate effect --json` wrote about this act."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show what studies measured after such acts, beside what was measured here.

    The two stand apart: a study of other services is no measurement of this case. Studies that
    found nothing are shown as well.

    Example: cautery estimate deterrence takedown --wave 2 --sites 30 --measured effect.json
    """
    act_asked = Act(kind=act, wave=wave, units=sites)
    findings = expected(act_asked)
    own_estimates = []
    if measured is not None:
        own_estimates += measured_in_file(measured)
    if case is not None:
        with cases.reading(case) as opened:
            own_estimates += measured_in_case(opened.ledger)
    silent = [say(term("deterred", quantity)) for quantity in not_studied(act_asked)]
    other_field = say(message("deterrence.other-field"))
    if json:
        render.json_line(
            {
                "act": {"kind": act, "wave": wave, "sites": sites},
                "studies": [
                    {
                        **to_json(finding),
                        "words": say(in_words(finding)),
                        "studied": say(term("studied", finding.field)),
                    }
                    for finding in findings
                ],
                "not_studied": silent,
                "measured": [
                    {"source": source, **to_json(estimate, words=say)}
                    for source, estimate in own_estimates
                ],
                "notes": [other_field],
            }
        )
        return
    render.table(
        ("a study found", "of", "when", "source"),
        (
            (
                say(in_words(finding)),
                say(term("studied", finding.field)),
                finding.when,
                finding.source,
            )
            for finding in findings
        ),
        title=f"Elsewhere: {act}, wave {wave}, {sites} sites (literature)",
    )
    if not findings:
        typer.echo(say(message("deterrence.nothing")))
    if silent:
        typer.echo(f"not studied after such an act: {', '.join(silent)}")
    typer.echo("")
    if own_estimates:
        render.table(
            ("measured here", "low", "middle", "high", "unit", "how", "from"),
            (
                (
                    say(estimate.quantity),
                    f"{estimate.low:.3g}",
                    f"{estimate.mid:.3g}",
                    f"{estimate.high:.3g}",
                    estimate.unit,
                    say(estimate.method),
                    source,
                )
                for source, estimate in own_estimates
            ),
            title="Here: measured",
        )
    else:
        silence = say(message("deterrence.not-here"))
        typer.echo(f"{silence}.")
    render.say(f"note: {other_field}")
