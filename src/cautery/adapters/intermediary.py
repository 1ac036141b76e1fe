"""Hands signed block lists to access providers and reads what they answer.

Reaches: the list endpoint of each intermediary that the mandate names, and nothing else.

Lawful basis: the court orders named in the list; each referral on it is signed by two people, for
its order's territory, and ends with it.

Manners: one request a version, through the polite fetcher (its rate, limits and allowed addresses),
and to nobody who does not prove over TLS to be the intermediary.

Format: ``PUT list_url`` with the envelope of docs/reference/block-list.md; the answer is JSON
``{"effect": "applied" | "pending" | "rejected", "applied_at", "reason", "refused"}``, after DSA
art. 9(1): if and when.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cautery.act import Envelope
from cautery.errors import ApprovalError, SourceError
from cautery.json_text import parsed_json
from cautery.model import (
    Digest,
    Effect,
    Intermediary,
    Limits,
    ListAnswer,
    RefusedEntry,
    Response,
    iso,
    require_utc,
)
from cautery.model.ports import VerifiedFetcher

# No redirect: a list goes to the URL that the mandate names and nowhere else.
_LIMITS = Limits(max_bytes=1 << 20, total_s=20.0, connect_s=5.0, redirects=0)
_SKEW = timedelta(minutes=5)
_LONGEST_REASON = 500
_MOST_REFUSED = 10_000


class HttpPublisher:
    """Publishes by HTTP PUT; fulfils :class:`cautery.act.Publisher`."""

    def __init__(self, fetcher: VerifiedFetcher) -> None:
        self._fetcher = fetcher

    async def publish(
        self, envelope: Envelope, *, now: datetime, held: Collection[Digest] = ()
    ) -> ListAnswer:
        """Hand a version in, without the referrals that the intermediary holds.

        Raises
        ------
        ApprovalError
            If it is not an envelope of approved referrals.
        SourceError
            If nobody answers, or not as agreed.
        """
        require_utc("now", now)
        if not isinstance(envelope, Envelope):
            raise ApprovalError("only a list of approved referrals can be published")
        if envelope.to.list_url is None:
            raise SourceError(
                f"{envelope.to.name} has no list_url, so it has to fetch its list",
                hint="Give cautery watch --publish DIR, and serve it: cautery lists serve.",
            )
        response = await self._fetcher.fetch(
            envelope.to.list_url.reveal(),
            limits=_LIMITS,
            method="PUT",
            body=envelope.body(held=held),
        )
        return _answer(response, envelope)


def _answer(response: Response, envelope: Envelope) -> ListAnswer:
    to, version = envelope.to, envelope.version.version
    try:
        answer = parsed_json(response.body)
    except ValueError as error:
        raise _refused(response, envelope, "an answer that is not valid JSON") from error
    if not isinstance(answer, dict):
        raise _refused(response, envelope, "an answer that is not a JSON object")
    if response.status // 100 != 2:
        raise _refused(response, envelope, _printable(answer.get("reason")) or "no reason")
    try:
        effect = Effect(str(answer.get("effect")))
    except ValueError as error:
        raise SourceError(
            f"{to.name}: unknown effect {str(answer.get('effect'))[:60]!r}"
        ) from error
    return ListAnswer(
        intermediary=to.name,
        version=version,
        effect=effect,
        received_at=response.answered_at,
        applied_at=_applied_at(answer.get("applied_at"), effect, response, to),
        reason=_printable(answer.get("reason")),
        refused=tuple(_refused_entries(answer.get("refused"), to)),
    )


def _refused(response: Response, envelope: Envelope, what: str) -> SourceError:
    return SourceError(
        f"{envelope.to.name} answered {response.status} to version {envelope.version.version} of "
        f"its list: {what}"
    )


def _refused_entries(entries: object, to: Intermediary) -> Iterator[RefusedEntry]:
    if entries is None:
        return
    if not isinstance(entries, list) or len(entries) > _MOST_REFUSED:
        raise SourceError(f"{to.name}: 'refused' is not a list of at most {_MOST_REFUSED} entries")
    for entry in entries:
        if not isinstance(entry, dict):
            raise SourceError(f"{to.name}: an entry of 'refused' is not a JSON object")
        yield RefusedEntry(
            target=_printable(entry.get("target")) or "",
            rule=_printable(entry.get("rule")) or "",
            reason=_printable(entry.get("reason")) or "",
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


def _printable(text: Any) -> str | None:
    if not isinstance(text, str) or not text:
        return None
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST_REASON])
