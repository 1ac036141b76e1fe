"""``cautery identify``: name what a file is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render


def identify(
    probes: Annotated[list[Path], typer.Argument(help="Media files.")],
    references: Annotated[Path, typer.Option(help="A .ref file, from: cautery references build.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Name what each file is, if it is any of the references; a stream needs `cautery watch`.

    Example: cautery identify capture.ts --references league.ref
    """
    from cautery import wiring
    from cautery.model import to_json

    rows: list[tuple[object, ...]] = []
    for probe, observation in wiring.identify(probes, references):
        if json:
            render.json_line({"probe": str(probe), **to_json(observation)})
            continue
        best = observation.witnesses[:3]
        rows += [
            (
                probe.name,
                one.reference,
                one.kind,
                f"{round(-one.delay_s, 2) + 0.0:.2f} s",
                f"{one.speed:.3f}",
                f"10^{one.log10_lr:.1f}",
            )
            for one in best
        ]
        if not best:
            rows.append((probe.name, "none", observation.reason, "", "", ""))
    if not json:
        render.table(("probe", "reference", "by", "at", "speed", "likelihood ratio"), rows)
