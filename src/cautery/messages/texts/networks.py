"""Sentences about the links between hosts, and look-ups."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # What ties a host to its network
    "member.shares": "shares %(kind)s %(value)s with %(host)s, log-odds %(log_odds)s",
    "member.shares-with-more": (
        "shares %(kind)s %(value)s with %(host)s and %(more)s more, log-odds %(log_odds)s"
    ),
    "member.shares-nothing": "shares nothing with any other host",
    "member.ruled-same": "%(by)s says that it is run by whoever runs %(host)s",
    "member.ruled-not-same": "%(by)s says that it is not run by whoever runs %(host)s",
    # What was seen of a host that bears a value
    "link.bears": "%(kind)s %(value)s",
    "link.beside": "%(link)s, and with it %(values)s",
    "link.beside-more": "%(link)s, and with it %(values)s and %(more)s more",
    "link.delay": (
        "its stamp 0 is %(reference)s at %(stamp)s in %(looks)s looks, within %(spread_ms)s ms"
    ),
    "link.freeze": (
        "its picture stood still for %(still_s)s from %(stamp)s of %(reference)s on, while the "
        "reference moved"
    ),
    "link.advert": ("it played the same sound in place of %(reference)s, seen %(looks)s times"),
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
    "link.order": "%(ordered_share)s of %(titles)s common titles are in the same order",
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
    "look-up.lawful-late": "its addresses: no answer within %(limit_s)s seconds",
    "look-up.lawful-many": "its addresses: the mandate names more than %(limit)s lawful hosts",
    "look-up.certificate": "its certificate: %(detail)s",
    "look-up.registration": "its registration: %(detail)s",
    # What speaks for an asset's role.
    "role-reason.is-target": "%(source)s %(relation)s it",
    "role-reason.is-source": "it %(relation)s %(target)s",
    "role-mark.port-12000": "port 12000",
    "role-mark.port-554": "port 554 (RTSP)",
    "role-mark.receiver-page": "a receiver's page",
    "role-mark.port-1935": "port 1935 (RTMP)",
    "role-mark.port-9000": "port 9000",
    "role-mark.encoder-page": "an encoder's page",
    "role-mark.path-live": "paths of live streams",
    "role-mark.path-segments": "paths of media segments",
    "role-mark.path-manifest": "paths of HLS or DASH manifests",
    "role-mark.port-25461": "port 25461 (a panel's usual port)",
    "role-mark.path-player-api": "a panel's player_api.php",
    "role-mark.path-get-php": "a panel's get.php",
    "role-mark.path-portal": "a portal's path",
    "role-mark.certificate-default": "a server's default certificate",
    "role-mark.certificate-own": "a certificate for its own name",
    "role-mark.certificate-many-names": "a certificate for many names",
    "role-mark.shared-range": "an address in a shared range",
    "role-mark.many-strangers": "many unrelated hosts on its address",
    "role-mark.page-prices": "a page with prices",
    "role-mark.page-credits": "a page that sells credits",
    "role-mark.page-client-area": "a client area",
    "role-mark.page-checkout": "a checkout page",
}
