"""How a label of a host's name is read: as people read it, and without its numbers."""

from __future__ import annotations

import re
import unicodedata

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
    letters = "".join(character for character in text if character.isalnum())
    return letters or label


def brand(text: str) -> str:
    """Return a plain name with digits between letters read as letters, and the others dropped.

    >>> brand("kick4ss"), brand("torrentqq76"), brand("8800460")
    ('kickass', 'torrentqq', '')
    """
    read = _AMID_LETTERS.sub(lambda match: match[0].translate(_LOOK_ALIKES), text)
    return "".join(character for character in read if not character.isdigit())


def skeleton(text: str) -> str:
    """Return a name with letters that look alike as one of them (Unicode TR 39, Latin)."""
    return text.replace("rn", "m").replace("vv", "w").replace("l", "i")
