"""Name servers that many strangers are given: no tie between those who have them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from cautery.model import Link

PROVIDERS = frozenset(
    """
    1984.is 1and1.com above.com aftermarket.com afternic.com akam.net alidns.com anycast.me
    arubadns.cz arubadns.net azure-dns.com azure-dns.info azure-dns.net azure-dns.org
    beget.com beget.pro beget.ru binero.se bluehost.com bodis.com bookmyname.com bunny.net
    byet.org cloudflare.com cloudns.net cloudns.org combell.net comlaude-dns.com
    constellix.com cscdns.net cscdns.uk dan.com digitalocean.com directnic.com
    dns-parking.com dns.com dns.ne.jp dnsimple-edge.com dnsimple.com dnsimple.org
    dnsmadeeasy.com dnsowl.com dnspod.com dnspod.net domain.com domaincontrol.com
    domainnameshop.com dondominio.com dreamhost.com dynadot.com dynect.net easydns.com
    enom.com epik.com eurodns.com first-ns.de fastly.net fasthosts.net.uk forpsi.net
    freenom.com gandi.net gname-dns.com godaddy.com googledomains.com gransy.com he.net
    hetzner.com hetzner.de hichina.com home.pl hostgator.com hostinger.com hostpoint.ch
    hover.com huaweicloud-dns.com hyp.net infomaniak.ch inwx.de ionos.com ispapi.net
    joker.com kasserver.com leaseweb.net linode.com livedns.co.uk loopia.se markmonitor.com
    mchost.ru mijn.host monikerdns.net myhostadmin.net name-services.com name.com
    namebay.com namebright.com namebrightdns.com namecheaphosting.com nameself.com nazwa.pl
    netim.net netregistry.net nic.ru njal.la ns1.com nsone.net one.com online.net
    openprovider.be openprovider.eu openprovider.nl orangewebsite.com ovh.ca ovh.net
    parkingcrew.net parklogic.com porkbun.com rackspace.com reg.ru register.com register.it
    regway.com registrar-servers.com register-it.net rzone.de second-ns.com second-ns.de
    sedo.com sedoparking.com shinjiru.com simply.com siteground.net squarespacedns.com
    technorail.com timeweb.org timeweb.ru tldns.com topdns.com transip.net transip.nl
    udag.de ui-dns.biz ui-dns.com ui-dns.de ui-dns.org ukraine.com.ua ultradns.biz
    ultradns.com ultradns.info ultradns.net ultradns.org undeveloped.com vercel-dns.com
    vultr.com wedos.com wedos.cz wedos.eu wedos.net west-dns.com wixdns.net wordpress.com
    worldnic.com xincache.com yandex.net yourhostingaccount.com your-server.de zoneedit.com
    """.split()  # noqa: SIM905 - a table that is read
)
"""Zones of registrars', hosters' and parkers' name servers, by hand; no such list is whole."""
_NUMBERED = ("awsdns-",)
"""Beginnings of zones that are one provider's under many names (``ns-1.awsdns-02.org``)."""
_COMMON = frozenset(
    """
    cloud data digital domain domains global host hosting internet name names network networks
    online public registrar registry server services the web website world
    """.split()  # noqa: SIM905
)
"""Words that begin registrars' names and say nobody's: the next word is taken too."""
_SHORTEST = 5
"""Letters of a registrar's name at which a zone that begins with it is no chance."""


def strangers_servers(links: Iterable[Link]) -> frozenset[str]:
    """Return the name servers that are nobody's own, among links of hosts.

    Whoever registers a name gets the registrar's servers, or takes a hoster's, so that in a small
    case a few customers of one look like a network. A name server ties nobody when its zone is a
    known provider's, when it begins with the name of a registrar that some of the hosts have, or
    when two who bear it have different registrants, unless the zone is a host's that was seen, or
    holds one.
    """
    registrants: dict[str, set[str]] = defaultdict(set)
    bearers: dict[str, set[str]] = defaultdict(set)
    zones: set[str] = set()
    registrars: set[str] = set()
    for link in links:
        zones.update(_above(link.subject))
        if link.kind == "registrant":
            registrants[link.subject].add(link.value)
        elif link.kind == "registrar":
            registrars.add(_named(link.value))
        elif link.kind == "nameserver":
            bearers[link.value].add(link.subject)
    sellers = tuple(registrar for registrar in registrars if len(registrar) >= _SHORTEST)
    strangers = set()
    for server, hosts in bearers.items():
        above = _above(server)[1:]
        if above and above[0] in zones:
            continue
        owners = set[str]().union(*(registrants[host] for host in hosts))
        if len(owners) > 1 or is_providers(server, sellers):
            strangers.add(server)
    return frozenset(strangers)


def is_providers(server: str, sellers: tuple[str, ...] = ()) -> bool:
    """Tell whether a name server lies in a zone of a known provider's, or named for a seller."""
    return any(
        zone in PROVIDERS or zone.startswith((*_NUMBERED, *sellers)) for zone in _above(server)[1:]
    )


def _named(registrar: str) -> str:
    """Return what a registrar's zones would begin with: its first words, up to a telling one.

    Examples
    --------
    >>> _named("Domain Quay Ltd."), _named("Gandi SAS"), _named("GoDaddy.com, LLC")
    ('domainquay', 'gandi', 'godaddy')
    """
    prefix = ""
    for match in re.finditer(r"[a-z0-9-]+", registrar.lower()):
        word = match[0]
        prefix += word
        if word not in _COMMON:
            return prefix
    return ""


def _above(host: str) -> tuple[str, ...]:
    """Return a name and all zones of two labels and more that it lies in."""
    labels = host.lower().rstrip(".").split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels) - 1))
