"""One answer as the line that ``cautery identify --json`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cautery.messages import say
from cautery.model import Identification
from cautery.model.identification import Stretch

KEYS = (
    "probe",
    "channels",
    "event",
    "licensee",
    "offset_s",
    "delay_s",
    "score",
    "likelihood_ratio",
    "probability",
    "confirmed",
    "witnesses",
    "recipe",
    "reason",
    "stretches",
)
"""Of every line, in this order."""
STRETCH_KEYS = (
    "start_s",
    "end_s",
    "references",
    "offset_s",
    "speed",
    "likelihood_ratio",
    "confirmed",
    "part",
)
"""Of every stretch, in this order."""


def line_schema() -> dict[str, Any]:
    """Return the JSON Schema of a line."""
    text, number = {"type": "string"}, {"type": ["number", "null"]}
    maybe = {"type": ["string", "null"]}
    kinds: dict[str, dict[str, Any]] = {
        "probe": text | {"description": "as requested; a URL without user and query"},
        "channels": {
            "type": "array",
            "items": text,
            "description": "content found; several ids if nothing separates them or one follows "
            "the other; empty: none",
        },
        "event": maybe,
        "licensee": maybe | {"description": "the feed of the event: clean, or the licensee"},
        "offset_s": number | {"description": "reference time at the probe's start"},
        "delay_s": number | {"description": "delay behind the reference, seconds; null for files"},
        "score": number | {"description": "strength of the best witness; null: could not be read"},
        "likelihood_ratio": number
        | {"minimum": 0, "description": "odds for the same content; null: could not be read"},
        "probability": number
        | {
            "minimum": 0,
            "maximum": 1,
            "description": ("probability, for triage only; null: could not be judged"),
        },
        "confirmed": {"type": "boolean", "description": "two windows of 5 s or more agree"},
        "witnesses": {
            "type": "array",
            "items": {"enum": ["landmark", "bit-error", "video"]},
            "uniqueItems": True,
        },
        "recipe": text | {"description": "settings of the fingerprints"},
        "reason": text | {"description": "the result in words, or why nothing was found"},
        "stretches": {
            "type": "array",
            "items": _stretch_schema(),
            "description": "all stretches that follow a reference, quotations too, by start_s",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One answer of cautery identify",
        "type": "object",
        "properties": {name: kinds[name] for name in KEYS},
        "required": list(KEYS),
        "additionalProperties": False,
    }


def _stretch_schema() -> dict[str, Any]:
    number = {"type": "number"}
    kinds: dict[str, dict[str, Any]] = {
        "start_s": number | {"description": "seconds from the probe's start"},
        "end_s": number | {"description": "seconds from the probe's start"},
        "references": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "strongest first; several: nothing separates them here",
        },
        "offset_s": number | {"description": "time of the first reference at start_s"},
        "speed": number | {"description": "the probe's speed over the reference's"},
        "likelihood_ratio": number | {"minimum": 0, "description": "odds for the same content"},
        "confirmed": {"type": "boolean", "description": "two windows of 5 s or more agree"},
        "part": {
            "type": ["array", "null"],
            "items": number | {"minimum": 0, "maximum": 1},
            "minItems": 4,
            "maxItems": 4,
            "description": "of the picture, that shows it: top, left, height and width, shares of "
            "the whole; null: all of it, or no picture",
        },
    }
    return {
        "type": "object",
        "properties": {name: kinds[name] for name in STRETCH_KEYS},
        "required": list(STRETCH_KEYS),
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found of one probe.

    Parameters
    ----------
    found : Identification or None
        ``None``: it could not be read.
    reason : str
        Why, if it could not; else what damage was met on the way.
    licensee : str or None
        Whose feed it is, where the references' own ids say otherwise.
    kept : dict or None
        The line as an earlier run wrote it, when the probe was not looked at again.
    """

    probe: str
    found: Identification | None = None
    reason: str = ""
    recipe: str = ""
    licensee: str | None = None
    kept: dict[str, Any] | None = None

    @property
    def line(self) -> dict[str, Any]:
        """The answer as JSON; what is unknown is null, and ``reason`` says why."""
        if self.kept is not None:
            return self.kept
        identification = self.found
        if identification is None:
            values: dict[str, Any] = dict.fromkeys(KEYS)
            return values | {
                "probe": self.probe,
                "channels": [],
                "confirmed": False,
                "witnesses": [],
                "recipe": self.recipe,
                "reason": self.reason,
                "stretches": [],
            }
        shown = "" if identification.reason is None else say(identification.reason)
        return {
            "probe": self.probe,
            "channels": list(identification.channels),
            "event": identification.event,
            "licensee": self.licensee or identification.licensee,
            "offset_s": _rounded(identification.offset_s, 3),
            "delay_s": _rounded(identification.delay_s, 3),
            "score": round(identification.score, 3),
            "likelihood_ratio": _odds(identification.likelihood_ratio),
            "probability": None
            if identification.probability is None
            else float(f"{identification.probability:.6g}"),
            "confirmed": identification.confirmed,
            "witnesses": list(identification.witnesses),
            "recipe": identification.recipe,
            "reason": "; ".join(reason for reason in (shown, self.reason) if reason),
            "stretches": [_stretch_line(stretch) for stretch in identification.stretches],
        }

    @property
    def unread(self) -> bool:
        """Whether the probe could not be read."""
        line = self.line
        return line["score"] is None


def _stretch_line(stretch: Stretch) -> dict[str, Any]:
    return {
        "start_s": _rounded(stretch.start_s, 3),
        "end_s": _rounded(stretch.end_s, 3),
        "references": list(stretch.references),
        "offset_s": _rounded(stretch.offset_s, 3),
        "speed": _rounded(stretch.speed, 5),
        "likelihood_ratio": _odds(10.0**stretch.log10_lr),
        "confirmed": stretch.confirmed,
        "part": None if stretch.part is None else [round(side, 3) for side in stretch.part],
    }


def _odds(likelihood_ratio: float) -> float:
    return float(f"{likelihood_ratio:.4g}")


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits) + 0.0
