"""``cautery resolve``: which of my rights does this title offer?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cautery.cli import render

if TYPE_CHECKING:
    from cautery.catalogue import Guess, Resolution


def resolve(
    titles: Annotated[
        Path, typer.Argument(help="A playlist, a CSV with a title column, or lines.")
    ],
    catalogue: Annotated[
        Path,
        typer.Option(help="A mandate.toml, or a CSV in iptv-org's layout (.gz, .xz, .zst too)."),
    ],
    country: Annotated[
        str | None, typer.Option(help="Where the titles are from, such as FR.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Resolve noisy titles to catalogue ids, or to none of mine.

    Example: cautery resolve list.m3u --catalogue channels.csv.xz --country FR
    """
    from cautery import wiring
    from cautery.catalogue import Resolver
    from cautery.workflows.read_catalogue import read_catalogue
    from cautery.workflows.read_titles import read_titles

    resolver = Resolver(read_catalogue(catalogue, now=wiring.clock().now()))
    found = resolver.resolve_all(read_titles(titles, country=country))
    if json:
        for one in found:
            render.json_line(_record(one))
        return
    rows = (
        (one.listing.title, one.right or "-", f"{one.probability:.2f}", one.why) for one in found
    )
    render.table(("title", "id", "probability", "why"), rows)


def _record(found: Resolution) -> dict[str, Any]:
    return {
        "title": found.listing.title,
        "id": found.right,
        "probability": round(found.probability, 4),
        "best": _guess(found.best),
        "runner_up": _guess(found.runner_up),
        "why": found.why,
    }


def _guess(guess: Guess | None) -> dict[str, Any] | None:
    return None if guess is None else {"id": guess.id, "probability": round(guess.probability, 4)}
