"""Where a host of a claim lies, and whose network is held to stand behind it."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.messages import tr
from cautery.model import CriminalNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host, as it was looked up once.

    Parameters
    ----------
    addresses, network : str
        Its addresses and the autonomous system of the first; empty: it was never looked up.
    record : str
        The number of the record that says so; empty: none does.
    claimed : str
        When that was, by the machine's clock.
    """

    host: str
    addresses: str
    network: str
    record: str = ""
    claimed: str = ""


def network_of(host: str, networks: tuple[CriminalNetwork, ...]) -> str:
    """Return which hypothesis holds a host, in a sentence."""
    for network in networks:
        hosts = {member.host for member in network.members}
        if host in hosts and len(hosts) > 1:
            return tr(
                "Hypothesis %(id)s: this host and %(others)s others belong to one party. It is a "
                "hypothesis and can be withdrawn.",
                id=network.id,
                others=len(hosts) - 1,
            )
    return tr("No network is held to stand behind this host.")
