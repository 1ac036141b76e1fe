"""What kind of network announces an address: a CDN, a cloud, somebody's own, a hoster, access.

Range lists are never whole: of 10,917 addresses that Spanish courts had blocked, 101 lie in no
published range, and most of those are Amazon's, Alibaba's, Sucuri's or CDN77's all the same. The
name of the autonomous system, and how much of what it announces is published as shared, say so.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from cautery.model import NetworkFact

ENOUGH = 0.25
"""A network of whose addresses so much is published as one kind is of that kind. Judgement:
Cloudflare's stand at 0.9 and more, an access provider that houses a few CDN nodes below 0.05."""


class NetworkKind(StrEnum):
    """Kinds of autonomous system, from the one that shares its addresses most."""

    CDN = "cdn"
    CLOUD = "cloud"
    SERVICE = "service"
    INSTITUTION = "institution"
    HOSTING = "hosting"
    ACCESS = "access"


# Names as the registries spell them. The first three lists name companies, since nothing but a CDN,
# a cloud or a service is called so; the others hold the trade's words. Who runs a service of its
# own, a root server or a university leases hosts to nobody: no evidence of a tenant is true there.
_WORDS = {
    NetworkKind.CDN: (
        r"\w*cdn\w*|cloudflare\w*|akamai\w*|fastly|cachefly|zenlayer|incapsula|imperva|sucuri"
        r"|edgecast|edgio|limelight|stackpath|highwinds|bunnyway|datacamp|g-?core|chinacache|wangsu"
        r"|quantil|ddos-guard|qrator|stormwall|medianova|azion|netlify|vercel|arvancloud|edgenext"
        r"|meteverse|weebly|squarespace|wix(?:\.com)?|automattic|shopify|content delivery"
    ),
    NetworkKind.CLOUD: (
        r"amazon|aws|google|microsoft|oracle|alibaba|aliyun|taobao|tencent|aceville|digitalocean"
        r"|linode|vultr|choopa|constant company|softlayer|ibm cloud|yandex\.?cloud|huawei clouds?"
        r"|backblaze|upcloud|heroku|salesforce|github"
    ),
    NetworkKind.SERVICE: (
        r"facebook|meta platforms|instagram|whatsapp|twitter|linkedin|wikimedia"
        r"|netflix streaming\w*|apple inc|yahoo|oath holdings|yandex llc|baidu|ebay|paypal|dropbox"
        r"|spotify|telegram"
        r"|quad9|\w*opendns|adguard|controld|cleanbrowsing|\w*root-server\w*"
        r"|verisign(?: global registry)?|internet systems consortium|icann|netnod|wide project"
        r"|network coordination cent(?:er|re)"
    ),
    NetworkKind.INSTITUTION: (
        r"universit\w*|universidad\w*|college|institute of technology|bank|banco|banque|banca"
        r"|hospital"
    ),
    NetworkKind.HOSTING: (
        r"\w*host(?:s|ing|inger|ed)?|\w*hoster|vps\w*|servers?|\w*servers|data ?cent(?:er|re)s?"
        r"|datacent(?:er|re|rum)\w*|colo(?:cation|crossing)?|cloud\w*|ovh|hetzner|contabo|leaseweb"
        r"|ionos|worldstream|m247|hostwinds|dedicated|dedi\w*|idc|scaleway|velia|nocix|melbikomas"
    ),
    NetworkKind.ACCESS: (
        r"tele\w*|\w*telecom\w*|\w*telekom\w*|communications?|comunica\w*|broadband|banda larga"
        r"|cable\w*|multicable|fib(?:er|re|ra)\w*|mobile|wireless|cellular|vodafone|orange|comcast"
        r"|chinanet|china unicom|isp|internet service\w*|net(?:work)?s? provider"
    ),
}
_PATTERNS = tuple(
    (kind, re.compile(rf"(?<!\w)(?:{words})(?!\w)")) for kind, words in _WORDS.items()
)


def kind_of_network(network: NetworkFact) -> NetworkKind | None:
    """Return what kind of network this is, by its published ranges, else by its name."""
    return _kind(network.organisation, network.shares)


def sharing_kind(organisation: str) -> NetworkKind | None:
    """Return the kind of a CDN, cloud, service or institution, if that is what a name says."""
    by_name = _named(organisation.lower())
    return None if by_name in (NetworkKind.HOSTING, NetworkKind.ACCESS) else by_name


def _named(name: str) -> NetworkKind | None:
    return next((kind for kind, words in _PATTERNS if words.search(name)), None)


@lru_cache(maxsize=65536)
def _kind(organisation: str, shares: tuple[tuple[str, float], ...]) -> NetworkKind | None:
    share = dict(shares)
    if share.get("cdn", 0.0) + share.get("waf", 0.0) >= ENOUGH:
        return NetworkKind.CDN
    by_name = _named(organisation.lower())
    if by_name in (NetworkKind.CDN, NetworkKind.CLOUD):
        return by_name
    if share.get("cloud", 0.0) >= ENOUGH:
        return NetworkKind.CLOUD
    if share.get("service", 0.0) >= ENOUGH or by_name is NetworkKind.SERVICE:
        return NetworkKind.SERVICE
    if by_name is NetworkKind.INSTITUTION:
        return by_name
    if share.get("hosting", 0.0) >= ENOUGH:
        return NetworkKind.HOSTING
    return by_name
