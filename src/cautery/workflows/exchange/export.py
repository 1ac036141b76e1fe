"""A package is written in a format and read again at once: what differs is the loss report.

So nobody has to remember what a format does not keep (ADR 0088). A file that our own reader would
refuse is not written at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cautery.errors import IncompleteError, InputError
from cautery.exchange.loss import Loss, losses
from cautery.exchange.shape import MOST_BYTES, MOST_ITEMS, Format, Reading
from cautery.model import Digest, digest_of, iso, to_json
from cautery.model.exchange import Package
from cautery.model.records import ExchangeExported, FieldLost

REPORT = "cautery.losses/1"
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A package in a format.

    Parameters
    ----------
    package : Package
        As it leaves.
    format : Format
        Its format.
    raw : bytes
        Its bytes.
    losses : tuple of Loss
        What our own reader did not get back from them.
    """

    package: Package
    format: Format
    raw: bytes
    losses: tuple[Loss, ...]

    @property
    def digest(self) -> Digest:
        """Digest of the bytes."""
        return digest_of(self.raw)


def written(
    package: Package,
    format_: Format,
    *,
    at: datetime,
    read: Callable[[bytes, str], Reading] | None = None,
    strict: bool = False,
) -> Written:
    """Write a package in a format, and compare it with what is read from that.

    Parameters
    ----------
    at : datetime
        Now, in UTC: what is in force is so now.
    read : callable or None
        (bytes, file name) to what is read again, where others' words are in the package;
        ``None``: by the format, in this process.
    strict : bool
        Refuse if the format does not keep everything.

    Raises
    ------
    IncompleteError
        If it does not, and ``strict``; the sentence names what is lost.
    InputError
        If it is larger than anybody would read it.
    """
    count = len(package.items) + len(package.relations)
    if count > MOST_ITEMS:
        raise InputError(
            f"{package.name}: {count:,} items and relations; a file of exchange has at most "
            f"{MOST_ITEMS:,}"
        )
    package = as_of(package, at)
    raw = b"".join(format_.write(package))
    if len(raw) > MOST_BYTES:
        raise InputError(
            f"{package.name} as {format_.name} has {len(raw):,} bytes; a file of exchange has at "
            f"most {MOST_BYTES:,}",
            hint="Another format, such as csv, takes less.",
        )
    reading = (read or format_.read)(raw, f"{package.name}{format_.suffix}")
    lost = losses(package, reading.package, foreseen=format_.foreseen)
    # What our reader leaves out of our own file is lost, too, though it has other names there.
    lost = tuple(sorted((*lost, *reading.left_out), key=lambda one: (one.noun, one.field)))
    if strict and lost:
        raise IncompleteError(
            f"{format_.name} does not keep everything: {loss_words(lost)}",
            hint="Without --strict it is written, with a report of what it does not keep.",
        )
    return Written(package=package, format=format_, raw=raw, losses=lost)


def as_of(package: Package, at: datetime) -> Package:
    """Return a package as of the last moment at which something in it began or ended.

    A format that says what to act on says so as of the moment of the package. Where a window ends
    after the newest record, that record's moment would keep a block in force for good. Between
    two such moments the same package makes the same bytes.
    """
    moments = [
        moment
        for item in package.items
        if not item.revoked
        for moment in (item.valid_from, item.valid_until)
        if moment is not None and package.made_at < moment <= at
    ]
    return replace(package, made_at=max(moments)) if moments else package


def loss_words(lost: Sequence[Loss]) -> str:
    """Return losses in words, the first few by their names.

    Examples
    --------
    >>> loss_words([Loss(noun="block", field="lever", count=2, altered=0, example="x")])
    'lever of 2 block'
    """
    named = [
        f"{'all' if one.field == '*' else one.field} of {one.count:,} {one.noun}"
        for one in lost[:_MOST_NAMED]
    ]
    rest = len(lost) - len(named)
    return "; ".join(named) + (f"; and {rest} fields more" if rest else "")


def report_of(file: Written, *, name: str) -> dict[str, Any]:
    """Return the loss report of a file as plain JSON.

    Parameters
    ----------
    name : str
        Of the file.
    """
    package = file.package
    return {
        "report": REPORT,
        "file": name,
        "format": file.format.name,
        "digest": file.digest,
        "bytes": len(file.raw),
        "package": package.id,
        "made_at": iso(package.made_at),
        "marking": package.marking.words,
        "items": len(package.items),
        "relations": len(package.relations),
        "losses": [to_json(one) for one in file.losses],
        "unforeseen": sum(one.count for one in file.losses if not one.why),
        "consumers": dict(file.format.consumers),
    }


def record_of(
    file: Written,
    *,
    at: datetime,
    who: str,
    why: str = "",
    to: str | None = None,
    statements: Sequence[tuple[str, str]] = (),
) -> ExchangeExported:
    """Return the record that a case keeps of a file that leaves it."""
    package = file.package
    return ExchangeExported(
        at=at,
        format=file.format.name,
        to=to,
        digest=file.digest,
        marking=replace(package.marking, source=None, accuracy=None),
        items=len(package.items),
        relations=len(package.relations),
        losses=tuple(
            FieldLost(noun=one.noun, field=one.field, count=one.count) for one in file.losses
        ),
        statements=tuple(statements),
        why=why,
        who=who,
    )
