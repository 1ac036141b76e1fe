"""The figures of the public folders, as a page and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cautery.cells import table_of
from cautery.errors import CauteryError
from cautery.json_text import parsed_json
from cautery.messages import tr
from cautery.model.web import CSV, Answered, Asked
from cautery.pages.public import Desk
from cautery.workflows.public.answers import page, refusal
from cautery.workflows.public.lookup import LookUp

FIGURES = "figures.json"


class FiguresDesk:
    """The page ``/transparency`` and its CSV."""

    def __init__(self, look_up: LookUp, desk: Desk) -> None:
        self._look_up = look_up
        self._desk = desk

    def answer(self, asked: Asked) -> Answered:
        """Answer a request below ``/transparency``."""
        cases = [
            body
            for shelf in self._look_up.shelves()
            if (body := _read(shelf.files.read(FIGURES))) is not None
        ]
        if asked.path == "/transparency":
            return page("figures", self._desk, keeps=True, cases=cases)
        if asked.path == "/transparency.csv":
            return Answered(
                pieces=(csv_of(cases),),
                media_type=CSV,
                headers={
                    "Cache-Control": "no-store",
                    "Content-Disposition": 'attachment; filename="transparency.csv"',
                },
            )
        return refusal(
            self._desk,
            status=404,
            heading=tr("There is no such page"),
            words=tr("Begin with the look-up."),
            rule="",
        )


def _read(content: bytes | None) -> Mapping[str, Any] | None:
    try:
        body = parsed_json(content or b"null")
    except (ValueError, CauteryError):
        return None
    return body if isinstance(body, dict) else None


def csv_of(cases: list[Mapping[str, Any]]) -> bytes:
    """Return figures as CSV, a figure a line: case, table, row, measure, value."""
    columns = ("case", "at", "table", "row", "measure", "value")
    rows = ((case["mandate"], case["at"], *row) for case in cases for row in _rows(case))
    return table_of([columns, *(map(_plain, row) for row in rows)])


def _rows(case: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    for order in case["orders"]:
        place = f"{order['territory']} {order['order']}"
        for measure in ("referrals", "names", "addresses", "withdrawn"):
            yield "orders", place, measure, order[measure]
    for table in ("mistakes", "complaints"):
        for measure, value in case[table].items():
            yield table, "", measure, value
    for name, times in case["times"].items():
        for measure in ("n", "median", "p90", "p99", "max"):
            yield "times", name, measure, times[measure]
        edges = [*(f"<= {edge} s" for edge in times["edges"]), f"> {times['edges'][-1]} s"]
        for edge, count in zip(edges, times["counts"], strict=True):
            yield "times", name, edge, count
    yield "times", "unblock_s", "not seen open", case["not_seen_open"]
    for notices in case["notices"]:
        for measure, value in notices.items():
            if measure != "kind":
                yield "notices", notices["kind"], measure, value


def _plain(value: Any) -> Any:
    return f"{value:.3f}" if isinstance(value, float) else value
