"""Renewals of the proof of a closed case: what they cover, and whether they came in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cautery.errors import EvidenceError
from cautery.evidence.outside.proof import Trust
from cautery.evidence.outside.proof_file import ProofFile
from cautery.evidence.outside.stamps import Stamp, check_stamp
from cautery.model.times import iso

_MOST_STAMPED_BYTES = 1 << 30
"""Of all renewals together. Each covers those before it: a file of 64 MB with a thousand of them
would be read for minutes. Judgement: a renewal every three years for two centuries has far less."""
_NOT_JUDGED = "its renewals are not judged: name whom you trust, by --tsa-roots"


def renewals_proven(
    file: ProofFile, trust: Trust, *, before: Iterable[Stamp] = (), now: datetime | None
) -> tuple[str, ...]:
    """Check each renewal, and say how long the newest time-stamp's certificate lasts.

    Each renewal stamps the proof and all renewals before it, so that it vouches for time-stamps
    whose certificates have ended since.

    Parameters
    ----------
    before : iterable of Stamp
        The time-stamps of the proof that hold: the first renewal must come in their time.

    Raises
    ------
    EvidenceError
        If none of a renewal's time-stamps holds, or they cover too much to be checked.
    """
    if not trust.roots:
        return (_NOT_JUDGED,) if file.renewals else ()
    lines, covered = [], 0
    newest = max(before, key=lambda stamp: stamp.expires, default=None)
    for number, renewal in enumerate(file.renewals):
        message, stamps, faults = file.renewed_text(number), [], []
        covered += len(message) * len(renewal.stamps)
        if covered > _MOST_STAMPED_BYTES:
            raise EvidenceError(f"renewal {number + 1}: the renewals cover too much to be checked")
        for stamp in renewal.stamps:
            try:
                stamps.append(
                    check_stamp(
                        stamp.answer,
                        message=message,
                        nonce=stamp.nonce,
                        roots=trust.roots,
                        policies=trust.stamp_policies,
                        revocation=stamp.revocation,
                    )
                )
            except EvidenceError as error:
                faults.append(f"{stamp.authority}: {error}")
        if not stamps:
            raise EvidenceError(f"renewal {number + 1}: {'; '.join(faults)}")
        best = max(stamps, key=lambda stamp: stamp.expires)
        if newest is not None and best.at > newest.expires:
            lines.append(
                f"renewal {number + 1} came at {iso(best.at)}, after the certificate of the "
                f"time-stamp before it had ended at {iso(newest.expires)}"
            )
        newest = best
        lines.append(f"renewed at {iso(best.at)}; that certificate lasts until {iso(best.expires)}")
    if newest is not None and now is not None and newest.expires < now:
        lines.append(
            "the certificate of the newest time-stamp has ended; the time-stamp still holds, as "
            "long as nobody can have had its key since"
        )
    return tuple(lines)
