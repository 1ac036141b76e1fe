"""How much two names say that they are one site's: what they share, in nats, less what they do not.

A name is read as words. A word that many families use says little (``torrent``, ``movies``), a
letter that no known word explains says much; so a shared generic word alone joins nothing, and a
shared brand joins across other endings, digits, hyphens and look-alikes.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable

LETTER_NATS = 2.3
"""A letter of a brand: the entropy of letters in made-up names lies between English text's (about
1.3 bit a letter in context) and that of free letters (log 26 = 3.3 nats)."""
EDGE_NATS = 1.0
"""What it adds that the shared part begins, or ends, both names."""
WORD_NATS = 0.3
"""What it takes to say that a word follows rather than a letter."""
UNSHARED = 0.4
"""The part of what only one name has that counts against: renames add and drop words."""
NAMELESS = 0.3
"""The part of a site's pairs of domains whose names have nothing to do with each other."""
BACKGROUND = 300.0
"""Families that the packaged words stand for, beside those of the list at hand."""
GENERIC_SHARE = 0.05
"""The least part of families that uses any one packaged word."""
BRANDED = 0.5
"""A word that several families use may yet be one brand's, not joined so far: it costs no less than
this part of its letters."""
_SHORTEST, _LONGEST = 3, 12
_FEWEST_FAMILIES = 3
_LONGEST_LABEL = 63
"""Of a label; RFC 1035, 2.3.4."""

_GENERIC = (
    "torrent torrents torent bit bits bittorrent tracker trackers magnet seed seeds leech "
    "peer share sharing warez ddl download downloads downloader upload file files link links "
    "usenet nzb index movie movies film films filmy cine cinema kino video videos vid flix "
    "play player series serie serial show shows episode episodes tele tvs hdtv uhd ultra full "
    "mkv rip anime manga cartoon toon drama music audio book books ebook game games sport "
    "sports football soccer match live stream streams streaming streamer iptv channel "
    "channels watch free online gratis premium best top new old now next plus pro max one "
    "zone world land city house home hub base club portal center site web net network page "
    "official mirror mirrors proxy proxies unblock unblocked unblocker access the my your "
    "this all get for you app apk box pirate island hindi tamil desi bolly holly french "
    "france italia turk turkish russian greek arab nordic china porn sex adult xxx community "
    "forum library archive search find tor database data cloud "
)
GENERIC = frozenset(_GENERIC.split())
"""Words of the trade, by hand: none of them names a site by itself."""
_SERVICES = (
    "api app apps assets auth account admin analytics beta blog cache cdn client clients com "
    "content css demo dev dns docs edge email events ftp gateway gw help host image images img "
    "imap info js lb login logs mail media metrics mobile mx news ns ntp origin panel pop portal "
    "prod push relay secure server service shop smtp ssl sso stage staging stat static stats "
    "status store support telemetry test track upload video vpn web webmail ws"
)
SERVICES = frozenset(_SERVICES.split())
"""What stands before a name for what a host does there (RFC 2142, 3, and common use), by hand."""
_PREFIX = re.compile(r"^(?:w{2,4}\d*|m|new\d*|web\d*)[-.]|^w{3}\d*(?=[a-z]{3})")
_LOOK_ALIKES = str.maketrans("013457", "oieast")
_AMID_LETTERS = re.compile(r"(?<=[a-z])[013457](?=[a-z])")
_FOREIGN_LOOK_ALIKES = str.maketrans(
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u0501\u04bb\u043a\u043c\u0442\u0432\u043d"
    "\u03bf\u03bd\u03b9\u03c1\u03c4\u03ba\u03b1",
    "aceopxyijsdhkmtbhoviptka",
)
"""Cyrillic and Greek letters that look Latin (Unicode TR 39 confusables, the common ones)."""


def plain(label: str) -> str:
    """Return a label of a host's name as people read it: no punycode, accents, hyphens, ``www``.

    >>> plain("www3-torrent9"), plain("xn--strm-7qa")
    ('torrent9', 'strom')
    """
    text = label[:_LONGEST_LABEL].lower()
    if text.startswith("xn--"):
        try:
            text = text.encode("ascii").decode("idna")
        except UnicodeError:
            text = text[4:]
    text = unicodedata.normalize("NFKD", text.translate(_FOREIGN_LOOK_ALIKES))
    text = _PREFIX.sub("", text) or text
    kept = "".join(one for one in text if one.isalnum())
    return kept or label


def brand(text: str) -> str:
    """Return a plain name with digits between letters read as letters, and the others dropped.

    >>> brand("kick4ss"), brand("torrentqq76"), brand("8800460")
    ('kickass', 'torrentqq', '')
    """
    read = _AMID_LETTERS.sub(lambda one: one[0].translate(_LOOK_ALIKES), text)
    return "".join(one for one in read if not one.isdigit())


class NameCosts:
    """What it takes to write names, in nats, by the words that many families use.

    Parameters
    ----------
    families : iterable of collections of str
        Plain names of each family known so far. A word counts once a family, so that a family of a
        thousand domains does not make its own brand generic.
    """

    def __init__(self, families: Iterable[Collection[str]]) -> None:
        used: Counter[str] = Counter()
        number = 0
        for names in families:
            number += 1
            used.update({word for name in names for word in _words(name)})
        total = number + BACKGROUND
        # Less one: the family that is asked about must not make its own words known.
        self._nats = {
            word: max(math.log(total / (count - 1)), BRANDED * LETTER_NATS * len(word))
            for word, count in used.items()
            if count >= _FEWEST_FAMILIES
        }
        for word in GENERIC:
            share = (used.get(word, 0) + BACKGROUND * GENERIC_SHARE) / total
            self._nats[word] = -math.log(max(share, GENERIC_SHARE))
        self._known: dict[str, float] = {}

    def nats(self, text: str) -> float:
        """Return the least nats in which a text can be written, as words and letters."""
        known = self._known.get(text)
        if known is not None:
            return known
        least = [0.0] + [math.inf] * len(text)
        for start, so_far in enumerate(least[:-1]):
            so_far = least[start]  # noqa: PLW2901 - it may have fallen since
            least[start + 1] = min(least[start + 1], so_far + LETTER_NATS)
            for end in range(start + 2, min(len(text), start + _LONGEST) + 1):
                word = self._nats.get(text[start:end])
                if word is not None:
                    least[end] = min(least[end], so_far + word + WORD_NATS)
        self._known[text] = least[-1]
        return least[-1]

    def whole(self, text: str) -> float:
        """Return what it says, in nats, that two domains have the very same name."""
        return self.nats(text) + 2 * EDGE_NATS

    def evidence(self, one: str, other: str) -> float:
        """Return the log-odds that two plain names speak for one site.

        Never below ``log(NAMELESS)``: a site may change its name wholly.
        """
        same = _skeleton(one) == _skeleton(other)
        shared = self.whole(one) if same else self._shared(one, other)
        return math.log(NAMELESS + (1 - NAMELESS) * math.exp(min(shared, 50.0)))

    def _shared(self, one: str, other: str) -> float:
        """Match the longest common pieces, in any order; less what is left over."""
        said = 0.0
        mine, its = [one], [other]
        while True:
            piece, a, b = max(
                ((_longest(x, y), a, b) for a, x in enumerate(mine) for b, y in enumerate(its)),
                key=lambda found: len(found[0]),
            )
            if len(piece) < _SHORTEST:
                break
            heads = one.startswith(piece) and other.startswith(piece)
            tails = one.endswith(piece) and other.endswith(piece)
            said += self.nats(piece) + EDGE_NATS * (heads + tails)
            mine[a : a + 1] = mine[a].split(piece, 1)
            its[b : b + 1] = its[b].split(piece, 1)
        return said - UNSHARED * sum(self.nats(rest) for rest in (*mine, *its))


def _skeleton(text: str) -> str:
    """Return a name with letters that look alike as one of them (Unicode TR 39, Latin)."""
    return text.replace("rn", "m").replace("vv", "w").replace("l", "i")


def _longest(one: str, other: str) -> str:
    """Return the longest piece that two short texts share, if it has three letters; else none."""
    for size in range(min(len(one), len(other)), _SHORTEST - 1, -1):
        for start in range(len(one) - size + 1):
            if (piece := one[start : start + size]) in other:
                return piece
    return ""


def _words(name: str) -> set[str]:
    """Return the pieces of a name that may be words; digits are none."""
    return {
        name[start:end]
        for start in range(len(name) - _SHORTEST + 1)
        for end in range(start + _SHORTEST, min(len(name), start + _LONGEST) + 1)
        if name[start:end].isalpha()
    }
