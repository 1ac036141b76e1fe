"""Which format bytes are in, by their first few kilobytes."""

from __future__ import annotations

import re

from cautery.errors import SourceError
from cautery.formats._panel_lines import lines_header
from cautery.formats._text import encoding_of, markup_of, text_of
from cautery.formats._whois_words import ABSENT, FIELDS, words_of
from cautery.formats.access_log import LINE
from cautery.formats.netflow import header
from cautery.formats.tls import is_pem
from cautery.formats.whois import pairs

_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(tv|MPD)[\s>/]", re.IGNORECASE)
_JSON_KINDS = (
    ("rdap", ('"objectClassName"', '"rdapConformance"')),
    ("har", ('"startedDateTime"', '"creator"')),
    ("stalker", ('"js"',)),
    ("ct", ('"leaf_input"', '"name_value"', '"issuer_ca_id"')),
    ("dns", ('"rrname"', '"Question"', '"Status"', '"answerRRs"', '"QNAME"')),
    ("access_log", ('"remote_addr"', '"remote_ip"', '"client_ip"', '"clientip"', '"request_uri"')),
)
"""The first of them of which a field's name stands in the text."""
_DIG = re.compile(r"(?m)^(?:; <<>> DiG|;; ->>HEADER<<-|\S{1,255}\s+\d{1,10}\s+IN\s+[A-Z]{1,10}\s)")
_SQL = re.compile(
    r"(?im)^(?:INSERT\s+(?:IGNORE\s+)?INTO\s|REPLACE\s+INTO\s|CREATE\s+TABLE\s|/\*!\d{5}\s"
    r"|COPY\s[^\n]{1,2000}\sFROM\s+stdin|-- (?:MySQL|MariaDB|PostgreSQL|phpMyAdmin)\s)"
)
_LIST = re.compile(r"\s{0,1000}\[\s{0,1000}[\[{\"\]\d]")
_URL_LINE = re.compile(r"(?i)\s{0,80}[a-z][a-z0-9+.-]{1,20}://\S")


def kind_of(head: bytes) -> str | None:
    """Return a reader's kind, or ``None`` if no reader knows the bytes."""
    if head[:1] == b"\x30" and head[1:2] in (b"\x81", b"\x82", b"\x83"):
        return "tls"
    encoding = encoding_of(head)
    text = text_of(head) if encoding is None else head.decode(encoding, "replace")
    markup = markup_of(text)
    if markup in ("HTML", "XML"):
        root = _ROOT.search(text)
        if root is not None and (
            markup == "XML" or text.lstrip("\ufeff \t\r\n").startswith("<!--")
        ):
            return "dash" if root[1].lower() == "mpd" else "xmltv"
        return "page" if markup == "HTML" else None
    if markup == "JSON" or _LIST.match(text):
        for kind, names in _JSON_KINDS:
            if any(re.search(rf"(?<!\\){name}\s{{0,8}}:", text) for name in names):
                return kind
        return "xtream" if markup == "JSON" else None
    if is_pem(head):
        return "tls"
    if text.lstrip("\ufeff \t\r\n")[:15].upper() == "BEGIN:VCALENDAR":
        return "ical"
    if (seized := _seized(text)) is not None:
        return seized
    if any(tag in text for tag in ("#EXT-X-STREAM-INF", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA")):
        return "hls"
    if "#EXTM3U" in text[:64] or "#EXTINF" in text:
        return "m3u"
    if _DIG.search(text):
        return "dns"
    if _is_whois(text):
        return "whois"
    return "m3u" if _URL_LINE.match(text) else None


def _seized(text: str) -> str | None:
    if _SQL.search(text):
        return "panel_sql"
    head = [line for line in text.splitlines()[:20] if line.strip()]
    # The names of Zeek's columns stand below its settings.
    first = next((line for line in head if line.startswith("#fields\t")), head[0] if head else "")
    try:
        header(first)
    except SourceError:
        pass
    else:
        return "netflow"
    if lines_header(first) is not None:
        return "panel_dump"
    return "access_log" if any(LINE.match(line) for line in head) else None


def _is_whois(text: str) -> bool:
    fields = {FIELDS.get(words_of(key)) for _, key, _ in pairs(text)}
    if len(fields - {None}) >= 2:
        return True
    # "Not found" alone may be anybody's.
    return ABSENT.search(text) is not None and ("domain" in fields or "whois" in text.lower())
