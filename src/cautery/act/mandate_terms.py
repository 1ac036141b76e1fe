"""What a mandate's signatures cover beside its file: its terms, in one form.

They say who may do what, where and until when; anybody can take them from the first record of a
case again (ADR 0028).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cautery.act.approver_keys import approver_key
from cautery.errors import ApprovalError
from cautery.model import (
    Approver,
    CourtOrder,
    DecoysPolicy,
    Digest,
    FollowPolicy,
    Mandate,
    OrderKind,
    digest_of,
    iso,
)

# A new field that gives power makes this version 2 (ADR 0028): old signatures must not cover what
# their signers never saw.
TERMS = "cautery/mandate-terms/1"


def terms_of(mandate: Mandate) -> dict[str, Any]:
    """Return what of a mandate says who may do what, where and until when, as JSON.

    Left out is what holds credentials, or is of one machine or of a day: sources, feeds, providers'
    addresses, paths, and the fixtures of calendars. The signature over the file covers them, where
    the file is.
    """
    return {
        "type": TERMS,
        "id": mandate.id,
        "who": mandate.who,
        "regime": mandate.regime.value,
        "legal_basis": mandate.legal_basis,
        "start": iso(mandate.window.start),
        "end": iso(mandate.window.end),
        "territories": list(mandate.territories),
        "lab": mandate.lab,
        "collateral_budget": mandate.collateral_budget,
        "events": [
            {
                "id": event.id,
                "name": event.name,
                "kick_off": iso(event.kick_off),
                "legal_basis": event.legal_basis,
                "collateral_budget": event.collateral_budget,
            }
            for event in mandate.events
            if event.watched is None  # those of calendars move, come and go
        ],
        "channels": [
            {
                "id": channel.id,
                "names": list(channel.names),
                "territory": channel.territory,
                "event": channel.event,
                "legal_basis": channel.legal_basis,
            }
            for channel in mandate.channels
        ],
        "works": [
            {"id": work.id, "title": work.title, "legal_basis": work.legal_basis}
            for work in mandate.works
        ],
        "partners": [
            {"name": partner.name, "hosts": list(partner.hosts), "channels": list(partner.channels)}
            for partner in mandate.partners
        ],
        "orders": [
            {
                "id": order.id,
                "authority": order.authority,
                "territory": order.territory,
                "start": iso(order.window.start),
                "end": iso(order.window.end),
                "targets_rule": order.targets_rule,
                **_beyond(order),
            }
            for order in mandate.orders
        ],
        "approvers": [
            {"name": approver.name, "role": approver.role, "public_key": _spelt(approver)}
            for approver in mandate.approvers
        ],
        **({} if mandate.lists is None else {"lists": mandate.lists.key}),
        # The sealed plan names the digest of these terms, so they cannot name the plan.
        **({} if mandate.decoys is None else _blind_test(mandate.decoys)),
        **({} if mandate.follow is None else {"follow": [_following(mandate.follow)]}),
    }


def _following(policy: FollowPolicy) -> dict[str, Any]:
    return {
        "cases": list(policy.cases),
        "purposes": list(policy.purposes),
        "look_at": [source.value for source in policy.look_at],
        "review": policy.review.isoformat(),
        "end": policy.end.isoformat(),
    }


def _blind_test(policy: DecoysPolicy) -> dict[str, Any]:
    # What stands on own hosts is taken out of acts: which hosts these are is for two to say.
    return {"decoys": policy.planner, "decoys_own": list(policy.own)}


def _beyond(order: CourtOrder) -> dict[str, Any]:
    """Return what an order states beyond version 0.2.0, or older mandates had other digests."""
    beyond: dict[str, Any] = {}
    if order.kind is not OrderKind.LIVE:
        beyond["kind"] = order.kind.value
    if order.days:
        beyond["days"] = [day.isoformat() for day in order.days]
    if order.particulars:
        beyond["particulars"] = dict(order.particulars)
    return beyond


def terms_json(mandate: Mandate) -> bytes:
    """Return a mandate's terms as RFC 8785 JSON."""
    import rfc8785  # noqa: PLC0415 - only where something is signed or checked

    return rfc8785.dumps(terms_of(mandate))


def terms_digest(mandate: Mandate) -> Digest:
    """Return the SHA-256 of a mandate's terms in RFC 8785 JSON."""
    return digest_of(terms_json(mandate))


def terms_lines(terms: Mapping[str, Any]) -> list[str]:
    """Return terms, as :func:`terms_of` has them, in lines for a person who signs them."""
    lines = []
    for key, term in terms.items():
        if not isinstance(term, list) or all(isinstance(item, str) for item in term):
            lines.append(f"{key:<18} {_said(term)}")
        else:
            lines.append(f"{key:<18} {len(term)}")
            lines += (
                "  " + "; ".join(f"{name} {_said(value)}" for name, value in item.items())
                for item in term
            )
    return lines


def _said(term: Any) -> str:
    if isinstance(term, bool):
        return "yes" if term else "no"
    if isinstance(term, list) and all(isinstance(item, str) for item in term):
        return ", ".join(term) or "none"
    return "none" if term is None else str(term)


def _spelt(approver: Approver) -> str:
    """Return a key in its one spelling; an invalid key of an old case stays as written."""
    try:
        return approver_key(approver).spelled
    except ApprovalError:
        return approver.public_key
