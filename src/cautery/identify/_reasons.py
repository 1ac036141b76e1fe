"""An identification's reason, as sentences that an analyst can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from cautery.identify.references.info import ReferenceInfo
from cautery.identify.windows import Glance
from cautery.messages import message, term
from cautery.messages.joining import joined
from cautery.model.identification import Stretch
from cautery.model.message import Message
from cautery.model.verdict import NoMatch, verbal

_MOST_STRETCHES = 6


class Words:
    """Describes the stretches of one probe.

    Parameters
    ----------
    known : mapping of str to ReferenceInfo
    probe_s : float
        The probe's length.
    """

    def __init__(self, known: Mapping[str, ReferenceInfo], probe_s: float) -> None:
        self._infos = known
        self._probe_s = probe_s

    def common(self, channels: Sequence[str]) -> Message:
        """Say that several references share the match."""
        return message("identified.shared", channels=_all_of(channels))

    def found(
        self,
        lead: Stretch,
        others: Sequence[Stretch],
        quoted: Sequence[Stretch],
        *,
        why: Message | None,
        methods: Sequence[str],
        repeats: int,
        short: bool,
        partner: str | None,
    ) -> Message | None:
        """Say what is claimed, on what grounds, and what it does not prove."""
        by = [term("witness", method) for method in methods]
        parts = [
            message(
                "identified.by",
                stretch=self.stretch(lead),
                methods=_all_of(by) if by else message("identified.unknown-method"),
            ),
            message("identified.confirmed" if lead.confirmed else "identified.not-confirmed"),
            term("verbal", verbal(lead.log10_lr)),
        ]
        if why is not None:
            parts.append(why)
        elif len(lead.references) > 1:
            parts.append(message("identified.any-of-them"))
        if repeats:
            parts.append(message("identified.repeats", count=repeats))
        parts += [
            message("identified.also", stretch=self.stretch(stretch))
            for stretch in others[:_MOST_STRETCHES]
        ]
        parts += _quotations(quoted)
        if partner:
            parts.append(message("identified.licensed", partner=partner))
        elif short:
            parts.append(message("identified.short", probe_s=round(self._probe_s)))
        return joined(parts)

    def quoted(self, stretches: Sequence[Stretch]) -> Message | None:
        """Say what is quoted, where and for how long."""
        return joined((*_quotations(stretches), message("identified.no-re-broadcast")))

    def unmatched(self, glances: Sequence[Glance]) -> tuple[tuple[str, ...], Message | None]:
        """Return which senses had an opinion, and why nothing is named."""
        observations = [glance.observation for glance in glances]
        silent = dict.fromkeys(
            pair for observation in observations for pair in observation.unmatched.items()
        )
        reasons = [
            message("observation.unmatched", sense=term("sense", sense), why=term("no-match", why))
            for sense, why in silent
        ]
        opinions = [
            kind
            for kind, sense in (("sound", "sound"), ("picture", "pictures"))
            if (sense, NoMatch.NONE) in silent
            or any(
                witness.kind == kind
                for observation in observations
                for witness in observation.witnesses
            )
        ]
        if not opinions:
            why = joined(reasons) or message("identified.nothing-there")
            return (), message("identified.no-opinion", why=why)
        weak = [
            message(
                "identified.too-weak",
                witness=term("witness", witness.kind),
                reference=witness.reference,
            )
            for witness in sorted(
                (
                    witness
                    for glance in glances
                    for witness in glance.observation.witnesses
                    if witness.kind != "graphics"
                ),
                key=lambda witness: -witness.log10_lr,
            )[:1]
        ]
        return tuple(opinions), joined([*weak, *reasons]) or message("identified.no-reference")

    def stretch(self, one: Stretch) -> Message:
        """Say which reference runs from where to where."""
        places = {
            "references": " = ".join(one.references),
            "probe_s": round(self._probe_s, 1),
            "offset_s": round(one.offset_s, 2),
        }
        if one.seconds >= self._probe_s - 0.5:
            follows = message("identified.throughout", **places)
        else:
            start_s, end_s = round(one.start_s, 1), round(one.end_s, 1)
            follows = message("identified.from-to", **places, start_s=start_s, end_s=end_s)
        if one.part is not None:
            top, left, high, wide = (round(100 * side) for side in one.part)
            follows = message(
                "identified.in-part", stretch=follows, top=top, left=left, high=high, wide=wide
            )
        if one.speed == 1:
            return follows
        return message("identified.at-speed", stretch=follows, speed=round(one.speed, 3))


def _all_of(names: Sequence[str | Message]) -> str | Message:
    """Return names that all hold, as one value of a message."""
    return reduce(lambda first, last: message("names.both", first=first, last=last), names)


def _quotations(stretches: Sequence[Stretch]) -> list[Message]:
    parts = [
        message(
            "identified.quoted",
            references=" = ".join(stretch.references),
            lasts_s=round(stretch.seconds),
            start_s=round(stretch.start_s),
            offset_s=round(stretch.offset_s, 1),
        )
        for stretch in stretches[:_MOST_STRETCHES]
    ]
    if len(stretches) > _MOST_STRETCHES:
        parts.append(message("identified.more-quotations", count=len(stretches) - _MOST_STRETCHES))
    return parts
