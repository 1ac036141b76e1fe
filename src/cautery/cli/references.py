"""``cautery references``: fingerprint reference media and feeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.cli._schema import schema_option
from cautery.cli._verbs import Verbs
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.identify.plot import clock
from cautery.identify.references.opening import load as load_references
from cautery.model import Mandate
from cautery.wiring import identification
from cautery.workflows.identification.reading import Built
from cautery.workflows.identification.reference_info import held_line, held_schema, state_of
from cautery.workflows.identification.reference_map import read_map
from cautery.workflows.identification.sources import Source, sources_of
from cautery.workflows.mandate.read import read_mandate

app = typer.Typer(cls=Verbs, no_args_is_help=True, help="Fingerprint reference media and feeds.")


def _schema() -> dict[str, Any]:

    return held_schema()


@app.command()
def build(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders (consecutive media of one channel), or URLs."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The .ref file to write; with --live, a folder."),
    ] = None,
    map: Annotated[
        Path | None,
        typer.Option(help="CSV of path,channel,event,feed; without it, ids are file names."),
    ] = None,
    mandate: Annotated[
        Path | None, typer.Option(help="Mandate that names these URLs as references.")
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Run until Ctrl-C, and keep the newest part of each feed."),
    ] = False,
    window: Annotated[
        str, typer.Option(help="Length of each feed to keep, such as 10m, 90s or 1h.")
    ] = "10m",
    append: Annotated[
        bool, typer.Option("--append", help="Add to the .ref file instead of replacing it.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing if any source cannot be read.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=1, max=64, help="Number of sources to read at the same time.")
    ] = 2,
) -> None:
    """Fingerprint files, folders of segments, and feeds as references.

    The channel's id is the name of the folder, or of the file without its ending. Media files in a
    folder are read in name order, one after another. A URL (HLS, udp://, srt://) must be a
    reference in the mandate. If the command is stopped and started again, it continues where it
    stopped. The exit code is 1 if a source could not be read; the others are built.

    Example: cautery references build films/*.mp4 channels/* -o league.ref
    """
    if out is None:
        raise InputError("build needs -o", hint="cautery references build PATH... -o league.ref")
    rows = read_map(map) if map is not None else ()
    checked = _mandate(mandate)
    sources = sources_of(paths or (), rows=rows, mandate=checked)
    feeds = [source for source in sources if source.url is not None]
    if live and not feeds:
        raise InputError("--live needs a URL", hint="Files do not grow: omit --live.")
    if feeds:
        _feeds(feeds, sources, out, checked, live=live, window_s=seconds_of(window), append=append)
        return
    _files(sources, out, strict=strict, append=append, jobs=jobs)


def _mandate(path: Path | None) -> Mandate | None:
    if path is None:
        return None

    return read_mandate(path, now=wiring.clock().now())


def _files(
    sources: tuple[Source, ...], out: Path, *, strict: bool, append: bool, jobs: int
) -> None:

    with Progress("reading", len(sources)) as progress:

        def tell(source: Built) -> None:
            progress.step()
            progress.say(in_words(source))

        built = identification.build_references(
            sources,
            out,
            strict=strict,
            append=append,
            jobs=jobs,
            on_built=tell,
            on_heard=lambda name, seconds: progress.doing(f"{name} {seconds / 60:.0f} min"),
        )
    usable = [source for source in built if source.held]
    minutes = sum(source.seconds for source in usable) / 60
    size = out.stat().st_size / 1e6
    render.say(f"{out}: {counted(len(usable), 'reference')}, {minutes:.1f} min, {size:.1f} MB")
    wrong = [source.id for source in built if source.failures]
    if wrong:
        render.say(f"could not be read completely: {', '.join(wrong)}")
        raise typer.Exit(1)


def _feeds(
    feeds: list[Source],
    sources: tuple[Source, ...],
    out: Path,
    mandate: Mandate | None,
    *,
    live: bool,
    window_s: float,
    append: bool,
) -> None:

    if len(feeds) != len(sources) or append:
        raise InputError(
            "feeds and files need separate references",
            hint="Build the files into one .ref and the URLs into another, without --append.",
        )
    assert mandate is not None
    if live:
        render.say(f"{len(feeds)} feeds into {out}, until Ctrl-C")
    silent = identification.build_live(
        feeds, out, mandate, rolling=live, window_s=window_s, told=render.say
    )
    if silent:
        render.say(f"no reference could be made of: {', '.join(silent)}")
        raise typer.Exit(1)


def in_words(one: Built) -> str:
    """Return the line of one source: id, minutes, codecs, warnings."""
    if not one.held:
        why = "; ".join(one.failures) or "nothing to fingerprint"
        return f"{one.id}: left out: {why}"
    parts = [f"{one.id}: {one.seconds / 60:.1f} min"]
    if one.files > 1:
        parts.append(f"{one.files} files")
    parts += one.codecs
    if one.kept:
        parts.append("already there")
    line = ", ".join(parts)
    if one.failures or one.warnings:
        line += "; " + "; ".join(
            [*(f"left out: {failure}" for failure in one.failures), *one.warnings]
        )
    return line


def seconds_of(text: str) -> float:
    """Read a length of time.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> seconds_of("10m"), seconds_of("90s"), seconds_of("1h")
    (600.0, 90.0, 3600.0)
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = text[:-1], text[-1:].lower()
    if text.isdigit():
        number, unit = text, "s"
    if unit not in units or not number.replace(".", "", 1).isdigit():
        raise InputError(f"--window: {text!r} is not a length of time", hint="Write 10m or 90s.")
    return float(number) * units[unit]


@app.command()
@render.tabular
def info(
    path: Annotated[Path, typer.Argument(help="A .ref file, or the folder of live references.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
    schema: Annotated[bool, schema_option(_schema)] = False,  # noqa: ARG001 - answered before
) -> None:
    """List the references in a file or folder, and the recipe that made them.

    Example: cautery references info league.ref
    """
    references = load_references(path)
    line = held_line(references, path, now=wiring.clock().now())
    if json:
        render.json_line(line)
        return
    folder = path.is_dir()
    heads = ("reference", "kind", "event", "feed", "sound", "pictures", "from")
    hours, size = line["seconds"] / 3600, line["bytes"] / 1e6
    render.table(
        (*heads, "state") if folder else heads,
        (
            (
                reference["id"],
                "recording" if reference["kind"] == "work" else "live",
                reference["event"],
                reference["feed"],
                "none"
                if reference["span_s"] is None
                else clock(reference["span_s"][1] - reference["span_s"][0]),
                "none"
                if reference["pictures_s"] is None
                else clock(reference["pictures_s"][1] - reference["pictures_s"][0]),
                ""
                if reference["span_s"] is None or reference["kind"] == "work"
                else clock(reference["span_s"][0]),
                *([state_of(reference)] if folder else []),
            )
            for reference in line["references"]
        ),
        title=f"{line['count']:,} of at most {line['most']['count']:,} references, {hours:.1f} h, "
        f"{size:,.1f} MB, recipe {references.recipe.name}",
    )
