"""The sources of new references: an id and its media for each, in order."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import InputError, MandateError
from cautery.model import Mandate, OwnLocation
from cautery.packed import plain_name
from cautery.workflows.identification.media_paths import media_in
from cautery.workflows.identification.reference_map import LONGEST_ID, Row, is_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One reference to be.

    Parameters
    ----------
    id : str
        The channel's.
    files : tuple of Path
        Consecutive media, in order; empty when it is a feed.
    url : str or None
        Of a live feed, or of a recording on a server.
    event, licensee, clean, territory
        As in :class:`~cautery.workflows.identification.reference_map.Row` and the mandate.
    work : bool
        Of a URL: a recording, taken whole.
    """

    id: str
    files: tuple[Path, ...] = ()
    url: str | None = None
    event: str | None = None
    licensee: str | None = None
    clean: bool = False
    territory: str | None = None
    work: bool = False


def sources_of(
    told: Sequence[str], *, rows: Sequence[Row] = (), mandate: Mandate | None = None
) -> tuple[Source, ...]:
    """Return the references that are asked for.

    A file's stem and a folder's name is the id unless ``rows`` say otherwise; with rows and
    nothing told, all rows are taken. Rows of one id are consecutive media of one reference.

    Parameters
    ----------
    told : sequence of str
        Files, folders and URLs.
    mandate : Mandate or None
        Without one, no URL is taken.

    Raises
    ------
    MandateError
        If a URL is no reference in the mandate, or there is none.
    InputError
        If something is not there, is no media, or two things would have one id.
    """
    mapped = {row.place: row for row in rows}
    if not told:
        told = [str(row.place) for row in rows]
    if not told:
        raise InputError("no reference given", hint="Name files, folders or URLs, or --map.")
    sources: dict[str, Source] = {}
    came: dict[str, str] = {}
    used_places: set[Path | str] = set()
    for place in told:
        for source, of_map in _sources(place, mapped, mandate):
            places: set[Path | str] = {*source.files, *([source.url] if source.url else [])}
            if places <= used_places:
                continue
            if places & used_places:
                raise InputError(f"{place}: part of it is named twice")
            used_places |= places
            earlier = sources.get(source.id)
            if earlier is None:
                sources[source.id], came[source.id] = source, place
            elif of_map and earlier.url is None and source.url is None:
                sources[source.id] = _joined(earlier, source)
            else:
                raise InputError(
                    f"{came[source.id]} and {place} would both get the id {source.id!r}; the "
                    "file name without its suffix is the id",
                    hint="Name them in a --map ids.csv (path,channel,event,feed).",
                )
    return tuple(sources.values())


def _sources(
    place: str, mapped: dict[Path | str, Row], mandate: Mandate | None
) -> list[tuple[Source, bool]]:
    """Return the references of one argument, each with whether the map named it."""
    if is_url(place):
        source = _of_url(place, mandate)
        row = mapped.get(place)
        return [(source if row is None else _named(row, url=place, like=source), row is not None)]
    # A link's own name is the id, and not that of what it leads to; `.` has no name of its own.
    name, path = Path(os.path.abspath(place)), Path(os.path.realpath(place))  # noqa: PTH100 - keeps links
    row = mapped.get(path)
    if path.is_file() or (name.is_symlink() and not path.exists()):  # a link to nothing is told
        if row is None:
            return [(Source(id=_id(plain_name(name).stem, place), files=(path,)), False)]
        return [(_named(row, files=(path,)), True)]
    if not path.is_dir():
        what = "neither a file nor a folder" if path.exists() else "no such file or folder"
        raise InputError(f"{place}: {what}")
    inside = media_in(path)
    if not inside:
        below = any(entry.is_dir() for entry in path.iterdir())
        raise InputError(
            f"{place}: the folder contains no media",
            hint=f"If its subfolders are the channels, name them: {place.rstrip('/')}/*"
            if below
            else "Media files are recognised by their suffix, such as .ts, .mp4, .mkv, .wav, .ogg.",
        )
    if row is not None:
        return [(_named(row, files=inside), True)]
    if not any(file in mapped for file in inside):
        return [(Source(id=_id(name.name, place), files=inside), False)]
    # Where a map names the files of a folder, the folder is a shelf and no channel.
    return [
        (_named(mapped[file], files=(file,)), True)
        if file in mapped
        else (Source(id=_id(plain_name(file).stem, str(file)), files=(file,)), False)
        for file in inside
    ]


def _id(name: str, place: str) -> str:
    """Return a file's or folder's name as an id, accents composed: macOS takes them apart."""
    if not name.strip() or len(name) > LONGEST_ID or not name.isprintable():
        raise InputError(
            f"{place}: its name cannot be an id; an id is one printable line of at most "
            f"{LONGEST_ID} characters",
            hint="Name it in a --map ids.csv (path,channel,event,feed).",
        )
    return unicodedata.normalize("NFC", name)


def _named(
    row: Row, *, files: tuple[Path, ...] = (), url: str | None = None, like: Source | None = None
) -> Source:
    return Source(
        id=row.id,
        files=files,
        url=url,
        event=row.event,
        licensee=row.licensee,
        clean=row.clean,
        territory=like.territory if like else None,
        work=like.work if like else False,
    )


def _joined(first: Source, second: Source) -> Source:
    return Source(
        id=first.id,
        files=first.files + second.files,
        event=first.event,
        licensee=first.licensee,
        clean=first.clean,
        territory=first.territory,
    )


def _of_url(url: str, mandate: Mandate | None) -> Source:
    """Return what a URL is in the mandate: no mandate, no fetch."""
    if mandate is None:
        raise MandateError(
            f"{OwnLocation(url)}: a URL is fetched only under a mandate",
            hint="Give --mandate MANDATE.toml; files need none.",
        )
    for event in mandate.events:
        if event.clean_feed == OwnLocation(url):
            return Source(id=f"event:{event.id}", url=url, event=event.id, clean=True)
    for channel in mandate.channels:
        if channel.reference == OwnLocation(url):
            return Source(
                id=channel.id,
                url=url,
                event=channel.event,
                licensee=channel.id if channel.event else None,
                territory=channel.territory,
            )
    for work in mandate.works:
        if work.reference == OwnLocation(url):
            return Source(id=work.id, url=url, work=True)
    raise MandateError(
        f"{OwnLocation(url)}: the mandate {mandate.id!r} does not name this URL as a reference",
        hint="Add it as reference of a [[channel]] or [[work]], or as clean_feed of an [[event]].",
    )
