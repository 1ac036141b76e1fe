"""Compare the views of one source from several networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cautery.formats import Page
from cautery.formats.diff import Listed, compare
from cautery.messages import message, term
from cautery.model import ExhibitId, Vantage, host_of
from cautery.model.message import Message
from cautery.model.records import VantageCompared
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.sources.asking import Told
from cautery.workflows.watch.sources.differences import table_of
from cautery.workflows.watch.sources.screening import ListedStream, Screened

MOST_TITLES = 20
"""Titles that a record quotes; the table has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a source showed at one vantage the last time; ``failed`` if it showed nothing."""

    says: Screened | None = None
    host: str = ""
    exhibit: ExhibitId | None = None
    failed: str | None = None

    def after(self, told: Told) -> View:
        """Return the view after one more reading; what has not changed is as it was."""
        return View(says=told.says or self.says, host=host_of(told.url), exhibit=told.exhibits[0])


class Views:
    """The latest views of each source, and the differences recorded so far.

    Parameters
    ----------
    listed : callable
        What a reading lists, as it may be recorded.
    """

    def __init__(self, journal: Journal, listed: Callable[[Screened], list[Listed]]) -> None:
        self._journal = journal
        self._list = listed
        self._views: dict[tuple[str, str | None], View] = {}
        self._last_differences: dict[tuple[str, str], tuple[Message, ...]] = {}

    def told(self, source: str, vantage: Vantage | None, told: Told) -> None:
        """Take up a reading."""
        key = (source, None if vantage is None else vantage.name)
        self._views[key] = self._views.get(key, View()).after(told)

    def failed(self, source: str, vantage: Vantage | None, why: str) -> None:
        """Take up that there was none."""
        self._views[source, None if vantage is None else vantage.name] = View(failed=why)

    def streams(self, source: str, names: Sequence[str]) -> tuple[ListedStream, ...]:
        """Return what a source lists at any vantage, each URL once, first what it lists to us."""
        by_url: dict[str, ListedStream] = {}
        for name in (None, *names):
            view = self._views.get((source, name))
            for stream in view.says.streams if view is not None and view.says is not None else ():
                by_url.setdefault(stream.url, stream)
        return tuple(by_url.values())

    def compare(self, source: str, vantage: Vantage) -> None:
        """Record whether a source differs at a vantage, when that is new."""
        home_view, vantage_view = (
            self._views.get((source, None)),
            self._views.get((source, vantage.name)),
        )
        if home_view is None or vantage_view is None or (home_view.failed and vantage_view.failed):
            return
        why = tuple(_differences(home_view, vantage_view, vantage))
        compared = VantageCompared(
            source=source,
            vantage=vantage.name,
            country=vantage.country,
            at=self._journal.now(),
            differs=bool(why),
            why=why,
            exhibits=tuple(
                view.exhibit for view in (home_view, vantage_view) if view.exhibit is not None
            ),
        )
        if home_view.says is not None and vantage_view.says is not None:
            changes = compare(self._listed(home_view), self._listed(vantage_view))
            if changes:
                compared = replace(
                    compared,
                    differs=True,
                    why=(*why, message("vantage.other-entries")),
                    only_here=len(changes.vanished),
                    only_there=len(changes.appeared),
                    elsewhere=len(changes.moved),
                    titles_there=_titles(changes.appeared),
                    titles_here=_titles(changes.vanished),
                    table=self._journal.seal(
                        table_of(changes, self._journal),
                        what="table",
                        media_type=tables.MEDIA_TYPE,
                        at=self._journal.now(),
                    ),
                )
        if self._last_differences.get((source, vantage.name)) == compared.why:
            return
        self._last_differences[source, vantage.name] = compared.why
        self._journal.write(compared)

    def _listed(self, view: View) -> list[Listed]:
        return [] if view.says is None else self._list(view.says)


def _titles(entries: Sequence[Listed]) -> tuple[str | None, ...]:
    return tuple(entry.title for entry in entries[:MOST_TITLES])


def _differences(home_view: View, vantage_view: View, vantage: Vantage) -> Iterator[Message]:
    name = vantage.name
    if home_view.failed:
        yield message("vantage.reachable-only-there", vantage=name, detail=home_view.failed)
    if vantage_view.failed:
        yield message("vantage.not-reachable-there", vantage=name, detail=vantage_view.failed)
    if (
        home_view.failed
        or vantage_view.failed
        or home_view.says is None
        or vantage_view.says is None
    ):
        return
    if home_view.host != vantage_view.host:
        nowhere = message("vantage.nowhere")
        yield message(
            "vantage.leads-elsewhere",
            there=vantage_view.host or nowhere,
            here=home_view.host or nowhere,
        )
    if home_view.says.page is not None and vantage_view.says.page is not None:
        vantage_facts = _facts(vantage_view.says.page)
        facts = [
            term("page-fact", fact)
            for fact, home_fact in _facts(home_view.says.page).items()
            if home_fact != vantage_facts[fact]
        ]
        if facts:
            yield message("vantage.page-differs", facts=facts)


def _facts(page: Page) -> dict[str, object]:
    """Return what of a page is a fact about the seller; nothing that changes with each visit."""
    return {
        "title": page.title,
        "language": page.language,
        "prices": {(price.amount, price.currency, price.months) for price in page.prices},
        "payments": set(page.payments),
        "contacts": {(contact.kind, contact.handle) for contact in page.contacts},
        "panels": {host_of(link) for link in page.panel_links},
    }
