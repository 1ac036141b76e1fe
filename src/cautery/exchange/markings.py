"""How each format reads markings of others: TLP 1, a TLP without a PAP, two of one thing."""

from __future__ import annotations

from dataclasses import replace

from cautery.model.marking import Marking, Pap, Tlp, strictest

TLP_1 = {"white": Tlp.CLEAR, "green": Tlp.GREEN, "amber": Tlp.AMBER_STRICT, "red": Tlp.RED}
"""By its words; AMBER of TLP 1 named one organisation, so it is read as what allows the least."""
PAP_OF = {tlp: Pap(f"PAP:{tlp.removeprefix('TLP:').removesuffix('+STRICT')}") for tlp in Tlp}
"""Of what bears a TLP and no PAP: the same colour, as people do where nobody says more."""


def joined(marking: Marking, *further: Marking) -> Marking:
    """Return the marking of what several things say together; the evaluation is the first one's.

    Examples
    --------
    >>> first, second = (Marking(tlp=Tlp.RED, pap=Pap.RED, source=source) for source in "AB")
    >>> joined(first, second).source
    'A'
    """
    if all(marking == part for part in further):
        return marking
    whole = strictest((marking, *further))
    assert whole is not None
    return replace(whole, source=marking.source, accuracy=marking.accuracy)
