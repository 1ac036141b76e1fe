"""An identification's reason, in words that an analyst can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cautery.drawing.words import counted
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.windows import Glance
from cautery.messages import word
from cautery.model.identification import Stretch
from cautery.model.verdict import NoMatch, verbal

_MOST_STRETCHES = 6


class Words:
    """Tells stretches of one probe.

    Parameters
    ----------
    known : mapping of str to ReferenceInfo
    probe_s : float
        The probe's length.
    """

    def __init__(self, known: Mapping[str, ReferenceInfo], probe_s: float) -> None:
        self._infos = known
        self._probe_s = probe_s

    def common(self, channels: Sequence[str]) -> str:
        """Say that what was found is shared."""
        return (
            f"{' and '.join(channels)} carry the same content here, no longer than an advert (a "
            "jingle, an advert or stock music): they cannot be told apart, this is not confirmed, "
            "and it accuses nobody"
        )

    def found(
        self,
        lead: Stretch,
        others: Sequence[Stretch],
        quoted: Sequence[Stretch],
        *,
        why: str | None,
        methods: Sequence[str],
        repeats: int,
        short: bool,
        partner: str | None,
    ) -> str:
        """Say what is claimed, on what grounds, and what it does not prove."""
        parts = [
            f"{self.stretch(lead)}, by {' and '.join(methods) or 'a method that is not recorded'}"
        ]
        parts.append(
            "two windows agree within 0.2 s"
            if lead.confirmed
            else "not confirmed: no two windows of 5 s agree and are each strong enough"
        )
        parts.append(verbal(lead.log10_lr))
        if len(lead.references) > 1 and why is None:
            parts.append("these references cannot be told apart here: it may be any of them")
        if why:
            parts.append(why)
        if repeats:
            parts.append(
                f"the reference repeats itself: {counted(repeats, 'other place')} fit "
                "equally well, so the place of the probe in it is not certain"
            )
        parts += [f"also {self.stretch(stretch)}" for stretch in others[:_MOST_STRETCHES]]
        parts += self._quotations(quoted)
        if partner:
            parts.append(f"{partner} is licensed for it")
        elif short:
            parts.append(
                f"{self._probe_s:.0f} s may be an advert, a trailer or a quotation: this "
                "is a match, not an accusation"
            )
        return "; ".join(parts)

    def quoted(self, stretches: Sequence[Stretch]) -> str:
        """Say what is quoted, where and for how long."""
        return "; ".join((*self._quotations(stretches), "a quotation is not a re-broadcast"))

    def unmatched(self, glances: Sequence[Glance]) -> tuple[tuple[str, ...], str]:
        """Return which senses had an opinion, and why nothing is named."""
        observations = [glance.observation for glance in glances]
        silent = dict.fromkeys(
            pair for observation in observations for pair in observation.unmatched.items()
        )
        reasons = [f"{sense}: {word(why)}" for sense, why in silent]
        summary = "; ".join(reasons)
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
            return (), f"no opinion: {summary or 'no sound and no pictures'}"
        weak = [
            f"{w.kind} points to {w.reference}, but too weakly to name it"
            for w in sorted(
                (
                    w
                    for glance in glances
                    for w in glance.observation.witnesses
                    if w.kind != "graphics"
                ),
                key=lambda w: -w.log10_lr,
            )[:1]
        ]
        return tuple(opinions), "; ".join([*weak, *reasons]) or "none of the references"

    def stretch(self, one: Stretch) -> str:
        """Say which reference runs from where to where."""
        names = " = ".join(one.references)
        part = (
            f"throughout its {self._probe_s:.1f} s"
            if one.seconds >= self._probe_s - 0.5
            else f"from {one.start_s:.1f} s to {one.end_s:.1f} s of {self._probe_s:.1f} s"
        )
        speed = f", speed {one.speed:.3f}" if one.speed != 1 else ""
        return (
            f"it follows {names} {part}, beginning at {one.offset_s:.2f} s of the reference{speed}"
        )

    def _quotations(self, stretches: Sequence[Stretch]) -> list[str]:
        parts = [
            f"{' = '.join(stretch.references)} is quoted for {stretch.seconds:.0f} s at "
            f"{stretch.start_s:.0f} s of the probe (beginning at {stretch.offset_s:.1f} s of it)"
            for stretch in stretches[:_MOST_STRETCHES]
        ]
        if len(stretches) > _MOST_STRETCHES:
            parts.append(f"and {len(stretches) - _MOST_STRETCHES} more quotations")
        return parts
