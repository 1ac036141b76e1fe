"""Takes a fact file in its own public format into a facts folder, whole or not at all.

Reaches: the local file system only: one file that the analyst has, and the facts folder.

Lawful basis: published lists, and passive DNS that the analyst is licensed to hold; each list
keeps its own licence. No viewer's data.

Manners: the file is read once and left as it is; in the folder only the fact's own file and its
table in ``facts.toml`` change, each replaced in one step.

Format: AWS ``ip-ranges.json``; GCP, Azure (service tags), Fastly and Cloudflare JSON; text lists
of ranges; CSV as in the shared data; ``public_suffix_list.dat``; ranked top lists (Tranco,
Umbrella); passive DNS as CSV or in the Common Output Format (NDJSON); certificates' names as CSV;
``list.json`` of misp-warninglists.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cautery.adapters._fact_files import KNOWN, ROLES, inventory, text_of
from cautery.adapters._fact_formats import CLASSES, import_text
from cautery.adapters._files import ordinary_mode, write_whole
from cautery.adapters._imported import Imported
from cautery.errors import InputError
from cautery.model.toml import simple_toml
from cautery.packed import require_file

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TABLE = re.compile(r"\s*\[")
TOP = 10_000
"""So many of a ranked list count as popular, as in the shared data (Tranco, Majestic)."""
_VALID_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What was taken in."""

    name: str
    kind: str
    format: str
    path: Path
    rows: int
    broken: int
    date: date
    date_from: str
    valid_days: int


def add_fact(
    file: Path,
    folder: Path,
    *,
    name: str,
    now: datetime,
    dated: date | None = None,
    valid_days: int | None = None,
    kind: str = "",
    top: int = TOP,
) -> Added:
    """Read a file and put it into the folder under a name, with its date and validity.

    Parameters
    ----------
    name : str
        A known fact (``ranges``, ``popular``, ``passive-dns`` ...), which it replaces, or any
        other, which is read beside the known one of its kind.
    dated : date or None
        The day the file is of; without it the file's own word, else when it was written.
    kind : str
        Of a bare list: what it lists; of ranges: how they are shared.

    Raises
    ------
    InputError
        If file, name or date cannot be used; the folder is as it was then.
    StorageError
        If it cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"--name {name!r}: use only lower-case letters, digits, - and _")
    if kind and kind not in CLASSES and kind not in ROLES:
        raise InputError(
            f"--kind {kind!r}: expected one of {', '.join(sorted({*CLASSES, *ROLES}))}"
        )
    require_file(file)
    standard = KNOWN.get(name)
    share = kind if kind in CLASSES else ""
    wanted_kind = "" if kind in CLASSES else kind or (standard.kind if standard else "")
    wanted_kind = "certificates" if name == "certificates" else wanted_kind
    try:
        imported = import_text(text_of(file), name=name, kind=wanted_kind, share=share, top=top)
    except InputError as error:
        raise InputError(f"{file}: {error}", hint=error.hint) from error
    if standard is not None and ROLES.get(imported.kind, imported.kind) != ROLES.get(
        standard.kind, standard.kind
    ):
        raise InputError(f"{file} is {imported.format}, but {name} has the kind {standard.kind}")
    if standard is None and imported.kind not in ROLES:
        names = sorted(
            fact_name for fact_name, standard in KNOWN.items() if standard.kind == imported.kind
        )
        raise InputError(
            f"{file}: {imported.format} needs its known name as --name",
            hint=f"Use one of {', '.join(names)}.",
        )
    day, said_by = _day_of(file, imported, dated, now)
    days = valid_days if valid_days is not None else _days(name, imported.kind)
    file_name = standard.file if standard is not None else f"{name}.csv"
    path = folder / file_name
    folder.mkdir(parents=True, exist_ok=True)
    inventory(folder)  # what is wrong with the folder is said before anything changes
    entry = {"path": file_name, "kind": imported.kind, "date": day, "valid_days": days}
    table = _edited(folder / "facts.toml", name, entry)
    write_whole(path, _content(imported), mode=ordinary_mode())
    write_whole(folder / "facts.toml", table, mode=ordinary_mode())
    return Added(
        name=name,
        kind=imported.kind,
        format=imported.format,
        path=path,
        rows=len(imported.rows) or imported.text.count("\n"),
        broken=imported.broken,
        date=day,
        date_from=said_by,
        valid_days=days,
    )


def _day_of(file: Path, imported: Imported, dated: date | None, now: datetime) -> tuple[date, str]:
    day, said_by = dated, "as given"
    if day is None:
        day, said_by = imported.date, "as the file says"
    if day is None:
        day = datetime.fromtimestamp(file.stat().st_mtime, UTC).date()
        said_by = "when the file was written; --date is more exact"
    if day > now.date() + timedelta(days=1):
        raise InputError(
            f"{file}: {day} ({said_by}) is in the future", hint="Give the right day with --date."
        )
    return day, said_by


def _days(name: str, kind: str) -> int:
    standard = KNOWN.get(name) or KNOWN.get(ROLES.get(kind, ""))
    return standard.valid_days if standard is not None else _VALID_DAYS


def _content(imported: Imported) -> bytes:
    if imported.text:
        return imported.text.encode()
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(imported.header)
    writer.writerows(imported.rows)
    return out.getvalue().encode("utf-8", "replace")


def _edited(path: Path, name: str, entry: dict[str, object]) -> bytes:
    """Return ``facts.toml`` with one table replaced, and everything else as it was."""
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text") from error
    lines: list[str] = []
    in_table = False
    for line in text.splitlines():
        if _TABLE.match(line):
            in_table = re.sub(r"[\s\"']", "", line).partition("#")[0] == f"[facts.{name}]"
        if not in_table:
            lines.append(line)
    while lines and not lines[-1].strip():
        lines.pop()
    lines += [""] if lines else []
    lines += [f"[facts.{name}]", f'path = "{entry["path"]}"', f'kind = "{entry["kind"]}"']
    lines += [f"date = {entry['date']}", f"valid_days = {entry['valid_days']}", ""]
    edited = "\n".join(lines)
    try:
        before = simple_toml(text)
    except ValueError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    expected = {**before, "facts": {**before.get("facts", {}), name: entry}}
    try:
        same = simple_toml(edited) == expected
    except ValueError:
        same = False
    if not same:
        raise InputError(
            f"{path}: [facts.{name}] is written in a form that this command cannot edit",
            hint="Remove that table by hand, then run this command again.",
        )
    return edited.encode()
