"""``cautery resolve``: which of my rights does this title offer?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.errors import InputError


def resolve(
    titles: Annotated[
        Path, typer.Argument(help="A playlist, a CSV with a title column, or lines.")
    ],
    catalogue: Annotated[
        Path, typer.Option(help="A mandate.toml, or a CSV in iptv-org's layout (.xz, .gz too).")
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
    from cautery.catalogue import Catalogue, Resolver
    from cautery.workflows.read_mandate import read_mandate
    from cautery.workflows.read_titles import read_titles

    if not catalogue.is_file():
        raise InputError(f"{catalogue}: no such file")
    mine = (
        Catalogue.of(read_mandate(catalogue, now=wiring.clock().now()))
        if catalogue.suffix == ".toml"
        else Catalogue.read_csv(catalogue)
    )
    resolver = Resolver(mine)
    rows = []
    for title in read_titles(titles):
        found = resolver.resolve(title, country=country)
        if json:
            render.json_line(
                {
                    "title": title,
                    "id": found.right,
                    "probability": found.probability,
                    "best": found.best,
                    "runner_up": found.runner_up,
                    "why": found.why,
                }
            )
        else:
            rows.append((title, found.right or "-", f"{found.probability:.2f}", found.why))
    if not json:
        render.table(("title", "id", "probability", "why"), rows)
