"""Check the chain of custody: no gap between links, and both sides of a transfer agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from cautery.errors import InputError
from cautery.model import CustodyAct, CustodyEntry, iso
from cautery.operation.details import require_role

LONGEST_TEXT = 2_000
"""Letters of a description or reason. Judgement: a page."""
ENDS = frozenset({CustodyAct.RETURNED, CustodyAct.DESTROYED})


def check_chain(chain: Iterable[CustodyEntry], *, agency: str) -> None:
    """Check one chain of custody alone, from its seizure on.

    Raises
    ------
    InputError
        Naming the first gap or contradiction.
    """
    links = iter(chain)
    first = next(links, None)
    if first is None or first.act is not CustodyAct.SEIZED:
        raise InputError("a chain of custody must begin with the seizure")
    walked: tuple[CustodyEntry, ...] = (first,)
    pending: CustodyEntry | None = None
    for link in links:
        walked, pending = linked(walked, pending, link, agency)
    if pending is not None:
        raise InputError(
            f"exhibit {first.number}: {pending.to_agency} has not yet stated that "
            "it took the exhibit over"
        )


def linked(
    chain: tuple[CustodyEntry, ...],
    pending: CustodyEntry | None,
    link: CustodyEntry,
    agency: str,
) -> tuple[tuple[CustodyEntry, ...], CustodyEntry | None]:
    """Add a link to a chain, or state one side of a transfer."""
    last, where = chain[-1], f"exhibit {link.number}"
    if link.number != last.number:
        raise InputError(f"{where}: this link belongs to the chain of exhibit {last.number}")
    if link.act is CustodyAct.SEIZED:
        raise InputError(f"{where}: it was already seized at {iso(chain[0].at)}")
    if last.act in ENDS:
        raise InputError(
            f"{where}: it was {last.act.value} at {iso(last.at)}, which ended its chain"
        )
    if link.at < last.at:
        raise InputError(
            f"{where}: the link is of {iso(link.at)}, before the last link, which "
            f"is of {iso(last.at)}"
        )
    require_role(f"{where}: giver", link.giver)
    if link.giver != last.taker:
        raise InputError(
            f"{where}: the chain has a gap: {link.giver} hands it over, but the last holder is "
            f"{last.taker}",
            hint=f"First record how it passed from {last.taker} to {link.giver}.",
        )
    if link.act not in ENDS:
        require_role(f"{where}: taker", link.taker)
    texts = {"place": link.place, "reason": link.reason, "taker": link.taker}
    if link.result is not None:
        texts["result"] = link.result
    for name, text in texts.items():
        if len(text) > LONGEST_TEXT or not text.replace("\n", " ").isprintable():
            raise InputError(f"{where}: its {name} must be printable text of at most a page")
        if not text.strip():
            raise InputError(f"{where}: each link needs who, where and why; {name} is missing")
    if link.act is CustodyAct.EXAMINED:
        if link.opened_seal != last.seal:
            raise InputError(
                f"{where}: seal {link.opened_seal} was opened, but the exhibit carried seal "
                f"{last.seal}"
            )
    elif link.opened_seal is not None:
        raise InputError(f"{where}: only an examination opens a seal, not the act {link.act.value}")
    elif link.seal != last.seal:
        raise InputError(
            f"{where}: the exhibit carries seal {last.seal}, not {link.seal}",
            hint="An examination ends with a new seal: record the examination first.",
        )
    if link.act is CustodyAct.TRANSFERRED:
        return _transferred(chain, pending, link, agency)
    if link.to_agency is not None or link.stated_by is not None:
        raise InputError(f"{where}: only a transfer may name the agencies of both sides")
    if pending is not None:
        raise InputError(
            f"{where}: a transfer to {pending.to_agency} is pending; {pending.to_agency} must "
            "state it first"
        )
    return (*chain, link), None


def _transferred(
    chain: tuple[CustodyEntry, ...],
    pending: CustodyEntry | None,
    link: CustodyEntry,
    agency: str,
) -> tuple[tuple[CustodyEntry, ...], CustodyEntry | None]:
    """State one side of a transfer; when both sides have said the same, it is a link."""
    where = f"exhibit {link.number}"
    if not link.to_agency or link.to_agency == agency:
        raise InputError(f"{where}: a transfer must go to an agency other than {agency}")
    if link.stated_by not in {agency, link.to_agency}:
        raise InputError(f"{where}: only {agency} and {link.to_agency} can state this transfer")
    if pending is None:
        return chain, link
    if pending.stated_by == link.stated_by:
        raise InputError(f"{where}: {link.stated_by} has already stated this transfer")
    for field in fields(CustodyEntry):
        if field.name == "stated_by":
            continue
        first, second = getattr(pending, field.name), getattr(link, field.name)
        if first != second:
            raise InputError(
                f"{where}: the two sides disagree on {field.name}: {first} and {second}"
            )
    return (*chain, replace(link, stated_by=None)), None
