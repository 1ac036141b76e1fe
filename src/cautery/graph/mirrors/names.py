"""How a label of a host's name is read: as people read it, and without its numbers."""

from __future__ import annotations

from cautery.model.brands import brand, plain

__all__ = ["GENERIC", "SERVICES", "brand", "plain", "skeleton"]

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


def skeleton(text: str) -> str:
    """Return a name with letters that look alike as one of them (Unicode TR 39, Latin)."""
    return text.replace("rn", "m").replace("vv", "w").replace("l", "i")
