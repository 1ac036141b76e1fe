"""What the proofs from outside say of a case's times, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cautery.evidence.outside.brackets import Moment, brackets
from cautery.evidence.outside.proof import Trust
from cautery.evidence.outside.trusted_list import TrustedList
from cautery.messages import tr
from cautery.model.times import iso

NARROW_S = 120.0
"""A bracket as wide as this is what a watch with an authority or co-signers keeps to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesProven:
    """What a case's proofs say of its times, to a checker who trusts somebody or nobody.

    Parameters
    ----------
    moments : tuple of Moment
        One a proof that holds.
    proofs : int
        Proofs in the records.
    stamps, cosignatures : int
        Time-stamps and co-signatures that hold and count.
    unjudged : int
        Time-stamps and co-signatures that nobody trusted vouches for.
    agreed : int
        Proofs with enough co-signers for the policy.
    faults : tuple of str
        What was given and does not hold.
    missing : int
        Times that an authority or a co-signer gave nothing.
    unanswered : int
        Time-stamps that hold, with no valid answer on whether a certificate of theirs was revoked.
    qualified : mapping of str to int
        By service of a trusted list, how many of the time-stamps are its.
    """

    moments: tuple[Moment, ...] = ()
    proofs: int = 0
    stamps: int = 0
    cosignatures: int = 0
    unjudged: int = 0
    agreed: int = 0
    faults: tuple[str, ...] = ()
    missing: int = 0
    unanswered: int = 0
    qualified: Mapping[str, int] = field(default_factory=dict)

    def summary(self, size: int, *, trust: Trust) -> tuple[str, ...]:
        """Return in sentences what is known of the times of the first ``size`` records.

        Parameters
        ----------
        trust : Trust
            By whom they were judged.
        """
        trusts = trust.policy is not None or bool(trust.roots)
        claimed = tr("each time is a claim of the machine's clock")
        if not self.proofs:
            return (
                tr(
                    "no outside clock and no co-signer vouches for any time here: %(claimed)s",
                    claimed=claimed,
                ),
            )
        if not trusts:
            unjudged = tr(
                "proofs from outside: %(proofs)s; time-stamps and co-signatures that are not "
                "judged, since nobody is named whom to trust: %(unjudged)s; %(claimed)s",
                proofs=self.proofs,
                unjudged=self.unjudged,
                claimed=claimed,
            )
            return (unjudged,)
        bounds = brackets(size, self.moments)
        narrow = sum(
            1 for bracket in bounds if bracket.width_s is not None and bracket.width_s <= NARROW_S
        )
        lines = [
            tr(
                "proofs from outside: %(proofs)s; of these hold: time-stamps %(stamps)s, "
                "co-signatures %(cosignatures)s; proofs with enough co-signers: %(agreed)s; "
                "missing: %(missing)s",
                proofs=self.proofs,
                stamps=self.stamps,
                cosignatures=self.cosignatures,
                agreed=self.agreed,
                missing=self.missing,
            ),
            tr(
                "%(both)s of %(size)s records lie between two outside proofs, %(narrow)s of them "
                "within %(seconds)s s; %(early)s come before the first proof, and no proof covers "
                "%(late)s",
                both=sum(1 for bracket in bounds if bracket.width_s is not None),
                size=size,
                narrow=narrow,
                seconds=f"{NARROW_S:g}",
                early=sum(bracket.not_before is None for bracket in bounds),
                late=sum(bracket.not_after is None for bracket in bounds),
            ),
            *self._of_stamps(trust),
        ]
        ends = [bracket.not_after for bracket in bounds if bracket.not_after is not None]
        starts = [bracket.not_before for bracket in bounds if bracket.not_before is not None]
        if starts and ends:
            lines.append(
                tr(
                    "not before %(start)s, from record %(record)s on; not after %(end)s, for "
                    "%(count)s records; when bytes were captured is a claim of the machine's clock",
                    start=iso(min(starts)),
                    record=next(
                        at for at, bracket in enumerate(bounds) if bracket.not_before is not None
                    ),
                    end=iso(max(ends)),
                    count=len(ends),
                )
            )
        return tuple(lines)

    def _of_stamps(self, trust: Trust) -> list[str]:
        lines = []
        if self.unanswered:
            lines.append(
                tr(
                    "for %(unanswered)s of %(stamps)s time-stamps, no answer that holds for their "
                    "time says whether a certificate was revoked",
                    unanswered=self.unanswered,
                    stamps=self.stamps,
                )
            )
        if trust.lists:
            lines.append(
                tr(
                    "qualified time-stamps: %(qualified)s of %(stamps)s, by the trusted lists that "
                    "you gave (%(lists)s): %(services)s",
                    qualified=sum(self.qualified.values()),
                    stamps=self.stamps,
                    lists=", ".join(_list_words(each) for each in trust.lists),
                    services="; ".join(sorted(self.qualified)) or tr("no service"),
                )
            )
        return lines


def _list_words(given: TrustedList) -> str:
    date = given.issued.date().isoformat()
    if not given.signed_by:
        return tr(
            "%(territory)s of %(date)s, whose signature was not checked",
            territory=given.territory,
            date=date,
        )
    return tr(
        "%(territory)s of %(date)s, signed by %(signer)s",
        territory=given.territory,
        date=date,
        signer=given.signed_by,
    )
