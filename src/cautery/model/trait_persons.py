"""Which traits may name a person: nobody is followed by a telephone number or an address.

>>> from cautery.model.descent import TraitKind
>>> names_person(TraitKind.SITE_NAME, "call +39 347 123 4567")
True
>>> names_person(TraitKind.TEMPLATE, "sha256:" + "a1" * 32)
False
"""

from __future__ import annotations

import re

from cautery.model.descent import TraitKind
from cautery.model.screen import finds_personal

WRITTEN_BY_PEOPLE = frozenset(
    {
        TraitKind.SITE_NAME,
        TraitKind.PRICE_LIST,
        TraitKind.PAYMENT_END,
        TraitKind.PAYMENT_SERVICE,
        TraitKind.TEMPLATE,
        TraitKind.GUIDE_QUIRK,
        TraitKind.CATALOGUE_ORDER,
    }
)
"""Kinds in whose values a person may stand; the others are digests, numbers and hosts."""
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_NUMBERED = re.compile(r"(?:[0-9]-?){7}")
"""As many digits as the shortest telephone number has; E.164 with its country."""


def names_person(kind: TraitKind, value: str) -> bool:
    """Tell whether a person may be named in a trait's value."""
    if kind not in WRITTEN_BY_PEOPLE or _DIGEST.fullmatch(value):
        return False
    return finds_personal(value.replace("|", " ; "))  # titles of a catalogue do not run together


def label_names_person(label: str) -> bool:
    """Tell whether a label of a host is a telephone number.

    Examples
    --------
    >>> label_names_person("0033612345678"), label_names_person("stream24")
    (True, False)
    """
    return _NUMBERED.search(label) is not None and finds_personal(label)
