"""How a label of a host's name is read: as people read it, and without its numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from cautery.model.brands import brand, plain

__all__ = ["GENERIC", "SERVICES", "brand", "plain", "runs", "skeleton", "stem"]

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


def stem(text: str) -> str:
    """Return a plain name without its digits; empty: it has no letter."""
    return "".join(character for character in text if not character.isdigit())


_ONE_LETTER = (("rn", "m"), ("vv", "w"), ("ph", "f"), ("ck", "k"))
_ONE_SOUND = str.maketrans("lcyzw", "ikisv")
_DOUBLED = re.compile(r"([^\W\d])\1")


def skeleton(text: str) -> str:
    """Return a name with letters that look or sound alike as one of them, and none doubled.

    Look-alikes after Unicode TR 39 (Latin); sounds as transliterations swap them.

    >>> skeleton("phizzo") == skeleton("fiso"), skeleton("vidlox") == skeleton("vidiox")
    (True, True)
    """
    for pair, letter in _ONE_LETTER:
        text = text.replace(pair, letter)
    return _DOUBLED.sub(r"\1", text.translate(_ONE_SOUND))


def runs(numbered: Iterable[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield the domains of one generic word whose numbers run on, such as ``movies12.example``.

    Parameters
    ----------
    numbered : iterable of (plain name, domain)
        Of one stem; names of other forms or endings are told apart.

    Notes
    -----
    Nobody else has reason to take the numbers in between, however common the word.
    """
    by_form: defaultdict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for text, domain in numbered:
        number = NUMBER.fullmatch(text)
        if number:
            form = (number[1], number[3], domain.partition(".")[2])
            by_form[form].append((int(number[2]), domain))
    for listed in by_form.values():
        listed.sort()
        ends = [
            place
            for place in range(1, len(listed))
            if listed[place][0] - listed[place - 1][0] > RUN_GAP
        ]
        for begin, end in pairwise((0, *ends, len(listed))):
            if end - begin >= RUN_LEAST:
                yield tuple(domain for _, domain in listed[begin:end])


RUN_GAP, RUN_LEAST = 3, 3
"""Numbers that a run may leap over less one, and domains that make a run."""
NUMBER = re.compile(r"(\D*)(\d{1,9})(\D*)")
