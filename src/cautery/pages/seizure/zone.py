"""The DNS of seized domains: one zone for all of them, and what BIND and Knot need to serve it.

The zone's names are relative, so each domain uses the same file. It answers for the domain and all
names below it, and says that nobody sends or takes mail for them (RFC 7505, 7208, 7489): what
people write to a seized domain is none of the authority's business. CAA (RFC 8659) names who may
issue certificates, or nobody: the former owner gets none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

TTL_S = 300
"""Seconds that a resolver keeps an answer: a domain that was taken by mistake is back soon."""
FILE = "seized.zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where the page is served.

    Parameters
    ----------
    addresses : tuple of addresses
        Of the web server.
    nameservers : tuple of str
        Host names without a final dot; the first one is the primary.
    hostmaster : str
        Mail address of who answers for the zones.
    certificate_authorities : tuple of str
        Domains of who may issue certificates (CAA); empty: nobody.
    folder : str
        Where the pages lie on the web server.
    """

    addresses: tuple[IPv4Address | IPv6Address, ...]
    nameservers: tuple[str, ...]
    hostmaster: str
    certificate_authorities: tuple[str, ...]
    folder: str


def zone(host: Host, *, made_at: datetime) -> str:
    """Return the zone that each seized domain uses; its serial number is the minute."""
    local, _, domain = host.hostmaster.partition("@")
    mailbox = local.replace(".", "\\.") + f".{domain}."
    serial = int(made_at.timestamp()) // 60
    lines = [
        "; One zone for every seized domain: all names in it are relative.",
        f"$TTL {TTL_S}",
        f"@ IN SOA {host.nameservers[0]}. {mailbox} ( {serial} 3600 900 1209600 {TTL_S} )",
        *(f"@ IN NS {name}." for name in host.nameservers),
    ]
    for owner in ("@", "*"):
        lines += [
            f"{owner} IN {'A' if address.version == 4 else 'AAAA'} {address}"
            for address in host.addresses
        ]
    issuers = host.certificate_authorities
    lines += ["; Who may issue certificates."]
    lines += [f'@ IN CAA 0 issue "{issuer}"' for issuer in issuers] or ['@ IN CAA 0 issue ";"']
    lines += ['@ IN CAA 0 issuewild ";"', "; Nobody sends mail from these domains or takes it."]
    for owner in ("@", "*"):
        lines += [f"{owner} IN MX 0 .", f'{owner} IN TXT "v=spf1 -all"']
    lines += ['_dmarc IN TXT "v=DMARC1; p=reject"', '*._domainkey IN TXT "v=DKIM1; p="']
    return "\n".join(lines) + "\n"


def bind(domains: Sequence[str]) -> str:
    """Return the zones as BIND 9 reads them, to be included in named.conf."""
    return (
        "// For named.conf. BIND keeps no log of queries unless `querylog` or a channel asks for "
        "one.\n"
        + "".join(f'zone "{domain}" {{ type primary; file "{FILE}"; }};\n' for domain in domains)
    )


def knot(domains: Sequence[str]) -> str:
    """Return the zones as Knot DNS reads them, to be included in knot.conf."""
    rows = "".join(f"  - domain: {domain}\n    file: {FILE}\n" for domain in domains)
    head = "# For knot.conf. Knot keeps no log of queries unless mod-dnstap asks for one.\nzone:\n"
    return head + rows
