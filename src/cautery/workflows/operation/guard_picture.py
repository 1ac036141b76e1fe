"""Ask the guard which names, addresses and URLs of a desk's picture may be acted on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Decision, GuardVerdict, Role
from cautery.model.message import Message
from cautery.model.ports import Facts
from cautery.operation.targets import normalise, place_of
from cautery.plan import guard
from cautery.workflows.operation.picture import Picture
from cautery.workflows.operation.table import SELLERS

_JUDGED = ("host", "address", "url")
_BY_OTHER_MEANS = SELLERS | {Role.PAYMENT}


def judge_picture(seen: Picture, *, facts: Facts, at: datetime) -> dict[str, GuardVerdict]:
    """Return the guard's verdict on each node that is a name, an address or a URL, or lies at one.

    A payment end, a seller or a network is acted on by other means, and is not the guard's to
    judge.
    """
    targets: dict[str, tuple[str, str]] = {}
    for asset in seen.graph.assets:
        try:
            kind, _, value = normalise(asset.id).partition(":")
            if asset.role not in _BY_OTHER_MEANS:
                place = f"url:{value}" if "://" in value else place_of(asset.id)
                kind, _, value = place.partition(":")
        except InputError:
            continue  # no target of any kind
        if kind in _JUDGED:
            targets[asset.id] = (kind, value)
    suspects = {value for kind, value in targets.values() if kind != "address"}
    return {
        node: guard(value, facts=facts, at=at, suspects=_near(kind, value, suspects, facts))
        for node, (kind, value) in targets.items()
    }


def objections(verdicts: Mapping[str, GuardVerdict]) -> dict[str, Message]:
    """Return why each node that may not be acted on may not."""
    return {
        node: message("act.guard-objects", reason=verdict.reasons[0].text)
        for node, verdict in verdicts.items()
        if verdict.decision is not Decision.ALLOW
    }


def _near(kind: str, value: str, suspects: set[str], facts: Facts) -> set[str]:
    """Return the picture's own names and URLs that may be at a target: no strangers to it."""
    if kind != "address":
        return {suspect for suspect in suspects if f"//{value}" in suspect}
    return {row.name for row in facts.names_on(value)} & suspects
