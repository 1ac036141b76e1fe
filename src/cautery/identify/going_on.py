"""Whether a look could have seen that a stream goes on as it did: its references must reach there.

A reference may come late, as when the node that heard it died. A look at the newest media of a
stream then matches nothing, whatever they show: that is unknown, and not nothing.
"""

from __future__ import annotations

from cautery.identify.likelihood import above
from cautery.identify.references.volumes import AnyReferences
from cautery.identify.tracks import LEAST_COVERAGE
from cautery.model.verdict import Observation, Witness

_ENOUGH_S = 10.0
"""Of a longer probe: what recall was measured for (docs/reference/sources.md, F37)."""


def origin_s(witness: Witness, earlier: Observation, *, media_at_s: float) -> float:
    """Return where a probe begins on a reference's axis, if it goes on as an earlier one did.

    Parameters
    ----------
    witness : Witness
        Of the earlier probe.
    media_at_s : float
        When the probe's first media became available, on the same axis as the earlier one's.
    """
    then_s = earlier.media_start_s + witness.probe_s / 2
    return then_s - witness.delay_s + witness.speed * (media_at_s - then_s)


def is_beyond(
    named: Observation | None,
    references: AnyReferences,
    *,
    media_at_s: float | None,
    probe_s: float,
) -> bool:
    """Tell whether a reference ends before the place where the stream would lie if it goes on.

    To be asked before the search, since references grow meanwhile. A claim needs 70 % of a probe,
    and ten seconds are enough to be found: a reference that holds so much of the place has come far
    enough. Works are held whole.

    A reference that has ended, or is silent for good, never comes so far: it cannot disprove. Its
    streams stay what they were found to be for as long as the watch remembers a look that named it,
    which is its twelve newest; a look after that says what it matched of the references that are
    there. From 30 s on the watch records that the reference is late.

    Parameters
    ----------
    named : Observation or None
        The newest one of the stream that names a reference; ``None``: none does.
    media_at_s : float or None
        As for :func:`cautery.identify.observe.observe`.
    probe_s : float
        The probe's length.
    """
    if named is None or media_at_s is None:
        return False
    needed_s = min(LEAST_COVERAGE * probe_s, _ENOUGH_S)
    for witness in named.witnesses:
        name = witness.reference
        if not above(witness):
            continue
        if not references.knows(name):  # a node that has nothing yet
            return True
        if references.info(name).kind == "work":
            continue
        until_s = references.of(name).searched_until(name, pictures=witness.kind == "picture")
        begins_s = origin_s(witness, named, media_at_s=media_at_s)
        if until_s is None or until_s < begins_s + witness.speed * needed_s:
            return True
    return False
