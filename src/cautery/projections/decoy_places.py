"""Where opened decoys stand: whose a place is, and a text without what it says of them.

A decoy's host stands in public lists, so anybody can write it into a path, a title or a question of
their own. That makes nothing of theirs a decoy: only a place that *is* one is (``owns``). A text
that only mentions one is shown with a name in its stead that is nobody's (RFC 2606).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cautery.model.decoys import Decoy
from cautery.model.host_names import host_of, led_to

_URL = re.compile(
    r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,20}://[^/?#\s\"'<>]*)([^\s\"'<>]*)", re.IGNORECASE
)
"""A URL in a text: up to its host, and the rest."""


class DecoyPlaces:
    """Hosts and addresses of decoys that are opened.

    Parameters
    ----------
    decoys : mapping of int to Decoy
        By leaf.
    """

    def __init__(self, decoys: Mapping[int, Decoy]) -> None:
        self._stead: dict[str, str] = {}
        for leaf, decoy in sorted(decoys.items()):
            for place in (decoy.host, *decoy.addresses):
                self._stead.setdefault(place.lower(), f"decoy-{leaf}.invalid")
        names = "|".join(map(re.escape, sorted(self._stead, key=len, reverse=True)))
        self._anywhere = re.compile(names, re.IGNORECASE)
        # In a text a longer name is somebody else's; in a path ".m3u8" may follow.
        self._in_text = re.compile(rf"(?<![\w-])(?:{names})(?![\w-]|\.[\w-])", re.IGNORECASE)
        self._in_path = re.compile(rf"(?<![\w-])(?:{names})(?![\w-])", re.IGNORECASE)

    def may_name(self, text: str) -> bool:
        """Tell at once whether a text may mention a decoy; what it denies is so."""
        return self._anywhere.search(text) is not None

    def owns(self, place: str) -> bool:
        """Tell whether a URL, a name or an address is on a host of a decoy, or on a name below."""
        if any(letter.isspace() for letter in place):
            return False
        bare = place.removeprefix("*.")
        if "://" not in bare:
            bare = f"//[{bare}]" if bare.count(":") > 1 and "[" not in bare else f"//{bare}"
        host = host_of(bare)
        labels = host.split(".")
        above = (".".join(labels[at:]) for at in range(len(labels)))
        return bool(host) and (
            any(name in self._stead for name in above)
            or any(address in self._stead for address in led_to(host))
        )

    def redacted(self, text: str) -> str:
        """Return a text with another name in the stead of each decoy's host or address."""
        if not self.may_name(text):
            return text
        parts, done = [], 0
        for url in _URL.finditer(text):
            parts.append(self._in_text.sub(self._instead, text[done : url.start()]))
            parts.append(self._in_text.sub(self._instead, url[1]))
            parts.append(self._in_path.sub(self._instead, url[2]))
            done = url.end()
        return "".join((*parts, self._in_text.sub(self._instead, text[done:])))

    def _instead(self, found: re.Match[str]) -> str:
        # Letters of other alphabets are taken for those of a name, and are no name of ours.
        return self._stead.get(found[0].lower(), "decoy.invalid")
