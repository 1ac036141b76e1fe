"""Read overrides from a file, and the targets that an earlier run allowed."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from pathlib import Path

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import Override
from cautery.model.times import to_utc
from cautery.model.toml import simple_toml
from cautery.packed import bounded, chunks_of, require_file
from cautery.workflows.guard.judge import spelt

_MAX_BYTES = 1_000_000
_MAX_LINE = 1_000_000
_MOST_ALLOWED, _MOST_ALLOWED_BYTES = 400_000, 512 << 20
"""Lines and bytes of an earlier run, read one line at a time: seven seconds."""
_KEYS = {"target", "by", "reason", "at", "until"}
_MAY = {"bystanders"}


def read_overrides(path: Path) -> dict[str, Override]:
    """Return the overrides of a TOML file, by target.

    Each is a table ``[[override]]`` with ``target``, ``by`` (two names), ``reason``, ``at`` and
    ``until`` (at most a day later), and perhaps ``bystanders`` (at most so many).

    Raises
    ------
    InputError
        If the file cannot be read, or one is not as it must be.
    """
    require_file(path)
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
        table = simple_toml(text.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a valid file of overrides ({error})") from error
    overrides: dict[str, Override] = {}
    listed = table.get("override", [])
    if len(text) > _MAX_BYTES or not isinstance(listed, list) or set(table) - {"override"}:
        raise InputError(f"{path}: only tables [[override]] are allowed")
    for number, row in enumerate(listed, 1):
        where = f"{path}: override {number}"
        if not isinstance(row, dict) or not _KEYS <= set(row) <= _KEYS | _MAY:
            raise InputError(f"{where}: expected the keys {', '.join(sorted(_KEYS))}")
        by, at, until = row["by"], row["at"], row["until"]
        if not (isinstance(by, list) and all(isinstance(name, str) for name in by)):
            raise InputError(f"{where}: by must be a list of names")
        if not all(isinstance(moment, datetime) and moment.tzinfo for moment in (at, until)):
            raise InputError(f"{where}: at and until must be times such as 2026-08-22T20:00:00Z")
        if not (isinstance(row["target"], str) and isinstance(row["reason"], str)):
            raise InputError(f"{where}: target and reason must be text")
        bystanders = row.get("bystanders")
        if bystanders is not None and (
            not isinstance(bystanders, int) or isinstance(bystanders, bool)
        ):
            raise InputError(f"{where}: bystanders must be a whole number")
        override = Override(
            target=spelt(row["target"]),
            by=tuple(by),
            reason=row["reason"],
            at=to_utc(f"{where}: at", at),
            until=to_utc(f"{where}: until", until),
            bystanders=bystanders,
        )
        overrides[override.target] = override
    return overrides


def read_allowed(path: Path) -> dict[str, str]:
    """Return until when each target was allowed, from the JSON lines of an earlier run.

    Raises
    ------
    InputError
        If a line is none of ``cautery guard --json``.
    """
    allowed: dict[str, str] = {}
    number, tail = 0, b""
    chunks = bounded(
        chunks_of(path), most_bytes=_MOST_ALLOWED_BYTES, most_lines=_MOST_ALLOWED, named=str(path)
    )
    for chunk in chain(chunks, (b"\n",)):
        *lines, tail = (tail + chunk).split(b"\n")
        if len(tail) > _MAX_LINE:
            raise InputError(f"{path}: line {number + 1} is not complete")
        for line in lines:
            number += 1
            if not line.strip():
                continue
            try:
                row = parsed_json(line)
                target, verdict, until = row["target"], row["verdict"], row["valid_until"]
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(
                    f"{path}: line {number} is not a line of cautery guard --json"
                ) from error
            if verdict == "allow":
                allowed[spelt(str(target))] = str(until)
    return allowed
