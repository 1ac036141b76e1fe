"""The JSON Schema of a supply graph's file, as ``cautery plan --schema`` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cautery.plan.levers import LEVERS


def graph_schema() -> dict[str, Any]:
    """Return the JSON Schema of a supply graph's file."""
    text, number = {"type": "string"}, {"type": "number", "minimum": 0}
    share = {"type": "number", "minimum": 0, "maximum": 1, "default": 1}
    maybe_number = {"type": ["number", "null"], "minimum": 0}
    code = {"type": ["string", "null"]}

    def entry(required: Sequence[str], **properties: Any) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {
                "type": "object",
                "properties": properties,
                "required": list(required),
                "additionalProperties": False,
            },
        }

    act = {
        "cost": {**maybe_number, "description": "null: nobody can act on it"},
        "country": code,
        "delay_days": {**maybe_number, "default": 0, "description": "null: never"},
        "collateral": {**number, "default": 0},
        "success": {**share, "description": "that acting on it works"},
        "lever": {
            **code,
            "description": "class of lever, whose measured success stands in for an absent one: "
            + ", ".join(LEVERS),
        },
        "target": {
            **code,
            "description": "the address, range, name or URL acted on, for cautery plan --guard",
        },
    }
    link = {
        "type": "object",
        "properties": {"id": text, "probability": share},
        "required": ["id"],
        "additionalProperties": False,
    }
    names = {"type": "array", "items": text}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A supply graph for cautery plan",
        "type": "object",
        "properties": {
            "as_of": {"type": "string", "format": "date"},
            "cost_unit": text,
            "nodes": entry(
                ["id"],
                id=text,
                role=code,
                **act,
                probability={**share, "description": "that it exists; if absent, it is never up"},
            ),
            "groups": entry(
                ["of", "members"],
                of=text,
                need={"type": "integer", "minimum": 1, "default": 1},
                members={"type": "array", "minItems": 1, "items": {"anyOf": [text, link]}},
            ),
            "actions": entry(["id", "covers"], id=text, covers={**names, "minItems": 1}, **act),
            "countries": entry(
                ["id"],
                id=text,
                fixed_cost={**number, "default": 0},
                ready_days={**maybe_number, "default": 0, "description": "null: never"},
            ),
            "demand": {**entry(["node", "weight"], node=text, weight=number), "minItems": 1},
            "forbid": {**names, "description": "nodes and actions that must not be acted on"},
            "require": {**names, "description": "nodes and actions that must be acted on"},
        },
        "required": ["nodes", "demand"],
        "additionalProperties": False,
    }
