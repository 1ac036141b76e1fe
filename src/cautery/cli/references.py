"""``cautery references``: fingerprint reference media."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render

app = typer.Typer(no_args_is_help=True, help="Fingerprint reference media into a .ref file.")


@app.command()
def build(
    paths: Annotated[list[Path], typer.Argument(help="Media files; a file's stem is its id.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The .ref file to write.")],
) -> None:
    """Fingerprint media files as references.

    Example: cautery references build films/*.mp4 -o league.ref
    """
    from cautery import wiring

    for name, seconds in wiring.build_references(paths, out):
        render.say(f"{name}: {seconds / 60:.1f} min")
    render.say(f"{out}: {len(paths)} reference{'' if len(paths) == 1 else 's'}")


@app.command()
def info(
    path: Annotated[Path, typer.Argument(help="A .ref file.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Say what a .ref file holds and by which recipe it was made.

    Example: cautery references info league.ref
    """
    from dataclasses import asdict

    from cautery.identify.references import References

    held = References.load(path)
    rows = [(one.id, one.kind, one.event, held.span(one.id)) for one in held.infos]
    if json:
        render.json_line(
            {
                "recipe": asdict(held.recipe),
                "references": [
                    {"id": name, "kind": kind, "event": event, "span_s": span}
                    for name, kind, event, span in rows
                ],
            }
        )
        return
    render.table(
        ("reference", "kind", "event", "sound held"),
        (
            (name, kind, event or "", "none" if span is None else f"{span[1] - span[0]:.1f} s")
            for name, kind, event, span in rows
        ),
        title=f"recipe {held.recipe.name}",
    )
