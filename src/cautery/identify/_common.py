"""What several references have in common, for no longer than an advert: where it is in a probe."""

from __future__ import annotations

from collections.abc import Sequence

from cautery.identify.likelihood import tail
from cautery.identify.stretches import SOLID
from cautery.identify.windows import Glance
from cautery.model.identification import Stretch
from cautery.model.verdict import Witness


def strongest_shared(glances: Sequence[Glance]) -> tuple[Glance, Witness] | None:
    """Return the strongest witness to what several references share, if it is strong enough."""
    sharing = [
        (glance, witness) for glance in glances for witness in glance.observation.witnesses
        if witness.shared and witness.score >= tail(witness.kind, witness.probe_s).least
    ]  # fmt: skip
    return max(sharing, key=lambda pair: pair[1].score, default=None)


def shared_quotation(glances: Sequence[Glance], witness: Witness, probe_s: float) -> Stretch | None:
    """Return what references share as a quotation; ``None`` where it is most of the probe.

    Parameters
    ----------
    witness : Witness
        The strongest to it.
    """
    names = {witness.reference, *witness.shared}
    carry = [
        (glance, candidate) for glance in glances for candidate in glance.observation.witnesses
        if candidate.reference in names and candidate.shared
        and glance.end_s - glance.start_s < probe_s
    ]  # fmt: skip
    # Of a long probe its parts are looked at whole, too: their windows say better where it is.
    carry = [(g, candidate) for g, candidate in carry if not any(_within(x, g) for x, _ in carry)]
    # What is shared is in no coverage: a window that carries it counts whole.
    seconds = sum({g.start_s: g.end_s - g.start_s for g, _ in carry}.values())
    if not carry or seconds >= SOLID * probe_s:
        return None
    first, line = min(carry, key=lambda x: (x[0].start_s, -x[1].score))
    half_s = line.probe_s / 2
    return Stretch(
        references=(witness.reference, *sorted(names - {witness.reference})),
        start_s=first.start_s,
        end_s=max(g.end_s for g, _ in carry),
        offset_s=first.observation.media_start_s + half_s - line.delay_s - half_s * line.speed,
        speed=line.speed,
        log10_lr=tail(witness.kind, witness.probe_s).log10_lr(witness.score),
    )


def _within(part: Glance, whole: Glance) -> bool:
    """Tell whether a glance is a part of another."""
    return part != whole and whole.start_s <= part.start_s and part.end_s <= whole.end_s
