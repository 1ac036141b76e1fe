"""Gather what the register of seized exhibits gives to a form: things, links, and what is open."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.messages import say, term, tr, tr_n
from cautery.model import CustodyEntry
from cautery.model.forms import Fact, Row
from cautery.model.ledger import contents
from cautery.model.records import ExhibitTaken
from cautery.operation.register import Line
from cautery.pages.dossier.words import second, style
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.register_book import Book


def register_facts(desk: Desk) -> dict[str, Fact]:
    """Return the exhibits of a desk's register, each link of their custody, and what is open."""
    book = Book(desk)
    lines = tuple(book.register.lines.values())
    taken = tuple(entry.index for entry, _ in contents(desk.case.ledger, ExhibitTaken))
    links = tuple(entry.index for entry, _ in contents(desk.case.ledger, CustodyEntry))
    return {
        "register.exhibits": Fact(value=tuple(map(_thing, lines)), records=taken),
        "register.links": Fact(
            value=tuple(_link(link) for line in lines for link in line.chain),
            records=(*taken, *links),
        ),
        "register.gaps": Fact(value=tuple(_gaps(book, lines))),
    }


def _thing(line: Line) -> Row:
    return {
        "number": line.first.number,
        "kind": say(term("exhibit-kind", line.exhibit.kind.value)),
        "description": line.exhibit.description,
        "place": line.exhibit.place,
        "finder": line.exhibit.finder,
        "seized": second(line.exhibit.seized_at),
        "seal": line.seal,
        "holder": line.holder,
        "state": say(term("exhibit-state", line.state)),
        "digest": line.digest.removeprefix("sha256:"),
    }


def _link(link: CustodyEntry) -> Row:
    return {
        "number": link.number,
        "at": second(link.at),
        "act": say(term("custody-act", link.act.value)),
        "giver": link.giver,
        "taker": link.taker,
        "place": link.place,
        "reason": link.reason,
        "seal": link.seal,
    }


def _gaps(book: Book, lines: tuple[Line, ...]) -> Iterator[str]:
    for line in lines:
        if line.pending is not None:
            yield tr(
                "Exhibit %(number)s: one agency alone states its transfer of %(time)s UTC to "
                "%(taker)s.",
                number=line.first.number,
                time=second(line.pending.at),
                taker=line.pending.taker,
            )
        if line.corrections:
            yield tr(
                "Exhibit %(number)s: its entry was corrected; corrections: %(count)s.",
                style,
                number=line.first.number,
                count=len(line.corrections),
            )
    if book.void:
        yield tr_n(
            "%(count)s record breaks a rule of the register and does not count.",
            "%(count)s records break a rule of the register and do not count.",
            len(book.void),
            style,
        )
    if lines:
        yield tr("Between two links the register does not say who could reach an exhibit.")
