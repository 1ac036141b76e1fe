"""Read files of exhibits, custody and findings: TOML tables or JSON lines, checked by member."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import CustodyEntry, SeizedExhibit, from_json, to_utc
from cautery.model.photograph import MAX_PHOTO_BYTES
from cautery.model.toml import parsed_toml
from cautery.operation.findings import CrimeFinding
from cautery.packed import content_of, lines_in, plain_name

MAX_BYTES = 64 << 20
MAX_ROWS = 200_000
_LONGEST_LINE = 1 << 18
"""Bytes of an exhibit, a link or a finding; its photograph lies beside the file."""
MAX_PHOTOS = 256 << 20
"""Bytes of all photographs of one file, unpacked: they are in memory together."""
T = TypeVar("T")


def read_exhibits(
    path: Path,
) -> tuple[tuple[SeizedExhibit, CustodyEntry | None, bytes | None], ...]:
    """Read exhibits: TOML with one ``[[exhibit]]`` each, or JSON lines.

    Members are those of an exhibit; ``photo`` names a picture beside the file.

    Raises
    ------
    InputError
        Naming the entry and what is wrong with it.
    """
    exhibits, photos, left = [], dict[Path, bytes](), MAX_PHOTOS
    for place, row in enumerate(_rows(path, "exhibit"), 1):
        name, photo = row.pop("photo", None), None
        exhibit = _noun(SeizedExhibit, path, place, row)
        if name is not None:
            beside = _beside(path, place, name)
            if beside not in photos:
                photos[beside] = content_of(beside, most=MAX_PHOTO_BYTES)
                left -= len(photos[beside])
            if left < 0:
                raise InputError(
                    f"{path}: entry {place}: the photographs have over {MAX_PHOTOS >> 20} MiB",
                    hint="Register these exhibits by several files.",
                )
            photo = photos[beside]
        exhibits.append((exhibit, None, photo))
    if not exhibits:
        raise InputError(f"{path}: the file has no exhibit")
    return tuple(exhibits)


def read_links(path: Path) -> tuple[CustodyEntry, ...]:
    """Read links of custody: TOML with one ``[[link]]`` each, or JSON lines.

    Raises
    ------
    InputError
        Naming the entry and what is wrong with it.
    """
    links = tuple(
        _noun(CustodyEntry, path, place, row) for place, row in enumerate(_rows(path, "link"), 1)
    )
    if not links:
        raise InputError(f"{path}: the file has no custody link")
    return links


def read_findings(path: Path, *, by: str, now: datetime) -> tuple[CrimeFinding, ...]:
    """Read links to other crimes: JSON lines or ``[[finding]]``; ``by`` and ``at`` have defaults.

    Raises
    ------
    InputError
        Naming the entry and what is wrong with it.
    """
    return tuple(
        _noun(CrimeFinding, path, place, {"by": by, "at": now} | row)
        for place, row in enumerate(_rows(path, "finding"), 1)
    )


def _rows(path: Path, table: str) -> Iterator[dict[str, Any]]:
    content = content_of(path, most=MAX_BYTES).removeprefix(BOM_UTF8)
    is_toml = plain_name(path).suffix == ".toml"
    rows = _of_toml(path, content, table) if is_toml else _of_lines(path, content)
    for place, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise InputError(f"{path}: entry {place} is not a table")
        if place > MAX_ROWS:
            raise InputError(f"{path}: more than {MAX_ROWS:,} entries")
        yield {
            name: to_utc(f"entry {place}: {name}", value) if isinstance(value, datetime) else value
            for name, value in row.items()
        }


def _of_toml(path: Path, content: bytes, table: str) -> list[Any]:
    try:
        parsed = parsed_toml(content.decode())
    except (ValueError, RecursionError) as error:
        raise _unread(path, error) from error
    rows = parsed.get(table, [])
    if set(parsed) - {table} or not isinstance(rows, list):
        raise InputError(f"{path}: only [[{table}]] tables are allowed")
    return rows


def _of_lines(path: Path, content: bytes) -> Iterator[Any]:
    """Yield the values of JSON lines; of one line at a time they are in memory."""
    try:
        for line in lines_in(content, most=2 * MAX_ROWS, of="exhibits, links and findings"):
            if len(line) > _LONGEST_LINE:
                raise InputError(f"{path}: a line has over {_LONGEST_LINE:,} bytes")
            if line.strip():
                yield parsed_json(line)
    except ValueError as error:
        raise _unread(path, error) from error


def _unread(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: neither valid TOML nor JSON lines: {str(error)[:200]}")


def _noun(noun: type[T], path: Path, place: int, row: dict[str, Any]) -> T:
    fields = sorted(noun.__dataclass_fields__)  # type: ignore[attr-defined]
    unknown = sorted(set(row) - set(fields))
    if unknown:
        raise InputError(
            f"{path}: entry {place}: {unknown[0][:40]!r} is not known",
            hint="Known: " + ", ".join(fields) + ".",
        )
    try:
        return from_json(noun, row)
    except InputError as error:
        raise InputError(f"{path}: entry {place}: {error}", hint=error.hint or None) from error


def _beside(path: Path, place: int, name: Any) -> Path:
    if not isinstance(name, str):
        raise InputError(f"{path}: entry {place}: a photo must be the name of a file")
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(
            f"{path}: entry {place}: photo {name[:80]!r} must be in the same folder "
            "as the file of exhibits"
        )
    return path.parent / name
