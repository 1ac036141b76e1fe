"""The hosts of a claim: where they lie, as the case's own records say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from cautery.messages import tr
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import AssetFacts, ExhibitSealed
from cautery.pages.case_report.view import StreamView
from cautery.pages.dossier.hosts import HostView
from cautery.pages.dossier.words import second

MOST_HOSTS, MOST_LOOK_UPS, MOST_ADDRESSES = 12, 3, 4
"""Rows of a claim: its hosts, the last different look-ups of each, and addresses in one."""


class Hosts:
    """What a whole case knows of hosts.

    Parameters
    ----------
    ledger : Ledger
        Read once.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._of_exhibit = {
            sealed.exhibit.id: host
            for _, sealed in contents(ledger, ExhibitSealed)
            if sealed.url is not None and (host := _host_of(sealed.url))
        }
        self._known: dict[str, dict[tuple[object, ...], tuple[int, AssetFacts]]] = {}
        for entry, facts in contents(ledger, AssetFacts):
            state = (facts.addresses, facts.asn, facts.organisation, facts.country)
            # The first record that says so: it has been true since then at the latest.
            self._known.setdefault(facts.host, {}).setdefault(state, (entry.index, facts))

    def of(self, stream: StreamView) -> tuple[HostView, ...]:
        """Return the host of a stream, then those that its exhibits came from."""
        exhibit_hosts = (self._of_exhibit.get(line.exhibit) for line in stream.sealed)
        hosts = dict.fromkeys(host for host in (stream.host, *exhibit_hosts) if host)
        return tuple(
            view for host in list(hosts)[:MOST_HOSTS] for view in _views(host, self._known)
        )


def _views(
    host: str, known: Mapping[str, Mapping[tuple[object, ...], tuple[int, AssetFacts]]]
) -> Iterable[HostView]:
    states = list(known.get(host, {}).values())[-MOST_LOOK_UPS:]
    if not states:
        yield HostView(host=host, addresses="", network=tr("not looked up"))
    for index, facts in states:
        ellipsis = ", …" if len(facts.addresses) > MOST_ADDRESSES else ""
        yield HostView(
            host=host,
            addresses=", ".join(facts.addresses[:MOST_ADDRESSES]) + ellipsis or tr("no address"),
            network=_network(facts),
            record=str(index),
            claimed=second(facts.at),
        )


def _network(facts: AssetFacts) -> str:
    if facts.asn is None:
        return tr("unknown")
    name = facts.organisation or ""
    network = f"AS{facts.asn}" if name in ("", f"AS{facts.asn}") else f"AS{facts.asn} {name}"
    shared = "".join(f"; {fact.provider} ({fact.kind})" for fact in facts.shared[:2])
    return f"{network}, {facts.country}{shared}" if facts.country else f"{network}{shared}"


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
