"""What a probe is, from what its windows gave: judgement, a pure function.

The rules, and what each is for:

- A probe is named from one window above the threshold; it is *confirmed* when two windows that do
  not overlap, each above it by itself, agree on the reference and the offset.
- A passage of up to 30 s (15 s of an event's) in a longer probe is a quotation, and names nothing:
  an advert, a jingle, ten seconds in the news. Passages that follow one another through the
  reference are one programme with cuts, however short each is; and what makes up most of a probe
  is no quotation in it, in whatever order.
- A probe under 15 s that matches throughout is named, and that is no accusation: it could be any
  of these.
- What several references share for no longer than an advert names them all where it is most of
  the probe, confirms nothing and accuses nobody; in a longer probe it is a quotation.
- References that say the same over the same stretch are a set; of them only the one whose own
  sound or graphics lead clearly is the licensee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cautery.identify._common import shared_quotation, strongest_shared
from cautery.identify._wording import Words
from cautery.identify.decide import BASE_RATE, CLEAR_LEAD, EVENT_UNION_S
from cautery.identify.likelihood import methods_of, posterior, tail, unmatched
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.stretches import GAP_S, SOLID, Chain, chains_of
from cautery.identify.windows import Glance, Look
from cautery.model.identification import Identification, Stretch
from cautery.model.rights import Partner

ADVERT_S = 30.0
"""The longest usual advert."""
SHORT_S = 15.0
"""A probe under this could lie in an advert, a trailer or a quotation as a whole."""
OWN_LEAD = 1.15
"""A licensee's sound over the clean feed's, before it is called its own: the ambience is in both.
Measured by ``bench/identify/event.py``: of 79 licensees' probes none lies under 1.39; of 23 with
the clean sound, or with another voice over it, none above 0.87."""
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
        )


def named(
    looks: Sequence[Look],
    infos: Sequence[ReferenceInfo],
    *,
    recipe: str,
    live: bool = False,
    base_rate: float = BASE_RATE,
    partner: Partner | None = None,
) -> Identification:
    """Say what a probe is, with the odds.

    Parameters
    ----------
    looks : sequence of Look
        Of the whole probe: one, or one for each part of a long one.
    infos : sequence of ReferenceInfo
        What the references are.
    live : bool
        The probe has a clock, so that a delay can be stated.
    base_rate : float
        Share of probes that are of a reference, for ``probability``.
    partner : Partner, optional
        On whose host the probe was found.

    Raises
    ------
    InputError
        If the base rate lies outside (0, 1).
    """
    known = {info.id: info for info in infos}
    glances = [one for look in looks for one in (*look.windows, look.whole) if one is not None]
    probe_s = max((glance.end_s for glance in glances), default=0.0)
    passages = passages_of(looks)
    good = [passage for passage in passages if _enough(passage, passages, probe_s, known)]
    words = Words(known, probe_s)
    base = Identification(
        recipe=recipe, base_rate=base_rate, probe_s=probe_s,
        stretches=tuple(passage.stretch() for passage in passages),
    )  # fmt: skip
    if not good:
        return _nothing(base, passages, glances, words)
    lead = max(good, key=lambda one: (one.confirmed, one.log10_lr, one.seconds))
    quoted = [passage for passage in passages if passage not in good]
    line = lead.chains[0].best
    channels, licensee, why = _whose(lead, known, glances)
    for other in good:
        if other is not lead:
            channels += tuple(x for x in _channels(other, known) if x not in channels)
    offset_s = line.reference_s(0.0)
    allowed = set(partner.channels) & set(channels) if partner else set()
    licensed = bool(allowed) and (licensee is None or licensee in allowed)
    return replace(
        base,
        channels=channels,
        event=next(
            (e for e in (known[chain.reference].event for chain in lead.chains) if e is not None),
            None,
        ),
        licensee=licensee,
        offset_s=offset_s,
        delay_s=line.glance.observation.media_start_s - line.reference_s(line.glance.start_s)
        if live
        else None,
        speed=line.speed,
        score=line.witness.score,
        log10_lr=lead.log10_lr,
        probability=posterior(lead.log10_lr, base_rate),
        confirmed=lead.confirmed,
        witnesses=tuple(dict.fromkeys(name for chain in lead.chains for name in chain.methods)),
        reason=words.found(
            lead.stretch(),
            [one.stretch() for one in good if one is not lead],
            [one.stretch() for one in quoted],
            why=why,
            methods=lead.chains[0].methods,
            repeats=len(line.witness.repeats_s),
            short=probe_s < SHORT_S or probe_s <= ADVERT_S,
            partner=partner.name if partner and licensed else None,
        ),
        quoted=_names(quoted),
        partner=partner.name if partner and licensed else None,
        alternatives=tuple(
            offset_s + line.witness.delay_s - delay_s for delay_s in line.witness.repeats_s
        ),
    )


def passages_of(looks: Sequence[Look]) -> list[Passage]:
    """Return what was found along the probe, in order of time, quotations too."""
    chains = chains_of(window for look in looks for window in look.windows)
    for chain in chains_of(one.whole for one in looks if one.whole is not None):
        line = chain.best
        home = next(
            (
                at for at, one in enumerate(chains)
                if one.reference == chain.reference and any(line.agrees(x) for x in one.lines)
            ),
            None,
        )  # fmt: skip
        if home is None:
            chains.append(chain)
        else:
            chains[home] = replace(chains[home], lines=(*chains[home].lines, *chain.lines))
    chains = sorted(
        (one for one in chains if one.named),
        key=lambda one: (-one.log10_lr, -one.score, one.reference),
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
        elif all(one.reference != chain.reference for one in passages[at].chains):
            passages[at] = Passage(
                (*passages[at].chains, chain),
                min(passages[at].start_s, start_s),
                max(passages[at].end_s, end_s),
            )
    return sorted(passages, key=lambda passage: passage.start_s)


def _together(one: Passage, start_s: float, end_s: float, chain: Chain) -> bool:
    both_s = min(one.end_s, end_s) - max(one.start_s, start_s)
    # The same reference twice at once is a repeat within it: the stronger line has it.
    share = 0.0 if any(x.reference == chain.reference for x in one.chains) else _TOGETHER
    return both_s > share * min(one.seconds, end_s - start_s)


def _enough(
    one: Passage,
    passages: Sequence[Passage],
    probe_s: float,
    known: Mapping[str, ReferenceInfo],
) -> bool:
    """Tell whether a passage, with others of the same reference, is more than a quotation."""
    of_it = [other for other in passages if _shares(one, other)]
    if probe_s < SHORT_S or sum(other.seconds for other in of_it) >= SOLID * probe_s:
        return True
    is_event = any(known[x.reference].event for x in one.chains)
    return _run_s(one, of_it) > (EVENT_UNION_S if is_event else ADVERT_S)


def _shares(one: Passage, other: Passage) -> bool:
    mine = {x.reference for x in one.chains}
    return any(x.reference in mine for x in other.chains)


def _run_s(one: Passage, of_it: Sequence[Passage]) -> float:
    """Return how much of a programme runs on through a passage, what is cut out of it left out.

    To cut a second out of every half minute would else make quotations of all of it.
    """
    runs: list[list[Passage]] = []
    for other in of_it:
        if runs and abs(_ahead_s(other) - _ahead_s(runs[-1][-1])) <= GAP_S:
            runs[-1].append(other)
        else:
            runs.append([other])
    return next(sum(x.seconds for x in run) for run in runs if one in run)


def _ahead_s(one: Passage) -> float:
    """Return by how much the reference is ahead of the probe where a passage begins."""
    return one.chains[0].best.reference_s(one.start_s) - one.start_s


def _nothing(
    base: Identification, passages: Sequence[Passage], glances: Sequence[Glance], words: Words
) -> Identification:
    if passages:
        best = max(passages, key=lambda passage: passage.log10_lr)
        return replace(
            base,
            score=best.chains[0].best.witness.score,
            log10_lr=best.log10_lr,
            probability=posterior(best.log10_lr, base.base_rate or BASE_RATE),
            witnesses=best.chains[0].methods,
            quoted=_names(passages),
            reason=words.quoted([passage.stretch() for passage in passages]),
        )
    common = strongest_shared(glances)
    if common is not None:
        glance, witness = common
        short = base.probe_s < SHORT_S
        quotation = None if short else shared_quotation(glances, witness, base.probe_s)
        if quotation is not None:
            return replace(
                base,
                score=witness.score,
                log10_lr=quotation.log10_lr,
                probability=posterior(quotation.log10_lr, base.base_rate or BASE_RATE),
                witnesses=methods_of(witness),
                quoted=tuple(sorted(quotation.references)),
                stretches=(quotation,),
                reason=words.quoted([quotation]),
            )
        log10_lr = tail(witness.kind, witness.probe_s).log10_lr(witness.score)
        channels = tuple(sorted({witness.reference, *witness.shared}))
        start_s = witness.probe_s / 2 - witness.delay_s - witness.probe_s / 2 * witness.speed
        return replace(
            base,
            channels=channels,
            offset_s=start_s + glance.observation.media_start_s - glance.start_s * witness.speed,
            speed=witness.speed,
            score=witness.score,
            log10_lr=log10_lr,
            probability=posterior(log10_lr, base.base_rate or BASE_RATE),
            witnesses=methods_of(witness),
            reason=words.common(channels),
        )
    opinions, reason = words.unmatched(glances)
    longest_s = max((one.end_s - one.start_s for one in glances), default=0.0)
    log10_lr = unmatched(opinions, longest_s)
    return replace(
        base,
        log10_lr=log10_lr,
        probability=posterior(log10_lr, base.base_rate or BASE_RATE) if opinions else None,
        reason=reason,
    )


def _whose(
    one: Passage, known: Mapping[str, ReferenceInfo], glances: Sequence[Glance]
) -> tuple[tuple[str, ...], str | None, str | None]:
    """Return (channels, licensee, why)."""
    channels = _channels(one, known)
    works = all(known[x.reference].kind == "work" for x in one.chains)
    heard = _heard(one, glances)
    events = {known[x.reference].event for x in one.chains}
    clean = max(
        (
            score for name, score in heard.items()
            if name in known and known[name].clean and known[name].event in events
        ),
        default=0.0,
    )  # fmt: skip
    own = sorted(
        ((max(x.score, heard.get(x.reference, 0.0)), x.reference)
         for x in one.chains if x.reference in channels),
        reverse=True,
    )  # fmt: skip
    if (
        own
        and own[0][0] > OWN_LEAD * clean
        and (len(own) == 1 or own[0][0] >= CLEAR_LEAD * own[1][0])
    ):
        if works and not known[own[0][1]].event:
            return channels, None, None
        alone = (own[0][1],) if known[own[0][1]].event else channels
        return alone, own[0][1], f"the sound is {own[0][1]}'s own"
    totals: dict[str, float] = {}
    for glance in glances:
        for witness in glance.observation.witnesses:
            if witness.kind == "graphics":
                totals[witness.reference] = totals.get(witness.reference, 0.0) + witness.score
    ranked = sorted(totals.items(), key=lambda x: (-x[1], x[0]))
    if ranked and (len(ranked) == 1 or ranked[0][1] >= CLEAR_LEAD * ranked[1][1]):
        name = ranked[0][0]
        if not channels or name in channels:
            return (name,), name, f"the graphics are {name}'s"
    if clean and OWN_LEAD * clean >= max((x[0] for x in own), default=0.0):
        return (), None, "neither the sound nor the graphics name a licensee"
    return channels, None, None


def _heard(one: Passage, glances: Sequence[Glance]) -> dict[str, float]:
    """Return how well each reference is heard along a passage, the windows' scores summed.

    At whatever place: a chain holds one line, and pictures or a speed that is slightly off may
    have led it past the sound of some windows.
    """
    heard: dict[str, float] = {}
    for glance in glances:
        if min(glance.end_s, one.end_s) <= max(glance.start_s, one.start_s):
            continue
        best: dict[str, float] = {}
        for witness in glance.observation.witnesses:
            if witness.kind == "sound":
                best[witness.reference] = max(best.get(witness.reference, 0.0), witness.score)
        for name, score in best.items():
            heard[name] = heard.get(name, 0.0) + score
    return heard


def _channels(one: Passage, known: Mapping[str, ReferenceInfo]) -> tuple[str, ...]:
    return tuple(sorted(x.reference for x in one.chains if not known[x.reference].clean))


def _names(passages: Sequence[Passage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(x.reference for passage in passages for x in passage.chains))
