"""Markings on statements: TLP 2.0, PAP, Europol handling codes and evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cautery.errors import InputError


class Tlp(StrEnum):
    """Traffic Light Protocol 2.0."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"


class Pap(StrEnum):
    """Permissible Actions Protocol."""

    CLEAR = "PAP:CLEAR"
    GREEN = "PAP:GREEN"
    AMBER = "PAP:AMBER"
    RED = "PAP:RED"


class HandlingCode(StrEnum):
    """Europol handling codes (reference/law.md, section 7)."""

    H0 = "H0"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What may be done with a statement; ``h3_text`` is there if and only if H3 is.

    ``source`` A, B, C or X and ``accuracy`` 1 to 4 are Europol's evaluation (Regulation (EU)
    2016/794, art. 29); ``None``: not evaluated.
    """

    tlp: Tlp
    pap: Pap
    handling: frozenset[HandlingCode] = frozenset()
    h3_text: str | None = None
    source: str | None = None
    accuracy: int | None = None

    def __post_init__(self) -> None:
        if (HandlingCode.H3 in self.handling) != bool(self.h3_text):
            raise InputError("handling code H3 comes with its text, and the text with H3")
        if self.source is not None and self.source not in ("A", "B", "C", "X"):
            raise InputError(f"evaluation of a source is A, B, C or X, not {self.source!r}")
        if self.accuracy is not None and self.accuracy not in (1, 2, 3, 4):
            raise InputError(f"evaluation of information is 1 to 4, not {self.accuracy!r}")
