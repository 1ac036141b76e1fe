"""The blocks of a watch's case as items: the targets that two people approved, with their ends.

What was taken off since is still named, as revoked: a partner who has it must let it go. What has
ended keeps its end. A target that two people did not approve is in no package.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cautery.act import order_of
from cautery.act.confirmed import confirmed_by
from cautery.errors import ApprovalError, InputError
from cautery.messages import say
from cautery.model import BlockEntry, CourtOrder, Referral
from cautery.model.exchange import ItemKey, ItemKind, RelationKind
from cautery.model.ledger import contents
from cautery.model.operation import StatementKind
from cautery.model.ports import Ledger
from cautery.model.records import ActRefused, ComplaintDecided, EntryWithdrawn
from cautery.projections.decoys import Decoys
from cautery.projections.refusals import first_of
from cautery.workflows.case.opening import Opening
from cautery.workflows.case.referral import confirmations_in, filed_in, mandate_of
from cautery.workflows.exchange.gathering import Gathering, digests, sentence
from cautery.workflows.forms.leaving import TakenOff, once_approved, taken_off


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A target as one referral has it."""

    entry: BlockEntry
    referral: Referral
    begin: datetime
    revoked_at: datetime | None
    why: str

    @property
    def place(self) -> tuple[str, str, str]:
        return self.entry.target, self.referral.territory, self.referral.order


def add_blocks(
    gathering: Gathering, ledger: Ledger, *, opening: Opening, decoys: Decoys, at: datetime
) -> None:
    """Add each target that two people approved, with the order under which it is blocked.

    Parameters
    ----------
    at : datetime
        Nothing that was signed later counts.

    Raises
    ------
    ApprovalError
        If a signature under the mandate does not hold.
    """
    mandate, off = mandate_of(ledger), taken_off(ledger)
    opening.standing()
    confirmed = confirmed_by(confirmations_in(ledger), mandate)
    refusals: defaultdict[str, list[ActRefused]] = defaultdict(list)
    for _, refused in contents(ledger, ActRefused):
        refusals[refused.id].append(refused)
    blocks: defaultdict[tuple[str, str, str], list[_Block]] = defaultdict(list)
    orders: dict[str, CourtOrder] = {}
    for filed in filed_in(ledger).referrals:
        referral = filed.referral
        try:
            approved = once_approved(
                filed,
                opening=opening,
                mandate=mandate,
                confirmed=confirmed,
                decoys=decoys,
                at=at,
            )
            orders[referral.order] = order_of(referral, mandate)
        except (ApprovalError, InputError):
            gathering.stays["targets that two people did not approve"] += len(referral.entries)
            continue
        refusal = first_of(
            refusals.get(referral.id, ()), mandate=opening.mandate, subject=filed.digest
        )
        for block in _blocks(referral, off, refusal, since=approved.approved_at):
            if not decoys.meets(block.entry.target):
                blocks[block.place].append(block)
    keys = {
        name: _add_order(gathering, order, at=opening.entry.record.at)
        for name, order in orders.items()
    }
    for candidates in blocks.values():
        _add_block(gathering, candidates, keys)


def _blocks(
    referral: Referral, off: TakenOff, refusal: ActRefused | None, *, since: datetime
) -> Iterable[_Block]:
    for entry in referral.entries:
        undone = off.of(referral.id, entry.target) or refusal
        yield _Block(
            entry=entry,
            referral=referral,
            begin=min(max(since, referral.window.start), entry.valid_until),
            revoked_at=None if undone is None else undone.at,
            why=_why(undone),
        )


def _why(undone: EntryWithdrawn | ComplaintDecided | ActRefused | None) -> str:
    """Return why a target was taken off; who decided it is nobody's business outside."""
    match undone:
        case None:
            return ""
        case EntryWithdrawn():
            return sentence("withdrawn", *(say(reason.text) for reason in undone.reasons))
        case ComplaintDecided():
            return "Released after a complaint."
        case ActRefused():
            return "Refused by an approver."


def _add_order(gathering: Gathering, order: CourtOrder, *, at: datetime) -> ItemKey | None:
    return gathering.add(
        ItemKind.ORDER,
        order.id,
        at=at,
        text=sentence(order.authority, order.targets_rule),
        name=order.authority,
        territory=order.territory,
        valid_from=order.window.start,
        valid_until=order.window.end,
        statement=StatementKind.FACT,
    )


def _add_block(
    gathering: Gathering, candidates: list[_Block], orders: dict[str, ItemKey | None]
) -> None:
    """Add one block of the referrals that name one target for one country under one order.

    The one that ends last and stands counts. It begins where those that overlap with it begin; a
    gap between two is no time in which anybody may block.
    """
    standing = [block for block in candidates if block.revoked_at is None]
    chosen = sorted(
        standing or candidates, key=lambda block: (block.entry.valid_until, block.begin)
    )
    last = chosen[-1]
    begin = last.begin
    for block in reversed(chosen[:-1]):
        if block.entry.valid_until >= begin:
            begin = min(begin, block.begin)
    key = gathering.add(
        ItemKind.BLOCK,
        last.entry.target,
        at=last.revoked_at or last.begin,
        text=sentence(
            f"referral {last.referral.id}"
            + ("" if last.referral.event is None else f" for {last.referral.event}"),
            last.why,
        ),
        valid_from=begin,
        valid_until=last.entry.valid_until,
        revoked=last.revoked_at is not None,
        lever=last.entry.lever,
        order=last.referral.order,
        territory=last.referral.territory,
        statement=StatementKind.FACT,
        exhibits=digests(one for block in chosen for one in block.entry.exhibits),
    )
    gathering.relate(RelationKind.BLOCKED_BY, key, orders[last.referral.order], at=last.begin)
