"""What runs along a probe when, and what is a set: chains of several references joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cautery.identify.stretches import Chain, chains_of
from cautery.identify.windows import Look
from cautery.model.identification import Stretch
from cautery.model.picture_part import ONE_PART, WHOLE, Part, overlap

_TOGETHER = 0.5
"""Share of the shorter stretch that must overlap for two references to be a set."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the probe, with the chains of all references that carry it, best first."""

    chains: tuple[Chain, ...]
    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s

    @property
    def confirmed(self) -> bool:
        """Whether any of its references is."""
        return any(chain.confirmed for chain in self.chains)

    @property
    def log10_lr(self) -> float:
        """Of its best reference."""
        return max(chain.log10_lr for chain in self.chains)

    @property
    def support(self) -> float:
        """Of its best reference, to rank by."""
        return max(chain.support for chain in self.chains)

    @property
    def part(self) -> Part | None:
        """Of the picture, that shows its best reference that is seen."""
        return next((chain.part for chain in self.chains if chain.part is not None), None)

    def stretch(self) -> Stretch:
        """Return it as a noun."""
        lead = self.chains[0].best
        return Stretch(
            references=tuple(chain.reference for chain in self.chains),
            start_s=self.start_s,
            end_s=self.end_s,
            offset_s=lead.reference_s(self.start_s),
            speed=lead.speed,
            log10_lr=self.log10_lr,
            confirmed=self.confirmed,
            part=None if self.part == WHOLE else self.part,
        )


def passages_of(looks: Sequence[Look]) -> list[Passage]:
    """Return the matches along the probe in order of time, quotations too."""
    chains = chains_of(window for look in looks for window in look.windows)
    for chain in chains_of(look.whole for look in looks if look.whole is not None):
        line = chain.best
        home = next(
            (
                at for at, candidate in enumerate(chains)
                if candidate.reference == chain.reference
                and any(line.agrees(x) for x in candidate.lines)
            ),
            None,
        )  # fmt: skip
        if home is None:
            chains.append(chain)
        else:
            chains[home] = replace(chains[home], lines=(*chains[home].lines, *chain.lines))
    chains = sorted(
        (chain for chain in chains if chain.named),
        key=lambda chain: (-chain.support, -chain.score, chain.reference),
    )
    passages: list[Passage] = []
    for chain in chains:
        start_s, end_s = chain.span
        at = next(
            (k for k, passage in enumerate(passages) if _together(passage, start_s, end_s, chain)),
            None,
        )
        if at is None:
            passages.append(Passage((chain,), start_s, end_s))
        elif all(member.reference != chain.reference for member in passages[at].chains):
            passages[at] = Passage(
                (*passages[at].chains, chain),
                min(passages[at].start_s, start_s),
                max(passages[at].end_s, end_s),
            )
    return sorted(passages, key=lambda passage: passage.start_s)


def _together(passage: Passage, start_s: float, end_s: float, chain: Chain) -> bool:
    if passage.part and chain.part and overlap(passage.part, chain.part) < ONE_PART:
        return False
    both_s = min(passage.end_s, end_s) - max(passage.start_s, start_s)
    # Two chains of one reference at one time are a repeat within it; the stronger one stands.
    share = 0.0 if any(x.reference == chain.reference for x in passage.chains) else _TOGETHER
    return both_s > share * min(passage.seconds, end_s - start_s)
