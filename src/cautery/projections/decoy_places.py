"""Where opened decoys stand: whose a place is, and a text without what it says of them.

A decoy's host stands in public lists, so anybody can write it into a path, a title or a question of
their own. That makes nothing of theirs a decoy: only a place that *is* one is (``owns``). A text
that only mentions one is shown with a name in its stead that is nobody's (RFC 2606).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cautery.formats.named_hosts import hosts_in
from cautery.model.decoys import Decoy
from cautery.model.host_names import addresses_in, host_of, led_to

_URL = re.compile(
    r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,20}://[^/?#\s\"'<>]*)([^\s\"'<>]*)", re.IGNORECASE
)
"""A URL in a text: up to its host, and the rest."""
_ODD = re.compile(r"[^\x00-\x7f]|[%&\[]|::|0x|[0-9]{8}|(?<![0-9])0[0-9]", re.IGNORECASE)
"""What a name or an address in another than its one spelling has."""
_NO_PLACE = re.compile(r"(?:sha256:[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z)\Z")


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
        places = sorted(self._stead, key=len, reverse=True)
        names = "|".join(re.escape(place) for place in places)
        digits = "|".join(re.escape(place) for place in places if addresses_in(place)) or "(?!)"
        self._anywhere = re.compile(names, re.IGNORECASE)
        # In a text a longer name is somebody else's; in a path anything may stand around it.
        before = r"(?:(?<![\w-])|(?<=%[0-9a-f]{2}))"
        self._in_text = re.compile(rf"{before}(?:{names})(?![\w-]|\.[\w-])", re.IGNORECASE)
        self._in_path = re.compile(
            rf"(?<![0-9])(?:{digits})(?![0-9])|(?!{digits})(?:{names})", re.IGNORECASE
        )

    def may_name(self, text: str) -> bool:
        """Tell whether a text may mention a decoy; what it denies is so."""
        return self._anywhere.search(text) is not None or bool(self._spelled(text))

    def owns(self, place: str) -> bool:
        """Tell whether a URL, a name or an address is on a host of a decoy, or on a name below."""
        if any(letter.isspace() for letter in place):
            return False
        bare = place.removeprefix("*.")
        if "://" not in bare:
            bare = f"//[{bare}]" if bare.count(":") > 1 and "[" not in bare else f"//{bare}"
        host = host_of(bare)
        return bool(host) and self._known(host) is not None

    def redacted(self, text: str) -> str:
        """Return a text with another name in the stead of each decoy's host or address."""
        if self._anywhere.search(text) is not None:
            text = self._plain(text)
        host_spelled = self._spelled(text)
        if not host_spelled:
            return text
        # It is written in another way. Of a URL its own host stays, of other texts nothing.
        stead = self._known(host_spelled) or ""
        url = _URL.match(text)
        if url is None or url.end() != len(text) or self._names_one(url[1]):
            return stead
        return f"{url[1]}/{stead}"

    def _plain(self, text: str) -> str:
        parts, done = [], 0
        for url in _URL.finditer(text):
            parts.append(self._in_text.sub(self._instead, text[done : url.start()]))
            parts.append(self._in_text.sub(self._instead, url[1]))
            parts.append(self._in_path.sub(self._instead, url[2]))
            done = url.end()
        return "".join((*parts, self._in_text.sub(self._instead, text[done:])))

    def _spelled(self, text: str) -> str:
        """Return a host of a decoy that a text names in another spelling; empty: it names none."""
        if _ODD.search(text) is None or _NO_PLACE.match(text) is not None:
            return ""
        return next((host for host in sorted(hosts_in(text)) if self.owns(host)), "")

    def _names_one(self, text: str) -> bool:
        return any(map(self.owns, hosts_in(text)))

    def _known(self, host: str) -> str | None:
        """Return what stands in the stead of a host of a decoy, or of one below or beside it."""
        labels = host.split(".")
        above = (".".join(labels[at:]) for at in range(len(labels)))
        return next(
            (self._stead[each] for each in (*above, *led_to(host)) if each in self._stead), None
        )

    def _instead(self, mention: re.Match[str]) -> str:
        # Letters of other alphabets are taken for those of a name, and are no name of ours.
        return self._stead.get(mention[0].lower(), "decoy.invalid")
