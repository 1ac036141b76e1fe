"""``cautery resolve``: which of my rights does this title offer?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.catalogue import Guess, Resolution, Resolver, country_code
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.cli._schema import schema_option
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.messages import say
from cautery.workflows.files.catalogue import read_catalogue
from cautery.workflows.files.titles import read_titles

_MOST_ROWS = 200
"""Of a table; of longer lists only matched titles are shown, up to this; --json lists all."""


def _schema() -> dict[str, Any]:
    text, maybe = {"type": "string"}, {"type": ["string", "null"]}
    share = {"type": "number", "minimum": 0, "maximum": 1}
    guess = {
        "type": ["object", "null"],
        "properties": {"id": text, "probability": share},
        "required": ["id", "probability"],
    }
    kinds: dict[str, dict[str, Any]] = {
        "title": text,
        "id": maybe | {"description": "the catalogue's id; null: the title matches none"},
        "probability": share | {"description": "that the answer is right, also if it is null"},
        "best": guess | {"description": "the likeliest, accepted or not"},
        "runner_up": guess,
        "why": text | {"description": "in words"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": kinds,
        "required": list(kinds),
    }


@render.tabular
def resolve(
    titles: Annotated[
        Path,
        typer.Argument(help="Playlist, CSV with a title column, or lines; - for stdin."),
    ],
    catalogue: Annotated[
        Path,
        typer.Option(help="A mandate.toml, or a CSV in iptv-org's layout (also .gz, .xz, .zst)."),
    ],
    country: Annotated[str | None, typer.Option(help="Country of the titles, such as FR.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per title.")] = False,
    schema: Annotated[bool, schema_option(_schema)] = False,  # noqa: ARG001 - answered before
) -> None:
    """Resolve noisy titles to catalogue ids; a title may match none.

    Example: cautery resolve list.m3u --catalogue channels.csv.xz --country FR
    """
    if country is not None and country_code(country) is None:
        raise InputError(
            f"--country: {country[:40]!r} is not a known country",
            hint="Give two letters, such as FR, or a CSV of titles with a column country.",
        )
    render.say(f"loading {catalogue}")
    resolver = Resolver(read_catalogue(catalogue, now=wiring.clock().now()))
    tally = _Tally()
    with Progress("resolving titles", None) as bar:
        resolutions = tally.counted(
            bar.counted(resolver.resolve_all(read_titles(titles, country=country)))
        )
        if json:
            for resolution in resolutions:
                render.json_line(_record(resolution))
        elif render.streams():
            render.table(_COLUMNS, map(_row, resolutions))
        else:
            tally.keep(resolutions)
    row_count = tally.count if tally.kept is None else len(tally.kept)
    if tally.kept is not None:
        render.table(_COLUMNS, map(_row, tally.kept))
    remark = "" if row_count == tally.count else f"; {row_count:,} shown, --json lists all"
    render.say(
        f"{counted(tally.count, 'title')}: {tally.matched:,} matched, "
        f"{tally.count - tally.matched:,} not matched{remark}"
    )


_COLUMNS = ("title", "id", "probability", "why")


class _Tally:
    """What a run counts, and the few resolutions that a terminal shows."""

    def __init__(self) -> None:
        self.count = self.matched = 0
        self.kept: list[Resolution] | None = None

    def counted(self, resolutions: Iterable[Resolution]) -> Iterator[Resolution]:
        """Yield resolutions, and count them."""
        for resolution in resolutions:
            self.count += 1
            self.matched += resolution.right is not None
            yield resolution

    def keep(self, resolutions: Iterable[Resolution]) -> None:
        """Keep the first if they are few, else the first that matched."""
        first: list[Resolution] = []
        matched: list[Resolution] = []
        for resolution in resolutions:
            if self.count <= _MOST_ROWS:
                first.append(resolution)
            if resolution.right is not None and len(matched) < _MOST_ROWS:
                matched.append(resolution)
        self.kept = first if self.count <= _MOST_ROWS else matched


def _row(resolution: Resolution) -> tuple[str, ...]:
    return (
        resolution.listing.title,
        resolution.right or "-",
        f"{resolution.probability:.2f}",
        say(resolution.why),
    )


def _record(resolution: Resolution) -> dict[str, Any]:
    return {
        "title": resolution.listing.title,
        "id": resolution.right,
        "probability": round(resolution.probability, 4),
        "best": _guess(resolution.best),
        "runner_up": _guess(resolution.runner_up),
        "why": say(resolution.why),
    }


def _guess(guess: Guess | None) -> dict[str, Any] | None:
    return None if guess is None else {"id": guess.id, "probability": round(guess.probability, 4)}
