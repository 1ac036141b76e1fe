"""Host names of any script as they are looked up: lower case, punycode."""

from __future__ import annotations

import encodings.idna
import re
import unicodedata

_LONGEST_NAME = 1_000
"""Letters; a name has 253, in any script."""
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_DEVIATIONS = str.maketrans({"\u00df": "s", "\u03c2": "s"})


def ascii_name(text: str) -> str:
    """Return a host name in lower-case punycode.

    Raises
    ------
    UnicodeError
        If it holds what no host name may.

    Notes
    -----
    RFC 5891 keeps sharp s and final sigma, which RFC 3490 and Python's codec turn into ``ss`` and
    sigma: another name, of somebody else.
    """
    if len(text) > _LONGEST_NAME:
        raise UnicodeError(f"{len(text)} characters are too many for a name")
    if text.isascii():
        return text.lower()
    return ".".join(_label(label) for label in _DOTS.split(text)).lower()


def _label(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower()
    if plain.translate(_DEVIATIONS) == plain:  # neither sharp s nor final sigma in it
        return encodings.idna.ToASCII(text).decode("ascii") if text else ""
    encodings.idna.nameprep(plain.translate(_DEVIATIONS))
    label = "xn--" + unicodedata.normalize("NFC", plain).encode("punycode").decode("ascii")
    if len(label) > 63:
        raise UnicodeError(f"{len(label)} characters are too many for a label")
    return label
