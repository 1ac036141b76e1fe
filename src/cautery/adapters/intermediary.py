"""Hands approved block lists to access providers and reads what they acknowledge.

Reaches: the list endpoint of each intermediary that the mandate names, and nothing else.

Lawful basis: the court order named in the referral; only an ``Approved`` referral, signed by two
people, for the order's territory and before its end.

Manners: one request a list, through the polite fetcher (its rate, limits and allowed addresses),
and to nobody who does not prove over TLS to be the intermediary.

Format: ``PUT list_url`` with JSON ``{"referral", "order", "territory", "entries": [{"target",
"lever", "valid_until"}], "approvals": [...]}``; the answer is JSON ``{"effect": "applied" |
"pending" | "rejected", "applied_at", "reason"}``, after DSA art. 9(1): if and when.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from cautery.act import Approved, in_effect
from cautery.errors import ApprovalError, SourceError
from cautery.model import (
    Acknowledgement,
    Effect,
    Intermediary,
    Limits,
    Referral,
    Response,
    iso,
    require_utc,
    to_json,
)
from cautery.model.ports import VerifiedFetcher

# No redirect: a list goes to the URL that the mandate names and nowhere else.
_LIMITS = Limits(max_bytes=65_536, total_s=20.0, connect_s=5.0, redirects=0)
_SKEW = timedelta(minutes=5)


class HttpPublisher:
    """Publishes by HTTP PUT; fulfils :class:`cautery.act.Publisher`."""

    def __init__(self, fetcher: VerifiedFetcher) -> None:
        self._fetcher = fetcher

    async def publish(
        self,
        approved: Approved[Referral],
        to: Intermediary,
        *,
        now: datetime,
        without: Collection[str] = (),
    ) -> Acknowledgement:
        """Hand a list in; entries that have ended or were withdrawn meanwhile are left out.

        Raises
        ------
        ApprovalError
            If it is not approved, for another territory, or ended.
        SourceError
            If nobody answers, or not as agreed.
        """
        require_utc("now", now)
        if not isinstance(approved, Approved) or not isinstance(approved.subject, Referral):
            raise ApprovalError("only an approved referral can be published")
        referral = approved.subject
        if referral.territory.upper() != to.territory.upper():
            raise ApprovalError(
                f"referral {referral.id} is for {referral.territory}, but {to.name} serves "
                f"{to.territory}"
            )
        holding = [
            entry
            for entry in in_effect(referral.entries, now)
            if entry.guard.valid_until > now and entry.target not in without
        ]
        if not holding:
            raise ApprovalError(
                f"referral {referral.id}: at {iso(now)} every entry has ended or is withdrawn"
            )
        body = {
            "referral": referral.id,
            "order": referral.order,
            "territory": referral.territory,
            "entries": [
                {
                    "target": entry.target,
                    "lever": entry.lever.value,
                    "valid_until": iso(entry.valid_until),
                }
                for entry in holding
            ],
            "approvals": to_json(approved.approvals),
        }
        response = await self._fetcher.fetch(
            to.list_url.reveal(), limits=_LIMITS, method="PUT", body=json.dumps(body).encode()
        )
        return _acknowledged(response, referral, to)


def _acknowledged(response: Response, referral: Referral, to: Intermediary) -> Acknowledgement:
    if response.status // 100 != 2:
        raise SourceError(f"{to.name} answered {response.status} to referral {referral.id}")
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{to.name} sent an acknowledgement that is not valid JSON") from error
    if not isinstance(body, dict):
        raise SourceError(f"{to.name} sent an acknowledgement that is not a JSON object")
    try:
        effect = Effect(str(body.get("effect")))
    except ValueError as error:
        raise SourceError(f"{to.name}: unknown effect {str(body.get('effect'))[:60]!r}") from error
    reason = body.get("reason")
    return Acknowledgement(
        referral=referral.id,
        intermediary=to.name,
        effect=effect,
        received_at=response.answered_at,
        applied_at=_applied_at(body.get("applied_at"), effect, response, to),
        reason=_printable(reason) if isinstance(reason, str) and reason else None,
    )


def _applied_at(
    body: object, effect: Effect, response: Response, to: Intermediary
) -> datetime | None:
    """Return when it was, or (while pending) will be, applied."""
    if body is None:
        return None
    try:
        moment = datetime.fromisoformat(str(body)[:40])
    except ValueError as error:
        raise SourceError(
            f"{to.name}: applied_at {str(body)[:40]!r} is not a valid time"
        ) from error
    if moment.tzinfo is None:
        raise SourceError(f"{to.name}: applied_at {str(body)[:40]!r} has no time zone")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise SourceError(
            f"{to.name}: applied_at {str(body)[:40]!r} is not a valid time"
        ) from error
    if effect is Effect.APPLIED and moment > response.answered_at + _SKEW:
        raise SourceError(
            f"{to.name} says that it applied it at {iso(moment)}, which is in the future"
        )
    return moment


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:500])
