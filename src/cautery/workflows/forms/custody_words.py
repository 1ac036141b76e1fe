"""The chain of custody of a closed case in words: each act, and what the chain leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cautery.evidence.custody import CustodyAct, CustodyLine, odd_times, signed_lines
from cautery.messages import tr, tr_n
from cautery.model.forms import Row
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import CaseClosed, CaseOpened, CaseReopened
from cautery.pages.dossier.words import second, style

_LONG = 200
"""Letters of what an act names; the file of the chain has all."""


def acts_of(chain: Sequence[CustodyLine]) -> tuple[Row, ...]:
    """Return a row for each act of a chain, the oldest first."""
    return tuple(
        {
            "number": str(number),
            "at": _time(line),
            "act": act_words(line.act),
            "by": line.by,
            "to": line.to,
            "why": line.why,
            "what": _what(line),
            "digest": line.digest.removeprefix("sha256:"),
            "signed": tr("yes") if line.signed_by else tr("no"),
        }
        for number, line in enumerate(chain, 1)
    )


def act_words(act: CustodyAct) -> str:
    """Return what was done, in the language in use."""
    return {
        CustodyAct.OPENED: tr("opened"),
        CustodyAct.COPIED: tr("copied"),
        CustodyAct.HANDED_OVER: tr("handed over"),
        CustodyAct.RECEIVED: tr("received"),
        CustodyAct.NOTED: tr("noted"),
    }[act]


def state_of(chain: Sequence[CustodyLine], digest: str) -> str:
    """Return what a chain says of one exhibit, by its SHA-256: the newest act, or none."""
    own = [line for line in chain if line.digest == f"sha256:{digest}"]
    if not own:
        return tr("in the closed case; no act of its own")
    newest = own[-1]
    return tr(
        "in the closed case; %(act)s %(time)s by %(by)s; acts: %(count)s",
        style,
        act=act_words(newest.act),
        time=_time(newest),
        by=newest.by,
        count=len(own),
    )


def gaps_of(ledger: Ledger, chain: Sequence[CustodyLine]) -> tuple[str, ...]:
    """Return what sealing and chain leave open, a sentence each; never empty."""
    return (*_of_case(ledger), *_of_chain(ledger, chain))


def _of_case(ledger: Ledger) -> Iterator[str]:
    unsigned = sum(sum(content.unsigned.values()) for _, content in contents(ledger, CaseReopened))
    if unsigned:
        yield tr_n(
            "Before the closing the case was opened again, and %(count)s record in it was under no "
            "signed root then.",
            "Before the closing the case was opened again, and %(count)s records in it were under "
            "no signed root then.",
            unsigned,
            style,
        )
    missing = sum(len(content.unproven) for _, content in contents(ledger, CaseClosed))
    if missing:
        yield tr_n(
            "%(count)s record names an exhibit that the case did not hold at its closing.",
            "%(count)s records name an exhibit that the case did not hold at its closing.",
            missing,
            style,
        )


def _of_chain(ledger: Ledger, chain: Sequence[CustodyLine]) -> Iterator[str]:
    closed = [content.at for _, content in contents(ledger, CaseClosed)][-1]
    if not chain:
        yield tr(
            "From the closing at %(time)s UTC until this paper the chain has no act: nobody "
            "recorded who held the case.",
            time=second(closed),
        )
        return
    first = chain[0].moment
    if first is not None and first > closed:
        yield tr(
            "From the closing at %(closed)s UTC until %(first)s UTC the chain has no act: nobody "
            "recorded who held the case.",
            closed=second(closed),
            first=second(first),
        )
    for place, line in enumerate(chain):
        if line.act is CustodyAct.HANDED_OVER and not _is_received(chain, line):
            yield tr(
                "Act %(number)s: handed over to %(to)s; no receipt is filed.",
                number=str(place + 1),
                to=line.to,
            )
    opening = next(iter(contents(ledger, CaseOpened)))[0].record.at
    for place in odd_times(chain, opening):
        yield tr("Act %(number)s: its time cannot be right.", number=str(place + 1))
    covered = signed_lines(chain)
    if covered < len(chain):
        yield tr_n(
            "No signature covers the last act: who can write beside the case could have cut or "
            "changed it.",
            "No signature covers the last %(count)s acts: who can write beside the case could have "
            "cut or changed them.",
            len(chain) - covered,
            style,
        )
    yield tr("Between two acts the chain does not say who could reach the files.")


def _is_received(chain: Sequence[CustodyLine], given: CustodyLine) -> bool:
    return any(line.act is CustodyAct.RECEIVED and line.digest == given.digest for line in chain)


def _what(line: CustodyLine) -> str:
    if line.act is CustodyAct.RECEIVED:
        return tr("a receipt, as its receiver signed it")
    return line.what if len(line.what) <= _LONG else f"{line.what[: _LONG - 1]}…"


def _time(line: CustodyLine) -> str:
    """Return the time of an act in UTC; one that cannot be read, as it stands."""
    return line.at if line.moment is None else second(line.moment)
