r"""Bytes from the world to values: one pure, streaming reader for each format.

Example
-------
>>> from cautery.watch import PlaylistEntry, read_m3u
>>> list_of_one = b'#EXTM3U\r\n#EXTINF:-1 group-title="Sport",UK: Arena 1 FHD\r\nhttp://e.example/1.ts\r\n'
>>> [entry] = [one for one in read_m3u([list_of_one]) if isinstance(one, PlaylistEntry)]
>>> entry.title, entry.attribute("group-title")
('UK: Arena 1 FHD', 'Sport')
"""

from cautery.watch._contacts import Contact
from cautery.watch._crypto import CryptoAddress, crypto_addresses
from cautery.watch._prices import Claim, Price
from cautery.watch._values import PlaylistEntry, ReadWarning
from cautery.watch.hls import (
    Choice,
    HlsLimits,
    Key,
    MasterPlaylist,
    MediaPlaylist,
    Rendition,
    Segment,
    Variant,
    choose_variant,
    read_hls,
)
from cautery.watch.m3u import PlaylistLimits, list_attributes, read_m3u
from cautery.watch.page import Page, read_page
from cautery.watch.panel_dump import DumpLimits, PanelDump, read_panel_dump
from cautery.watch.rdap import read_bootstrap, read_registration
from cautery.watch.readers import READERS, Reader, guess, reader
from cautery.watch.sightings import redacted_text, redacted_warning, sightings
from cautery.watch.tls import read_certificate
from cautery.watch.xtream import (
    PanelAccount,
    PanelStream,
    api_url,
    entries_of,
    panel_base,
    playlist_url,
    read_account,
    read_categories,
    read_streams,
    stream_url,
)

__all__ = [
    "READERS",
    "Choice",
    "Claim",
    "Contact",
    "CryptoAddress",
    "DumpLimits",
    "HlsLimits",
    "Key",
    "MasterPlaylist",
    "MediaPlaylist",
    "Page",
    "PanelAccount",
    "PanelDump",
    "PanelStream",
    "PlaylistEntry",
    "PlaylistLimits",
    "Price",
    "ReadWarning",
    "Reader",
    "Rendition",
    "Segment",
    "Variant",
    "api_url",
    "choose_variant",
    "crypto_addresses",
    "entries_of",
    "guess",
    "list_attributes",
    "panel_base",
    "playlist_url",
    "read_account",
    "read_bootstrap",
    "read_categories",
    "read_certificate",
    "read_hls",
    "read_m3u",
    "read_page",
    "read_panel_dump",
    "read_registration",
    "read_streams",
    "reader",
    "redacted_text",
    "redacted_warning",
    "sightings",
    "stream_url",
]
