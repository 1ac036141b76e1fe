"""One source seen from several networks: what is only here, only there, or not to be had at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cautery.model import ExhibitId, Vantage, host_of
from cautery.watch import Page, PlaylistEntry
from cautery.watch.diff import Listed, compare
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.sources.asking import Told
from cautery.workflows.watch.sources.differences import table_of
from cautery.workflows.watch.sources.understanding import Understood

SHOWN = 20
"""Titles that a record quotes; the table has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a source showed at one vantage the last time; ``failed`` if it showed nothing."""

    says: Understood | None = None
    host: str = ""
    exhibit: ExhibitId | None = None
    failed: str | None = None

    def after(self, told: Told) -> View:
        """Return the view after one more reading; what has not changed is as it was."""
        return View(says=told.says or self.says, host=host_of(told.url), exhibit=told.exhibits[0])


class Views:
    """The latest views of each source, and what was said of their differences.

    Parameters
    ----------
    listed : callable
        What a reading lists, as it may be recorded.
    """

    def __init__(self, journal: Journal, listed: Callable[[Understood], list[Listed]]) -> None:
        self._journal = journal
        self._list = listed
        self._views: dict[tuple[str, str | None], View] = {}
        self._said: dict[tuple[str, str], tuple[str, ...]] = {}

    def told(self, source: str, vantage: Vantage | None, told: Told) -> None:
        """Take up a reading."""
        key = (source, None if vantage is None else vantage.name)
        self._views[key] = self._views.get(key, View()).after(told)

    def failed(self, source: str, vantage: Vantage | None, why: str) -> None:
        """Take up that there was none."""
        self._views[source, None if vantage is None else vantage.name] = View(failed=why)

    def entries(self, source: str, names: Sequence[str]) -> tuple[PlaylistEntry, ...]:
        """Return what a source lists at any vantage, each URL once, ours first."""
        found: dict[str, PlaylistEntry] = {}
        for name in (None, *names):
            view = self._views.get((source, name))
            for one in view.says.entries if view is not None and view.says is not None else ():
                found.setdefault(one.url, one)
        return tuple(found.values())

    def compare(self, source: str, vantage: Vantage) -> None:
        """Record whether a source differs at a vantage, when that is new."""
        here, there = self._views.get((source, None)), self._views.get((source, vantage.name))
        if here is None or there is None or (here.failed and there.failed):
            return
        why = tuple(_differences(here, there, vantage))
        body: dict[str, object] = {"only_here": 0, "only_there": 0, "table": None}
        if here.says is not None and there.says is not None:
            changes = compare(self._listed(here), self._listed(there))
            if changes:
                body = {
                    "only_here": len(changes.vanished),
                    "only_there": len(changes.appeared),
                    "elsewhere": len(changes.moved),
                    "titles_there": [one.title for one in changes.appeared[:SHOWN]],
                    "titles_here": [one.title for one in changes.vanished[:SHOWN]],
                    "table": self._journal.seal(
                        table_of(changes, self._journal),
                        what="table",
                        media_type=tables.MEDIA_TYPE,
                        at=self._journal.now(),
                    ),
                }
                why = (*why, "it lists other things")
        if self._said.get((source, vantage.name)) == why:
            return
        self._said[source, vantage.name] = why
        self._journal.write(
            "vantage.compared",
            {
                "source": source,
                "vantage": vantage.name,
                "country": vantage.country,
                "at": self._journal.now(),
                "differs": bool(why),
                "why": why,
                "exhibits": [one.exhibit for one in (here, there) if one.exhibit is not None],
                **body,
            },
        )

    def _listed(self, view: View) -> list[Listed]:
        return [] if view.says is None else self._list(view.says)


def _differences(here: View, there: View, vantage: Vantage) -> Iterator[str]:
    if here.failed:
        yield f"only to be had from {vantage.name}; from here {here.failed}"
    if there.failed:
        yield f"not to be had from {vantage.name}: {there.failed}"
    if here.failed or there.failed or here.says is None or there.says is None:
        return
    if here.host != there.host:
        yield f"leads to {there.host or 'nowhere'} there, to {here.host or 'nowhere'} from here"
    if here.says.page is not None and there.says.page is not None:
        names = [
            name
            for name, ours in _facts(here.says.page).items()
            if ours != _facts(there.says.page)[name]
        ]
        if names:
            yield f"its page says something else: {', '.join(names)}"


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
