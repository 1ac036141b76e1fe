"""What stands beside a seizure page for the person who puts it on a server."""

from __future__ import annotations

from cautery.pages.seizure.zone import Host
from cautery.workflows.operation.seizure_site.taken import TakenOver

_TEXT = """\
A seizure page for {hosts} and what serves it. Nothing was published.

1. Read every page of site/ in a browser, in the light and the dark theme.
2. Copy site/ to {folder} on the web server, readable for it.
3. Use ONE file of servers/: nginx.conf, Caddyfile or apache.conf. None of them keeps a log.
   A proxy, a firewall or a content network in front of it may keep one: switch that off, too.
4. dns/seized.zone is one zone for all domains; named.conf (BIND) or knot.conf (Knot) lists them.
   At the registry each domain needs these name servers: {nameservers}.
   Remove its DS records there, or sign the zones: else resolvers that validate find nothing.
5. CAA lets {issuers} issue certificates for the domains.

The page holds no list of the domains. These were taken over:

"""


def read_me(seizures: TakenOver, host: Host) -> str:
    """Return the steps, and what was taken over, for the person who serves it."""
    rows = [
        f"domain  {domain.name}  {domain.at:%Y-%m-%d}  exhibit {domain.exhibit}, {domain.measure}"
        for domain in seizures.domains
    ]
    rows += [f"panel   {panel.host}  {panel.at:%Y-%m-%d}" for panel in seizures.panels]
    return (
        _TEXT.format(
            hosts=f"{len(seizures.domains)} domains and {len(seizures.panels)} panels",
            folder=host.folder,
            nameservers=", ".join(host.nameservers),
            issuers=", ".join(host.certificate_authorities) or "nobody",
        )
        + "\n".join(rows)
        + "\n"
    )
