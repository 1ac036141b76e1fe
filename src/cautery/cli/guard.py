"""``cautery guard``: would this block hurt bystanders?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.errors import InputError


def guard(
    targets: Annotated[
        list[str], typer.Argument(help="Addresses, ranges, names or URLs; - reads lines.")
    ],
    facts: Annotated[Path | None, typer.Option(help="Facts folder; default $CAUTERY_DATA.")] = None,
    at: Annotated[
        str | None, typer.Option(help="Moment to judge at, such as 2026-08-22T20:00:00Z.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Say allow, narrow or refuse for each target, with the facts that it rests on.

    Exit code 1 when any target is refused, 2 when one is no target at all.

    Example: cautery guard 188.114.97.7 drive.usercontent.google.com --facts ../shared/data
    """
    import os
    import sys

    from cautery import plan, wiring
    from cautery.model import Decision, to_json, to_utc
    from cautery.plan.targets import parse_target

    folder = facts or (Path(os.environ["CAUTERY_DATA"]) if "CAUTERY_DATA" in os.environ else None)
    if folder is None:
        raise InputError(
            "guard needs facts", hint="Give --facts DIR, or set CAUTERY_DATA to a facts folder."
        )
    try:
        moment = wiring.clock().now() if at is None else to_utc("--at", datetime.fromisoformat(at))
    except ValueError as error:
        raise InputError(
            f"--at: {at!r} is no time", hint="Such as 2026-08-22T20:00:00Z."
        ) from error
    known = wiring.facts(folder)
    asked = [line.strip() for line in sys.stdin if line.strip()] if targets == ["-"] else targets
    for target in asked:
        parse_target(target)  # refused by the guard for ever; here it is a slip of the pen
    verdicts = [plan.guard(target, facts=known, at=moment) for target in asked]
    if json:
        for one in verdicts:
            body = to_json(one)
            body["verdict"] = body.pop("decision")
            render.json_line(body)
    else:
        render.table(
            ("target", "verdict", "narrow to", "bystanders", "reasons"),
            (
                (
                    one.target,
                    one.decision,
                    "\n".join(one.narrow_to),
                    f"{one.collateral.low} to "
                    + ("unknown" if one.collateral.high is None else str(one.collateral.high)),
                    "\n".join(
                        f"{r.text}" + (f" ({r.fact}, {r.fact_date})" if r.fact else "")
                        for r in one.reasons
                    ),
                )
                for one in verdicts
            ),
        )
    if any(one.decision is Decision.REFUSE for one in verdicts):
        raise typer.Exit(1)
