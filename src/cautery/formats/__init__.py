r"""Bytes from the world to values: one pure, streaming reader for each format.

A format has a file of its own, and an entry in ``readers``.

Examples
--------
>>> from cautery.formats import PlaylistEntry, read_m3u
>>> list_of_one = b'#EXTM3U\r\n#EXTINF:-1 group-title="Sport",UK: Arena 1 FHD\r\nhttp://e.example/1.ts\r\n'
>>> [entry] = [one for one in read_m3u([list_of_one]) if isinstance(one, PlaylistEntry)]
>>> entry.title, entry.attribute("group-title")
('UK: Arena 1 FHD', 'Sport')
"""

from cautery.formats._contacts import Contact
from cautery.formats._dash_addresses import DashSegment
from cautery.formats._derive import Derivation, Place, address_in, columns_of
from cautery.formats._hls_lines import HlsLimits
from cautery.formats._panel_urls import (
    api_url,
    entries_of,
    guide_url,
    panel_base,
    playlist_url,
    stream_url,
)
from cautery.formats._portal_urls import (
    asks_for_link,
    entries_of_portal,
    portal_endpoint,
    portal_headers,
    portal_url,
)
from cautery.formats._prices import Claim, Price
from cautery.formats._seized import FIELDS, SeizedRow, Sort, masked
from cautery.formats._text import encoding_of
from cautery.formats._values import PlaylistEntry, ReadWarning
from cautery.formats.access_log import read_access_log
from cautery.formats.ct import LoggedCertificate, read_ct
from cautery.formats.dash import (
    DashManifest,
    Protection,
    Representation,
    read_dash,
)
from cautery.formats.dns import DnsRecord, DnsStatus, read_dns
from cautery.formats.har import WebExchange, read_har
from cautery.formats.hls import (
    Choice,
    Key,
    MasterPlaylist,
    MediaPlaylist,
    Rendition,
    Segment,
    Variant,
    choose_variant,
    read_hls,
)
from cautery.formats.ical import Fixture, read_ical
from cautery.formats.m3u import PlaylistHead, PlaylistLimits, list_attributes, read_m3u
from cautery.formats.netflow import read_netflow
from cautery.formats.panel_dump import SMALLEST, DumpLimits, PanelDump, read_panel_dump
from cautery.formats.panel_sql import read_panel_sql
from cautery.formats.rdap import RdapAnswer, read_bootstrap, read_rdap, read_registration
from cautery.formats.readers import READERS, Reader, guess, reader, rows
from cautery.formats.sightings import (
    redacted_json,
    redacted_text,
    redacted_warning,
    redaction,
    sightings,
)
from cautery.formats.stalker import (
    PortalGenre,
    PortalItem,
    PortalLink,
    PortalSession,
    read_pages,
    read_stalker,
    read_token,
)
from cautery.formats.tls import read_certificate, read_certificates
from cautery.formats.web_page import Page, read_page
from cautery.formats.whois import WhoisAnswer, read_whois
from cautery.formats.xmltv import GuideChannel, Programme, read_xmltv
from cautery.formats.xtream import (
    PanelAccount,
    PanelCategory,
    PanelEpisode,
    PanelSeries,
    PanelStream,
    read_account,
    read_answer,
    read_categories,
    read_details,
    read_guide,
    read_streams,
)
from cautery.payments.found import CryptoAddress, crypto_addresses

__all__ = [
    "FIELDS",
    "READERS",
    "SMALLEST",
    "Choice",
    "Claim",
    "Contact",
    "CryptoAddress",
    "DashManifest",
    "DashSegment",
    "Derivation",
    "DnsRecord",
    "DnsStatus",
    "DumpLimits",
    "Fixture",
    "GuideChannel",
    "HlsLimits",
    "Key",
    "LoggedCertificate",
    "MasterPlaylist",
    "MediaPlaylist",
    "Page",
    "PanelAccount",
    "PanelCategory",
    "PanelDump",
    "PanelEpisode",
    "PanelSeries",
    "PanelStream",
    "Place",
    "PlaylistEntry",
    "PlaylistHead",
    "PlaylistLimits",
    "PortalGenre",
    "PortalItem",
    "PortalLink",
    "PortalSession",
    "Price",
    "Programme",
    "Protection",
    "RdapAnswer",
    "ReadWarning",
    "Reader",
    "Rendition",
    "Representation",
    "Segment",
    "SeizedRow",
    "Sort",
    "Variant",
    "WebExchange",
    "WhoisAnswer",
    "address_in",
    "api_url",
    "asks_for_link",
    "choose_variant",
    "columns_of",
    "crypto_addresses",
    "encoding_of",
    "entries_of",
    "entries_of_portal",
    "guess",
    "guide_url",
    "list_attributes",
    "masked",
    "panel_base",
    "playlist_url",
    "portal_endpoint",
    "portal_headers",
    "portal_url",
    "read_access_log",
    "read_account",
    "read_answer",
    "read_bootstrap",
    "read_categories",
    "read_certificate",
    "read_certificates",
    "read_ct",
    "read_dash",
    "read_details",
    "read_dns",
    "read_guide",
    "read_har",
    "read_hls",
    "read_ical",
    "read_m3u",
    "read_netflow",
    "read_page",
    "read_pages",
    "read_panel_dump",
    "read_panel_sql",
    "read_rdap",
    "read_registration",
    "read_stalker",
    "read_streams",
    "read_token",
    "read_whois",
    "read_xmltv",
    "reader",
    "redacted_json",
    "redacted_text",
    "redacted_warning",
    "redaction",
    "rows",
    "sightings",
    "stream_url",
]
