"""What the world's hosts say: playlists, panel answers, storefronts, registrations. Pure."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from cautery.drawing.formatting import counted
from cautery.lab.spec import HostSpec, NetworkSpec, Plan, StreamSpec
from cautery.lab.truth import url_of


def offered(plan: Plan, place: str, since_kick_off_s: float) -> list[StreamSpec]:
    """Return what a list (or a panel's host) names at a moment; nothing before kick-off."""
    return [
        stream
        for stream in plan.streams
        if (place in stream.lists or (stream.line is not None and stream.host == place))
        and stream.appears_s <= since_kick_off_s
        and (stream.vanishes_s is None or since_kick_off_s < stream.vanishes_s)
    ]


def m3u(plan: Plan, streams: Sequence[StreamSpec], port: int) -> str:
    """Return a playlist as the trade writes it."""
    lines = ["#EXTM3U"]
    for stream in streams:
        attributes = f'tvg-id="" tvg-name="{stream.title}" group-title="{stream.group}"'
        lines += [f"#EXTINF:-1 {attributes},{stream.title}", url_of(plan, stream, port)]
    return "\n".join(lines) + "\n"


def panel_answer(
    plan: Plan,
    network: NetworkSpec,
    action: str | None,
    streams: Sequence[StreamSpec],
    *,
    ports: tuple[int, int],
    now: datetime,
) -> Any:
    """Return what ``player_api.php`` answers to an action; the line was checked before."""
    groups = sorted({stream.group for stream in plan.streams if stream.host == network.panel})
    if action is None:
        return _account(network, ports, now)
    if action == "get_live_categories":
        return [
            {"category_id": str(i + 1), "category_name": name or "OTHER", "parent_id": 0}
            for i, name in enumerate(groups)
        ]
    if action == "get_live_streams":
        return [
            {
                "num": i + 1,
                "name": stream.title,
                "stream_type": "live",
                "stream_id": stream.line,
                "stream_icon": "",
                "epg_channel_id": None,
                "added": str(int(now.timestamp())),
                "category_id": str(groups.index(stream.group) + 1),
                "custom_sid": "",
                "tv_archive": 0,
                "direct_source": "",
                "tv_archive_duration": 0,
            }
            for i, stream in enumerate(streams)
        ]
    if action in ("get_short_epg", "get_simple_data_table"):
        return {"epg_listings": []}
    if action in ("get_vod_info", "get_series_info"):
        return {"info": [], "movie_data": {}}
    return []


def _account(network: NetworkSpec, ports: tuple[int, int], now: datetime) -> Any:
    return {
        "user_info": {
            "username": network.username,
            "password": network.password,
            "message": f"Welcome to {network.brands[0]}",
            "auth": 1,
            "status": "Active",
            "exp_date": str(int(now.timestamp()) + 30 * 86400),
            "is_trial": "0",
            "active_cons": "0",
            "created_at": str(int(now.timestamp()) - 86400),
            "max_connections": "4",
            "allowed_output_formats": ["m3u8", "ts"],
        },
        "server_info": {
            "url": network.panel,
            "port": str(ports[0]),
            "https_port": str(ports[1]),
            "server_protocol": "http",
            "rtmp_port": "0",
            "timezone": "Europe/Amsterdam",
            "timestamp_now": int(now.timestamp()),
            "time_now": now.strftime("%Y-%m-%d %H:%M:%S"),
        },
    }


def storefront(plan: Plan, network: NetworkSpec, host: HostSpec, ports: tuple[int, int]) -> str:
    """Return a storefront: prices with term, connections, trial, payment, contacts, claims."""
    number = int(hashlib.sha256(host.name.encode()).hexdigest(), 16)
    brand = network.brands[number % len(network.brands)]
    month = 8 + number % 6
    portal = f"http://{network.panel}:{ports[0]}"
    shops = [
        host.name for host in plan.hosts if host.network == network.id and host.role == "reseller"
    ]
    pays = [
        host.name for host in plan.hosts if host.network == network.id and host.role == "payment"
    ]
    offers = "".join(
        f'<li class="plan"><h3>{term}</h3><p class="price">{price:.2f} EUR</p>'
        f"<p>{counted(connections, 'connection')}</p></li>"
        for term, price, connections in (
            ("1 month", month, 1),
            ("6 months", month * 4.2, 1),
            ("12 months", month * 6.5, 2),
        )
    )
    links = "".join(f'<a href="http://{name}:{ports[0]}/">reseller area</a> ' for name in shops)
    links += "".join(f'<a href="http://{name}:{ports[0]}/pay">pay by card</a> ' for name in pays)
    return page(
        brand,
        network.analytics,
        f"<h1>{escape(brand)}</h1><p>More than {12 + number % 20},000 channels and "
        f"{40 + number % 50},000 films. {3 + number % 9},500 happy customers. 24 h free trial.</p>"
        f"<ul>{offers}</ul><p>Visa, Mastercard, PayPal, Bitcoin: <code>{network.crypto}</code></p>"
        f'<p>Telegram: <a href="https://t.example/{network.contact[1:]}">{network.contact}</a>, '
        f'mail: <a href="mailto:{network.contact[1:]}@mail.example">write to us</a></p>'
        f'<p>Portal: <a href="{portal}/c/">{portal}</a>, '
        f'<a href="https://{network.panel}:{ports[1]}/">secure portal</a></p><p>{links}</p>',
    )


def front_page(plan: Plan, host: HostSpec, ports: tuple[int, int]) -> str:
    """Return what a host shows at ``/``."""
    network = next((network for network in plan.networks if network.id == host.network), None)
    if network is None:
        return page(host.brand, None, f"<h1>{escape(host.name)}</h1><p>Welcome.</p>")
    if host.role == "storefront":
        return storefront(plan, network, host, ports)
    if host.role == "reseller":
        body = (
            "<h1>Reseller panel</h1><p>120 credits 96.00 EUR, 1 credit = 1 month, 10 trials a day"
            f'</p><p>{network.contact}</p><p><a href="http://{network.panel}:{ports[0]}/">panel</a></p>'
        )
        return page(f"{network.brands[0]} resellers", network.analytics, body)
    if host.role == "payment":
        return page("Checkout", None, f"<h1>Order</h1><p>BTC <code>{network.crypto}</code></p>")
    body = f"<h1>{escape(network.brands[0])} player</h1><form><input name=username></form>"
    return page(f"{network.brands[0]} {host.role}", network.analytics, body)


def page(title: str, analytics: str | None, body: str) -> str:
    """Return an HTML page with a favicon, and an analytics script if it has an id."""
    script = ""
    if analytics is not None:
        script = (
            f'<script async src="https://analytics.example/gtag/js?id={analytics}"></script>'
            f"<script>gtag('config', '{analytics}');</script>"
        )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="icon" href="/favicon.ico">{script}</head><body>{body}</body></html>\n'
    )


def favicon(host: HostSpec) -> bytes:
    """Return a PNG: a network's own, or the middleware's default for everybody else."""
    owner = host.network if host.certificate.startswith("network-") else "default"
    colour = hashlib.sha256(
        f"{owner}:{host.brand if owner != 'default' else ''}".encode()
    ).digest()[:3]
    rows = b"".join(b"\0" + colour * 16 for _ in range(16))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def registration(plan: Plan, domain: str, now: datetime) -> Any | None:
    """Return the RDAP answer (RFC 9083) for a registered domain, or nothing."""
    host = next(
        (host for host in plan.hosts if host.name == domain or host.name.endswith("." + domain)),
        None,
    )
    if host is None or not host.resolves:
        return None
    created = datetime.fromisoformat(host.created).replace(tzinfo=UTC)
    who = host.registrant or "REDACTED FOR PRIVACY"
    mail = [["email", {}, "text", host.registrant]] if host.registrant else []
    return {
        "objectClassName": "domain",
        "rdapConformance": ["rdap_level_0"],
        "ldhName": domain,
        "status": ["active"],
        "events": [
            {"eventAction": "registration", "eventDate": _stamp(created)},
            {"eventAction": "last changed", "eventDate": _stamp(created)},
            {"eventAction": "last update of RDAP database", "eventDate": _stamp(now)},
        ],
        "nameservers": [
            {"objectClassName": "nameserver", "ldhName": name}
            for name in host.nameservers
            or ("ns1.namewharf-dns.example", "ns2.namewharf-dns.example")
        ],
        "entities": [
            _entity("registrar", host.registrar or "Namewharf", []),
            _entity("registrant", who, mail),
        ],
    }


def _entity(role: str, name: str, extras: list[Any]) -> Any:
    card = [["version", {}, "text", "4.0"], ["fn", {}, "text", name], *extras]
    return {"objectClassName": "entity", "roles": [role], "vcardArray": ["vcard", card]}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
