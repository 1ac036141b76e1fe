"""Sentences about the links between hosts, and look-ups."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # What ties a host to its network
    "member.shares": "shares %(kind)s %(value)s with %(host)s, log-odds %(log_odds)s",
    "member.shares-with-more": (
        "shares %(kind)s %(value)s with %(host)s and %(more)s more, log-odds %(log_odds)s"
    ),
    "member.shares-nothing": "shares nothing with any other host",
    # What was seen of a host that bears a value
    "link.bears": "%(kind)s %(value)s",
    "link.beside": "%(link)s, and with it %(values)s",
    "link.beside-more": "%(link)s, and with it %(values)s and %(more)s more",
    "link.delay": (
        "its stamp 0 is %(reference)s at %(stamp)s in %(looks)s looks, within %(spread_ms)s ms"
    ),
    "link.freeze": (
        "its picture stood still for %(still_s)s from %(stamp)s of %(reference)s on, which went on"
    ),
    "link.advert": ("it played the same sound in place of %(reference)s, %(looks)s times seen"),
    "link.logo.top-left": (
        "the same mark lies over the pictures of %(reference)s, top left, in %(looks)s looks"
    ),
    "link.logo.top-right": (
        "the same mark lies over the pictures of %(reference)s, top right, in %(looks)s looks"
    ),
    "link.logo.bottom-left": (
        "the same mark lies over the pictures of %(reference)s, bottom left, in %(looks)s looks"
    ),
    "link.logo.bottom-right": (
        "the same mark lies over the pictures of %(reference)s, bottom right, in %(looks)s looks"
    ),
    "link.order": "%(ordered_share)s of %(titles)s common titles stand in one order",
    "link.quirks": (
        "%(count)s channel has the guide of another, as %(title)s that of %(guide)s",
        "%(count)s channels have the guide of another, as %(title)s that of %(guide)s",
    ),
    "link.payment": "%(merchant)s received %(amount)s %(currency)s for its line",
    "link.in-table.server": "%(kind)s %(value)s, in its panel's table of servers",
    "link.in-table.stream": (
        "%(kind)s %(value)s, in its panel's table of streams, as their source"
    ),
    "link.in-table.account": "%(kind)s %(value)s, in its panel's table of accounts",
    "link.in-table.request": "%(kind)s %(value)s, in its panel's log of requests",
    "link.in-table.flow": "%(kind)s %(value)s, in its panel's flows",
    # Why a value or an asset ties nobody
    "shared.name-server": "a registrar's or a hoster's name server",
    "shared.range": "shared range of %(providers)s",
    "shared.front": "certificate of a shared front",
    "shared.with-others": "shared with others",
    "shared.default-certificate": "default certificate (%(subject)s)",
    # What of a host could not be looked up
    "look-up.addresses": "its addresses: %(detail)s",
    "look-up.certificate": "its certificate: %(detail)s",
    "look-up.registration": "its registration: %(detail)s",
}
