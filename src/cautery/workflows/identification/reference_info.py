"""What references hold, as the line that ``cautery references info --json`` prints."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, get_args

from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.held import References
from cautery.identify.references.info import Kind, ReferenceInfo


def held_line(references: References) -> dict[str, Any]:
    """Return the recipe, and of each reference what it is and since when it is held."""
    return {
        "recipe": asdict(references.recipe),
        "references": [_one(references, info) for info in references.infos],
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
    }
    recipe = [field.name for field in fields(Recipe)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of cautery references info --json",
        "type": "object",
        "properties": {
            "recipe": {
                "type": "object",
                "properties": {name: {"type": "number"} for name in recipe},
                "required": recipe,
                "additionalProperties": False,
            },
            "references": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": kinds,
                    "required": list(kinds),
                    "additionalProperties": False,
                },
            },
        },
        "required": ["recipe", "references"],
        "additionalProperties": False,
    }


def _one(references: References, info: ReferenceInfo) -> dict[str, Any]:
    span = references.span(info.id)
    pictures = references.pictures(info.id)
    return {
        "id": info.id,
        "kind": info.kind,
        "event": info.event,
        "feed": "clean" if info.clean else info.event and (info.licensee or info.id),
        "span_s": None if span is None else list(span),
        "pictures_s": None
        if pictures is None
        else [float(pictures.times[0]), float(pictures.times[-1])],
    }
