"""What references hold, as the line that ``cautery references info --json`` prints."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from cautery.fingerprint.index import MOST_REFERENCES
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.checked import LONGEST_WORK_S
from cautery.identify.references.container import MOST_BYTES
from cautery.identify.references.held import References
from cautery.identify.references.info import Kind, ReferenceInfo

STALLED_S = 30.0
"""A live reference that has had nothing new for so long stalls, or nobody writes its folder."""


def held_line(references: References, path: Path, *, now: datetime) -> dict[str, Any]:
    """Return the recipe, how much is held, and of each reference what it is and since when.

    Parameters
    ----------
    path : Path
        The file or the live folder that holds them.
    now : datetime
        For how long a live reference has been silent.
    """
    live_at = now if path.is_dir() else None
    files = [path] if live_at is None else [entry for entry in path.iterdir() if entry.is_file()]
    held = [_one(references, info, live_at) for info in references.infos]
    return {
        "recipe": asdict(references.recipe),
        "count": len(held),
        "seconds": round(sum(_seconds(reference) for reference in held), 3),
        "bytes": sum(file.stat().st_size for file in files),
        "most": {
            "count": MOST_REFERENCES,
            "bytes": MOST_BYTES,
            "seconds_of_a_work": LONGEST_WORK_S,
        },
        "references": held,
    }


def held_schema() -> dict[str, Any]:
    """Return the JSON Schema of the line."""
    maybe = {"type": ["string", "null"]}
    span = {
        "type": ["array", "null"],
        "items": {"type": "number"},
        "minItems": 2,
        "maxItems": 2,
    }
    kinds: dict[str, dict[str, Any]] = {
        "id": {"type": "string"},
        "kind": {
            "enum": list(get_args(Kind)),
            "description": "work: a recording; the others are live",
        },
        "event": maybe,
        "feed": maybe | {"description": "the feed of the event: clean, or the licensee"},
        "span_s": span | {"description": "reference times between which sound is held, seconds"},
        "pictures_s": span
        | {"description": ("reference times of the first and the last held picture, seconds")},
        "silent_s": {
            "type": ["number", "null"],
            "description": "seconds since its newest media, by this machine's clock; null: not in "
            "a live folder, or nothing was ever received",
        },
        "notes": {
            "type": "array",
            "items": _object(
                {
                    "at": {"type": "string", "format": "date-time"},
                    "text": {"type": "string"},
                }
            ),
            "description": "what befell a feed lately: a stall, a jump, an error",
        },
    }
    number = {"type": "number"}
    whole = {"type": "integer"}
    line = _object(
        {
            "recipe": _object({field.name: number for field in fields(Recipe)}),
            "count": whole | {"description": "references held"},
            "seconds": number | {"description": "media held, of all references together"},
            "bytes": whole | {"description": "size of the file, or of the folder's files"},
            "most": _object({"count": whole, "bytes": whole, "seconds_of_a_work": number})
            | {"description": "the most that one file can hold"},
            "references": {"type": "array", "items": _object(kinds)},
        }
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of cautery references info --json",
        **line,
    }


def state_of(reference: dict[str, Any]) -> str:
    """Say how a live reference of a line does, and what befell it last."""
    silent_s = reference["silent_s"]
    if silent_s is None:
        state = "nothing received"
    elif silent_s >= STALLED_S:
        state = f"stalled: nothing new for {silent_s:.0f} s"
    else:
        state = "runs"
    last = reference["notes"][-1:]
    return "; ".join([state, *(f"{note['at'][11:19]}Z {note['text']}" for note in last)])


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _one(references: References, info: ReferenceInfo, live_at: datetime | None) -> dict[str, Any]:
    span = references.span(info.id)
    pictures = references.pictures(info.id)
    shown = None if pictures is None else [float(pictures.times[0]), float(pictures.times[-1])]
    newest_s = max([*(span or ())[1:], *(shown or ())[1:]], default=None)
    silent_s = None
    if live_at is not None and newest_s is not None:
        silent_s = round(max(0.0, live_at.timestamp() - newest_s), 1)
    return {
        "id": info.id,
        "kind": info.kind,
        "event": info.event,
        "feed": "clean" if info.clean else info.event and (info.licensee or info.id),
        "span_s": None if span is None else list(span),
        "pictures_s": shown,
        "silent_s": silent_s,
        "notes": [
            {"at": datetime.fromtimestamp(note.at_s, UTC).isoformat(), "text": note.text}
            for note in references.notes.get(info.id, ())
        ],
    }


def _seconds(reference: dict[str, Any]) -> float:
    """Return how much of a reference is held: of its sound, or else of its pictures."""
    start_s, end_s = reference["span_s"] or reference["pictures_s"] or (0.0, 0.0)
    return float(end_s) - float(start_s)
