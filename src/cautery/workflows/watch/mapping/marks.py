"""What a watch saw each host show: ports, paths, redirects, certificates, what is on its page.

Nothing is asked for it: it is what sources, probes and look-ups met anyway. Of a URL only its port
and the shape of its path are kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from cautery.formats import Page
from cautery.formats.shapes import shapes_of
from cautery.graph.links import HostFacts, Mark, covers
from cautery.model import host_of
from cautery.model.message import Message
from cautery.workflows.watch.streams import Stream

MANY_NAMES = 20
"""A certificate for more names is a front's, or a hoster's: a service has a few."""

_UNREACHED = {"path:manifest"}
"""What a URL that nobody has reached does not show: a list says so of hosts long dead."""


def marks_of(
    facts: Iterable[HostFacts],
    streams: Iterable[Stream],
    *,
    panels: Iterable[str],
    pages: Mapping[str, Page],
    shared: Mapping[Mark, Message],
) -> dict[str, tuple[str, ...]]:
    """Return what each host shows, as :data:`cautery.graph.roles.MARKS` names it, sorted.

    Parameters
    ----------
    panels : iterable of str
        Hosts that answered as a panel.
    pages : mapping of str to Page
        Storefronts' pages by host.
    shared : mapping of (str, str) to str
        Values that strangers share, with the reason.
    """
    marks_by_host: defaultdict[str, set[str]] = defaultdict(set)
    for stream in streams:
        for url in stream.places:
            marks_by_host[host_of(url)].update(shapes_of(url))
        if not stream.places:
            marks_by_host[host_of(stream.key)].update({*shapes_of(stream.key)} - _UNREACHED)
    for panel in panels:
        marks_by_host[panel].add("path:player_api")
    for host, page in pages.items():
        marks_by_host[host].update(_of_page(page))
        for url in page.panel_links:
            marks_by_host[host_of(url)].update(shapes_of(url))
    for fact in facts:
        marks_by_host[fact.host].update(_of_facts(fact, shared))
    return {host: tuple(sorted(marks)) for host, marks in marks_by_host.items() if host and marks}


def _of_page(page: Page) -> set[str]:
    marks = {"page:credits"} if page.credits else set()
    if page.prices:
        marks.add("page:prices")
    elif page.crypto or page.payments:
        marks.add("page:checkout")
    return marks


def _of_facts(facts: HostFacts, shared: Mapping[Mark, Message]) -> set[str]:
    marks = {"shared-range"} if facts.shared else set()
    if facts.certificate is None:
        return marks
    why = shared.get(("certificate", facts.certificate.spki_sha256), "")
    if len(facts.certificate.names) > MANY_NAMES:
        marks.add("certificate:many-names")
    elif why:
        marks.add("certificate:default")
    elif covers(facts.certificate.names, facts.host):
        marks.add("certificate:own")
    return marks
