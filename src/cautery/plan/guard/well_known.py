"""Addresses that everybody's look-ups go through: root servers, and resolvers that lists lack.

The shared list of public resolvers holds IPv4 only and not all of that, and root servers stand in
none. Any of these takes names away from whole countries, so they are told by address, whatever a
row of TARGETS says.
"""

from __future__ import annotations

import ipaddress

from cautery.plan.guard.targets import Address

ROOT_SERVERS = (
    "198.41.0.4 2001:503:ba3e::2:30 170.247.170.2 2801:1b8:10::b 199.9.14.201 2001:500:200::b "
    "192.33.4.12 2001:500:2::c 199.7.91.13 2001:500:2d::d 192.203.230.10 2001:500:a8::e "
    "192.5.5.241 2001:500:2f::f 192.112.36.4 2001:500:12::d0d 198.97.190.53 2001:500:1::53 "
    "192.36.148.17 2001:7fe::53 192.58.128.30 2001:503:c27::2:30 193.0.14.129 2001:7fd::1 "
    "199.7.83.42 2001:500:9f::42 202.12.27.33 2001:dc3::35"
)
"""IANA's root hints (``named.root``), with the addresses that b.root-servers.net left in 2023."""

RESOLVERS = (
    # Google, Cloudflare, Quad9, OpenDNS, AdGuard, CleanBrowsing
    "2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 "
    "2620:fe::fe 2620:fe::9 2620:fe::10 2620:fe::11 2620:119:35::35 2620:119:53::53 "
    "2a10:50c0::ad1:ff 2a10:50c0::ad2:ff 2a10:50c0::bad1:ff 2a10:50c0::bad2:ff "
    "2a0d:2a00:1:: 2a0d:2a00:2:: 2a0d:2a00:1::1 2a0d:2a00:2::1 2a0d:2a00:1::2 2a0d:2a00:2::2 "
    # DNS.WATCH, Yandex, AliDNS, DNSPod, Control D
    "2001:1608:10:25::1c04:b12f 2001:1608:10:25::9249:d69b 2a02:6b8::feed:ff "
    "2a02:6b8:0:1::feed:ff 2400:3200::1 2400:3200:baba::1 2402:4e00:: 2606:1a40:: 2606:1a40:1:: "
    # IPv4: DNS.WATCH, AliDNS, DNSPod, Baidu, Hurricane Electric
    "84.200.69.80 84.200.70.40 223.5.5.5 119.29.29.29 180.76.76.76 74.82.42.42"
)
"""As their operators publish them. The other IPv4 addresses of these operators stand in the fact
``public-dns-v4``; further ones are added with ``cautery facts add --kind public-dns``."""

_KINDS: dict[Address, str] = {
    ipaddress.ip_address(text): kind
    for kind, listed in (("root-server", ROOT_SERVERS), ("public-dns", RESOLVERS))
    for text in listed.split()
}


def well_known(address: Address) -> tuple[str, ...]:
    """Return ``root-server`` or ``public-dns`` if an address is one of these, else nothing."""
    return (_KINDS[address],) if address in _KINDS else ()


def well_known_within(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> tuple[str, ...]:
    """Return the kinds of those in a range, sorted."""
    return tuple(sorted({kind for address, kind in _KINDS.items() if address in network}))
