"""A DSA art. 16 notice to a host: exact location, reasons, who asks, good faith."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cautery.errors import InputError
from cautery.model import Event, ExhibitId, Mandate, Notice, Verdict, iso, require_utc


def draft_notice(
    verdicts: Sequence[Verdict],
    *,
    exact_urls: Sequence[str],
    addressee: str,
    mandate: Mandate,
    event: Event | None,
    notifier_email: str,
    exhibits: Sequence[ExhibitId],
    seen_live_at: datetime,
) -> Notice:
    """Draft a notice with the four parts of art. 16(2); it is sent by nobody but a person.

    Parameters
    ----------
    verdicts : sequence of Verdict
        What was proven of the streams on this host.
    exact_urls : sequence of str
        The exact URLs, as the law asks; they stand in this document only.

    Raises
    ------
    InputError
        If there is nothing proven, no exact URL, no exhibit, or no e-mail address.
    """
    require_utc("seen_live_at", seen_live_at)
    proven = [verdict for verdict in verdicts if verdict.finding.value == "proven"]
    if not proven or not exact_urls or not exhibits:
        raise InputError("a notice needs a proven stream, its exact URL and an exhibit")
    if "@" not in notifier_email:
        raise InputError(f"{notifier_email!r} is not a valid e-mail address of a notifier")
    strongest = max(proven, key=lambda verdict: verdict.log10_lr)
    what = event.name if event else ", ".join(strongest.channels)
    basis = event.legal_basis if event else mandate.legal_basis
    explanation = (
        f"{mandate.who} holds the rights in {what} ({basis}). At {iso(seen_live_at)} "
        f"{len(exact_urls)} URL(s) on your service re-broadcast it without licence. Sound and "
        f"pictures were compared with the licensed feed: {strongest.verbal} for the same content "
        f"(log10 of the likelihood ratio {strongest.log10_lr:.1f}). The captures are sealed as "
        f"{', '.join(exhibits)} and can be had on request. Detection was automatic and reviewed "
        "by a person. The event is live: every minute counts."
    )
    content = "\n".join([addressee, mandate.id, iso(seen_live_at), *sorted(exact_urls)])
    return Notice(
        id="N-" + hashlib.sha256(content.encode()).hexdigest()[:12],
        addressee=addressee,
        exact_urls=tuple(sorted(exact_urls)),
        explanation=explanation,
        notifier=mandate.who,
        notifier_email=notifier_email,
        good_faith=(
            "We state in good faith that, to our knowledge, the information and allegations in "
            "this notice are accurate and complete."
        ),
        event=event.id if event else None,
        seen_live_at=seen_live_at,
        exhibits=tuple(exhibits),
    )
