"""Markings on statements: TLP 2.0, PAP, Europol handling codes and evaluation, and their order.

Which of two markings is the stricter is decided here and nowhere else (ADR 0030): TLP and PAP each
rise from CLEAR to RED, a handling code more is a condition more, and the words of H3 are a
condition of their own. The evaluation says how far to trust a statement, not who may see it, so it
is no part of the level.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cautery.errors import InputError


class Tlp(StrEnum):
    """Traffic Light Protocol 2.0, from the least strict to the strictest."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"


class Pap(StrEnum):
    """Permissible Actions Protocol, from the least strict to the strictest."""

    CLEAR = "PAP:CLEAR"
    GREEN = "PAP:GREEN"
    AMBER = "PAP:AMBER"
    RED = "PAP:RED"


class HandlingCode(StrEnum):
    """Europol handling codes (docs/reference/sources.md, F29)."""

    H0 = "H0"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"


_TLP = tuple(Tlp)
_PAP = tuple(Pap)
_HINT = "Write it like this: TLP:AMBER PAP:AMBER H1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What may be done with a statement.

    Parameters
    ----------
    tlp : Tlp
        Traffic Light Protocol 2.0.
    pap : Pap
        Permissible Actions Protocol.
    handling : frozenset of HandlingCode
        Europol handling codes.
    h3_text : str or None
        Text of handling code H3; ``None``: H3 is not among the codes.
    source : str or None
        Evaluation of the source, A, B, C or X (Regulation (EU) 2016/794, art. 29); ``None``: not
        evaluated.
    accuracy : int or None
        Evaluation of the information, 1 to 4 (Regulation (EU) 2016/794, art. 29); ``None``: not
        evaluated.
    """

    tlp: Tlp
    pap: Pap
    handling: frozenset[HandlingCode] = frozenset()
    h3_text: str | None = None
    source: str | None = None
    accuracy: int | None = None

    def __post_init__(self) -> None:
        if (HandlingCode.H3 in self.handling) != bool(self.h3_text):
            raise InputError("handling code H3 needs its text, and the text needs H3")
        if self.source is not None and self.source not in ("A", "B", "C", "X"):
            raise InputError(f"evaluation of a source must be A, B, C or X, not {self.source!r}")
        if self.accuracy is not None and self.accuracy not in (1, 2, 3, 4):
            raise InputError(f"evaluation of information must be 1 to 4, not {self.accuracy!r}")

    def covers(self, other: Marking) -> bool:
        """Tell whether this marking is as strict as another, in every respect.

        Examples
        --------
        >>> amber, green = (Marking(tlp=one, pap=Pap.RED) for one in (Tlp.AMBER, Tlp.GREEN))
        >>> amber.covers(green), green.covers(amber)
        (True, False)
        """
        return (
            _TLP.index(self.tlp) >= _TLP.index(other.tlp)
            and _PAP.index(self.pap) >= _PAP.index(other.pap)
            and self.handling >= other.handling
            and (other.h3_text is None or self.h3_text == other.h3_text)
        )

    def is_level_with(self, other: Marking) -> bool:
        """Tell whether two markings are of one level: each covers the other.

        Examples
        --------
        >>> first, second = (Marking(tlp=Tlp.RED, pap=Pap.RED, source=one) for one in "AB")
        >>> first.is_level_with(second)
        True
        """
        return self.covers(other) and other.covers(self)

    @property
    def words(self) -> str:
        """Return TLP, PAP and handling codes on one line."""
        return " ".join((self.tlp, self.pap, *sorted(self.handling)))


def marking_of(words: str) -> Marking:
    """Return the marking that somebody writes on one line, as :attr:`Marking.words` has it.

    The text of ``H3`` stands behind it, to the end of the line. Without PAP it is PAP:CLEAR for
    TLP:CLEAR, and otherwise of the colour of the TLP.

    Raises
    ------
    InputError
        If it has no TLP, two of a kind, or a word that is none of a marking.

    Examples
    --------
    >>> marking_of("TLP:AMBER+STRICT H1").words
    'TLP:AMBER+STRICT PAP:AMBER H1'
    >>> marking_of("TLP:GREEN PAP:RED H3: ask us first").h3_text
    'ask us first'
    """
    codes, h3, text = words.partition("H3:")
    parts = codes.upper().split()
    tlps = [tlp for tlp in _TLP if tlp in parts]
    paps = [pap for pap in _PAP if pap in parts]
    handling = {code for code in HandlingCode if code in parts}
    known = {*tlps, *paps, *handling}
    strange = next((part for part in parts if part not in known), None)
    if strange is not None:
        raise InputError(f"{strange[:80]!r} is no word of a marking", hint=_HINT)
    if len(tlps) != 1 or len(paps) > 1 or len(parts) != len(known):
        raise InputError(f"{words[:80]!r} is no marking: that has one TLP", hint=_HINT)
    if h3:
        handling.add(HandlingCode.H3)
    colour = tlps[0].removeprefix("TLP:").partition("+")[0]
    return Marking(
        tlp=tlps[0],
        pap=paps[0] if paps else Pap(f"PAP:{colour}"),
        handling=frozenset(handling),
        h3_text=text.strip() or None,
    )


def strictest(markings: Iterable[Marking]) -> Marking | None:
    """Return the marking of a whole made of parts so marked: it covers each of them.

    ``None`` for no part. The words of several H3 stand beside each other.

    Examples
    --------
    >>> parts = Marking(tlp=Tlp.RED, pap=Pap.CLEAR), Marking(tlp=Tlp.CLEAR, pap=Pap.AMBER)
    >>> whole = strictest(parts)
    >>> whole.words
    'TLP:RED PAP:AMBER'
    """
    parts = tuple(markings)
    if not parts:
        return None
    texts = sorted({part.h3_text for part in parts if part.h3_text is not None})
    return Marking(
        tlp=max((part.tlp for part in parts), key=_TLP.index),
        pap=max((part.pap for part in parts), key=_PAP.index),
        handling=frozenset().union(*(part.handling for part in parts)),
        h3_text="; ".join(texts) or None,
    )
