"""Judge targets one by one: allowed, narrowed or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.messages import say
from cautery.model import GuardVerdict, Lever, Override, to_json
from cautery.model.ports import Facts
from cautery.plan import GuardPolicy, guard, no_target, parse_target
from cautery.plan.guard.guard import DEFAULT_POLICY
from cautery.workflows.guard.targets import Asked

KEYS = ("target", "verdict", "narrow_to", "lever", "collateral", "reasons", "valid_until")


def judge_targets(
    asked: Iterable[Asked],
    *,
    facts: Facts,
    now: Callable[[], datetime],
    overrides: Mapping[str, Override] | None = None,
    second_approver: str | None = None,
    policy: GuardPolicy = DEFAULT_POLICY,
) -> Iterator[tuple[Asked, GuardVerdict]]:
    """Yield each target with the guard's word on it, in order, as they come.

    Parameters
    ----------
    now : callable
        The moment of each judgement: a clock's, or always the same of a replay.
    overrides : mapping of str to Override
        By target, in the guard's spelling.
    """
    for row in asked:
        at = now()
        if row.problem is not None:
            yield row, no_target(row.target, row.problem, at=at)
            continue
        verdict = guard(
            row.target,
            facts=facts,
            at=at,
            suspects=row.suspects,
            # What the caller names beside an address, the caller has found to be on it.
            resolving=[name for name in row.suspects if "://" not in name],
            lawful=row.lawful,
            dedicated=row.dedicated,
            popular_second_approver=row.second_approver or second_approver,
            override=None if overrides is None else overrides.get(spelt(row.target)),
            policy=policy,
        )
        yield row, verdict


def line_of(asked: Asked, verdict: GuardVerdict) -> dict[str, Any]:
    """Return a verdict as the JSON line of ``cautery guard``; the target as it was asked for."""
    line = to_json(verdict, words=say)
    line["verdict"] = line.pop("decision")
    broken = verdict.reasons[0].code == "invalid-target"
    line["target"] = verdict.target if broken else asked.target
    return {key: line[key] for key in KEYS}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a row of TARGETS and of a line of the answer."""
    text = {"type": "string"}
    texts = {"type": "array", "items": text}
    day = {"type": ["string", "null"], "format": "date"}
    row = {
        "type": "object",
        "description": "One row of TARGETS; a line without columns is the target itself.",
        "properties": {
            "target": {**text, "description": "An address, a range (CIDR), a name or a URL."},
            "dedicated_to": {**text, "description": "The only customer that uses the address."},
            "evidence": {**text, "description": "The evidence for it and its source."},
            "evidence_date": {**text, "format": "date"},
            "suspects": {
                **text,
                "description": ("Names and URLs on the address, separated by ; or blanks."),
            },
            "lawful": {
                **text,
                "description": ("Names and URLs on the address that must stay reachable."),
            },
            "second_approver": {
                **text,
                "description": ("Who is responsible for a URL on a popular name."),
            },
        },
        "required": ["target"],
    }
    reason = {
        "type": "object",
        "properties": {
            "code": text,
            "text": text,
            "fact": {"type": ["string", "null"]},
            "fact_date": day,
        },
        "required": ["code", "text", "fact", "fact_date"],
    }
    collateral = {
        "type": "object",
        "properties": {
            "names": texts,
            "popular": texts,
            "kinds": texts,
            "low": {"type": "integer", "minimum": 0},
            "high": {
                "type": ["integer", "null"],
                "minimum": 0,
                "description": "null: no upper bound is known.",
            },
        },
        "required": ["names", "popular", "kinds", "low", "high"],
    }
    answer = {
        "type": "object",
        "properties": {
            "target": text,
            "verdict": {"enum": ["allow", "narrow", "refuse"]},
            "narrow_to": texts,
            "lever": {"enum": [lever.value for lever in Lever]},
            "collateral": collateral,
            "reasons": {"type": "array", "items": reason, "minItems": 1},
            "valid_until": {**text, "format": "date-time"},
        },
        "required": list(KEYS),
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cautery guard",
        "$defs": {"asked": row, "verdict": answer},
        "$ref": "#/$defs/verdict",
    }


def spelt(text: str) -> str:
    """Return a target in the guard's one spelling; any other text stays as it was written."""
    try:
        return parse_target(text).text
    except InputError:
        return text
