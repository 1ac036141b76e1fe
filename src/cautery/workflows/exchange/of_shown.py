"""What the records that a dossier shows give to a case tool, and no other record.

A court and a defence are given the mandate, so theirs is what the case of a watch gives to a
partner (:mod:`~cautery.workflows.exchange.of_watch`). A hoster and a provider are given neither the
mandate nor the approvals under it: theirs are the proven streams with who serves them, and no
block, for nobody could check who approved it.
"""

from __future__ import annotations

from cautery.errors import ApprovalError, InputError, UnrevealedError
from cautery.messages import in_language
from cautery.model.exchange import ItemKind, Package, RelationKind
from cautery.model.ports import Ledger
from cautery.model.records import CaseOpened, kinds_of
from cautery.projections.folding import heard
from cautery.workflows.exchange.gathering import Gathering
from cautery.workflows.exchange.of_streams import STREAM_RECORDS, StreamsSeen, add_streams
from cautery.workflows.exchange.of_watch import DEFAULT_MARKING, newest_in, of_watch


def of_shown(ledger: Ledger, case: str) -> Package | None:
    """Return what some records of a case say; ``None``: nothing that a case tool has a word for.

    Parameters
    ----------
    ledger : Ledger
        The records that are shown, under their own numbers; decoys that nobody may know yet are not
        among them.
    case : str
        Id of the case.
    """
    at = newest_in(ledger)
    if at is None:
        return None
    if next(iter(ledger.read(kinds=kinds_of(CaseOpened))), None) is not None:
        try:
            package = of_watch(ledger, at=at).package
        except (ApprovalError, InputError, UnrevealedError):
            return None  # a mandate that does not hold: the document says so
    else:
        gathering = Gathering(by=f"case {case}", marking=DEFAULT_MARKING)
        streams = StreamsSeen()
        with in_language("en"):  # the same records make the same bytes
            for entry in ledger.read(kinds=kinds_of(*STREAM_RECORDS)):
                heard((streams.hear,), entry)
            _add_served(gathering, streams)
        package = gathering.package(id_=case, name=case, made_at=at, marking=DEFAULT_MARKING)
    return package if package.items else None


def _add_served(gathering: Gathering, streams: StreamsSeen) -> None:
    """Add the proven streams, and the hosts that serve them."""
    for host, served in sorted(add_streams(gathering, streams).items()):
        moments = [gathering.items[key].at for key in served]
        server = gathering.add(ItemKind.HOST, host, at=max(moments))
        for key, moment in zip(served, moments, strict=True):
            gathering.relate(RelationKind.SERVES, server, key, at=moment)
