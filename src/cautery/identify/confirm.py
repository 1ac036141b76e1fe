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
  sound or graphics lead clearly is the licensee. Those that are seen in different parts of the
  picture are no set, but contents at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cautery.identify._common import shared_quotation, strongest_shared
from cautery.identify._passages import Passage, passages_of
from cautery.identify._reasons import Words
from cautery.identify.decide import BASE_RATE
from cautery.identify.licensee import CLEAR_LEAD
from cautery.identify.likelihood import methods_of, posterior, tail, unmatched
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.stretches import GAP_S, SOLID
from cautery.identify.tracks import EVENT_UNION_S
from cautery.identify.windows import Glance, Look
from cautery.messages import message
from cautery.model.identification import Identification
from cautery.model.message import Message
from cautery.model.rights import Partner

ADVERT_S = 30.0
"""The longest usual advert."""
SHORT_S = 15.0
"""A probe under this could lie in an advert, a trailer or a quotation as a whole."""
OWN_LEAD = 1.15
"""A licensee's sound over the clean feed's, before it is called its own: the ambience is in both.
Measured by ``bench/identify/event.py``: of 79 licensees' probes none lies under 1.39; of 23 with
the clean sound, or with another voice over it, none above 0.87."""
LEAST_STRETCH_S = 0.1
"""What is shorter says only that something matched, and not from when to when."""


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
    by_id = {info.id: info for info in infos}
    glances = [
        glance for look in looks for glance in (*look.windows, look.whole) if glance is not None
    ]
    probe_s = max((glance.end_s for glance in glances), default=0.0)
    passages = passages_of(looks)
    good = [passage for passage in passages if _enough(passage, passages, probe_s, by_id)]
    words = Words(by_id, probe_s)
    base = Identification(
        recipe=recipe, base_rate=base_rate, probe_s=probe_s,
        stretches=tuple(
            passage.stretch() for passage in passages if passage.seconds >= LEAST_STRETCH_S
        ),
    )  # fmt: skip
    if not good:
        return _nothing(base, passages, glances, words)
    # Two windows that agree go before one that scores higher: one alone may be chance.
    lead = max(good, key=lambda passage: (passage.confirmed, passage.support, passage.seconds))
    quoted = [passage for passage in passages if passage not in good]
    line = lead.chains[0].best
    channels, licensee, why = _whose(lead, by_id, glances)
    # A probe may hold several programmes, one after another or at once.
    for rival in good:
        if rival is not lead:
            channels += tuple(x for x in _channels(rival, by_id) if x not in channels)
    offset_s = line.reference_s(0.0)
    allowed = set(partner.channels) & set(channels) if partner else set()
    licensed = bool(allowed) and (licensee is None or licensee in allowed)
    return replace(
        base,
        channels=channels,
        event=next(
            (e for e in (by_id[chain.reference].event for chain in lead.chains) if e is not None),
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
            [passage.stretch() for passage in good if passage is not lead],
            [passage.stretch() for passage in quoted],
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


def _enough(
    passage: Passage,
    passages: Sequence[Passage],
    probe_s: float,
    infos: Mapping[str, ReferenceInfo],
) -> bool:
    """Tell whether a passage, with others of the same reference, is more than a quotation."""
    of_it = [related for related in passages if _shares(passage, related)]
    if probe_s < SHORT_S or sum(related.seconds for related in of_it) >= SOLID * probe_s:
        return True
    is_event = any(infos[x.reference].event for x in passage.chains)
    return _run_s(passage, of_it) > (EVENT_UNION_S if is_event else ADVERT_S)


def _shares(first: Passage, second: Passage) -> bool:
    references = {x.reference for x in first.chains}
    return any(x.reference in references for x in second.chains)


def _run_s(passage: Passage, of_it: Sequence[Passage]) -> float:
    """Return how much of a programme runs on through a passage, what is cut out of it left out.

    To cut a second out of every half minute would else make quotations of all of it.
    """
    runs: list[list[Passage]] = []
    for related in of_it:
        if runs and abs(_ahead_s(related) - _ahead_s(runs[-1][-1])) <= GAP_S:
            runs[-1].append(related)
        else:
            runs.append([related])
    return next(sum(x.seconds for x in run) for run in runs if passage in run)


def _ahead_s(passage: Passage) -> float:
    """Return by how much the reference is ahead of the probe where a passage begins."""
    return passage.chains[0].best.reference_s(passage.start_s) - passage.start_s


def _nothing(
    base: Identification, passages: Sequence[Passage], glances: Sequence[Glance], words: Words
) -> Identification:
    if passages:
        best = max(passages, key=lambda passage: passage.support)
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
        # The delay holds at the probe's middle; at another speed the start lies off by half the
        # probe.
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
    longest_s = max((glance.end_s - glance.start_s for glance in glances), default=0.0)
    log10_lr = unmatched(opinions, longest_s)
    return replace(
        base,
        log10_lr=log10_lr,
        probability=posterior(log10_lr, base.base_rate or BASE_RATE) if opinions else None,
        reason=reason,
    )


def _whose(
    passage: Passage, infos: Mapping[str, ReferenceInfo], glances: Sequence[Glance]
) -> tuple[tuple[str, ...], str | None, Message | None]:
    """Return (channels, licensee, why)."""
    channels = _channels(passage, infos)
    works = all(infos[x.reference].kind == "work" for x in passage.chains)
    sound_scores = _heard(passage, glances)
    events = {infos[x.reference].event for x in passage.chains}
    clean = max(
        (
            score for name, score in sound_scores.items()
            if name in infos and infos[name].clean and infos[name].event in events
        ),
        default=0.0,
    )  # fmt: skip
    by_sound = sorted(
        ((max(x.score, sound_scores.get(x.reference, 0.0)), x.reference)
         for x in passage.chains if x.reference in channels),
        reverse=True,
    )  # fmt: skip
    if (
        by_sound
        and by_sound[0][0] > OWN_LEAD * clean
        and (len(by_sound) == 1 or by_sound[0][0] >= CLEAR_LEAD * by_sound[1][0])
    ):
        if works and not infos[by_sound[0][1]].event:
            return channels, None, None
        alone = (by_sound[0][1],) if infos[by_sound[0][1]].event else channels
        licensee = by_sound[0][1]
        return alone, licensee, message("verdict.own-sound", licensee=licensee)
    totals: dict[str, float] = {}
    for glance in glances:
        for witness in glance.observation.witnesses:
            if witness.kind == "graphics":
                totals[witness.reference] = totals.get(witness.reference, 0.0) + witness.score
    ranked = sorted(totals.items(), key=lambda x: (-x[1], x[0]))
    if ranked and (len(ranked) == 1 or ranked[0][1] >= CLEAR_LEAD * ranked[1][1]):
        name = ranked[0][0]
        if not channels or name in channels:
            return (name,), name, message("verdict.own-graphics", licensee=name)
    if clean and OWN_LEAD * clean >= max((x[0] for x in by_sound), default=0.0):
        return (), None, message("verdict.no-licensee")
    return channels, None, None


def _heard(passage: Passage, glances: Sequence[Glance]) -> dict[str, float]:
    """Return how well each reference is heard along a passage, the windows' scores summed.

    At whatever place: a chain holds one line, and pictures or a speed that is slightly off may
    have led it past the sound of some windows.
    """
    totals: dict[str, float] = {}
    for glance in glances:
        if min(glance.end_s, passage.end_s) <= max(glance.start_s, passage.start_s):
            continue
        best: dict[str, float] = {}
        for witness in glance.observation.witnesses:
            if witness.kind == "sound":
                best[witness.reference] = max(best.get(witness.reference, 0.0), witness.score)
        for name, score in best.items():
            totals[name] = totals.get(name, 0.0) + score
    return totals


def _channels(passage: Passage, infos: Mapping[str, ReferenceInfo]) -> tuple[str, ...]:
    return tuple(sorted(x.reference for x in passage.chains if not infos[x.reference].clean))


def _names(passages: Sequence[Passage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(x.reference for passage in passages for x in passage.chains))
