"""Compare the lines of kept lists with the records that they name, before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from cautery.evidence.ports import CaseLedger
from cautery.model import Entry, Verdict
from cautery.model.records import AssetFacts
from cautery.projections.kept import SpoiltListsError
from cautery.projections.lines import ActLine, HostLine, StreamLine
from cautery.projections.listing import Lines
from cautery.projections.words import kept_text, subject_of

_making = Lock()
_begun: dict[tuple[int, bytes], Mapping[str, ActLine]] = {}
_MOST_BEGUN = 1_000
"""A record of an act has some kilobytes."""


def check_streams(ledger: CaseLedger, lines: Sequence[StreamLine]) -> None:
    """Compare streams with the records of their appearance and of their newest verdict.

    Raises
    ------
    SpoiltListsError
        If one contradicts them.
    """
    read = _named(ledger, (number for line in lines for number in (line.named, line.verdict)))
    for line in lines:
        named = _alone(read[line.named]).streams.get(line.url)
        verdict = None if line.verdict is None else read[line.verdict].content
        right = named is not None and (named.title, named.host) == (line.title, line.host)
        if isinstance(verdict, Verdict):
            right &= (subject_of(verdict), verdict.finding, verdict.at) == (
                line.url,
                line.finding,
                line.verdict_at,
            )
        else:
            right &= verdict is None and line.finding is None
        if not right:
            raise SpoiltListsError(f"the line of {line.url[:200]} contradicts its records")


def check_hosts(ledger: CaseLedger, lines: Sequence[HostLine]) -> None:
    """Compare hosts with the records of their newest facts; raise as :func:`check_streams`."""
    read = _named(ledger, (line.facts for line in lines))
    for line in lines:
        facts = None if line.facts is None else read[line.facts].content
        shown: tuple[str, ...] = ()
        if isinstance(facts, AssetFacts) and kept_text(facts.host) == line.host:
            shown = facts.addresses
        if shown != line.addresses:
            raise SpoiltListsError(f"the line of {line.host[:200]} contradicts its records")


def check_acts(read: Mapping[int, Entry], lines: Sequence[ActLine]) -> None:
    """Compare acts with the records that began them; raise as :func:`check_streams`."""
    for line in lines:
        begun = read.get(line.drafted)
        drafted = None if begun is None else _acts_begun(begun).get(line.id)
        shown = line.kind, line.about, line.drafted_at
        if drafted is None or (drafted.kind, drafted.about, drafted.drafted_at) != shown:
            raise SpoiltListsError(f"the line of {line.id[:200]} contradicts its records")


def _acts_begun(entry: Entry) -> Mapping[str, ActLine]:
    """Return the acts that one record begins; of the same bytes they are made once.

    A board shows dozens of them, and the id of each is a digest of all that it says.
    """
    key = entry.index, entry.leaf
    with _making:
        if (acts := _begun.get(key)) is None:
            acts = _begun[key] = _alone(entry).acts
            if len(_begun) > _MOST_BEGUN:
                del _begun[next(iter(_begun))]
    return acts


def _alone(entry: Entry) -> Lines:
    """Return the lines that one record makes."""
    lines = Lines()
    lines.hear(entry)
    return lines


def _named(ledger: CaseLedger, numbers: Iterable[int | None]) -> dict[int, Entry]:
    wanted_numbers = {number for number in numbers if number is not None}
    read = {entry.index: entry for entry in ledger.pick(sorted(wanted_numbers))}
    if wanted_numbers - read.keys():
        raise SpoiltListsError("a record that is named is not in the ledger")
    return read
