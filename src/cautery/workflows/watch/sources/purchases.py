"""Test purchases on record: who allowed them, what was paid to whom, and the sealed receipt."""

from __future__ import annotations

from pathlib import Path

from cautery.errors import EvidenceError, InputError, SourceError
from cautery.model import ExhibitId, Mandate, Purchase, Source
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import PurchaseRecorded
from cautery.workflows.case.journal import Journal
from cautery.workflows.mandate.purchased_line import PurchasedLine, parsed_line

MOST_RECEIPT_BYTES = 32_000_000
_TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".txt": "text/plain",
}


def record_purchases(mandate: Mandate, *, ledger: Ledger, journal: Journal) -> None:
    """Record each purchase of a mandate that the case does not hold yet, receipt first.

    The line itself stands in no record: sources read with it say whose purchase they rest on. That
    of a mandate's own purchase stays in the file that the mandate names.

    Raises
    ------
    InputError
        If a receipt cannot be read, or is larger than any receipt.
    """
    for purchase in mandate.purchases:
        record_purchase(purchase, None, mandate=mandate, ledger=ledger, journal=journal)


class NoLineYetError(SourceError):
    """The purchase whose line a source is read with is not on record."""

    hint = "Record it with: cautery purchase MANDATE.toml --case DIR; the watch then continues."


class Lines:
    """The lines of purchases that are on record in the case, for the sources that name them."""

    def __init__(self, ledger: Ledger, journal: Journal) -> None:
        self._ledger = ledger
        self._journal = journal
        self._lines: dict[str, PurchasedLine] = {}

    def __call__(self, source: Source) -> Source:
        """Return a source with the line of its purchase, if it does not have one yet.

        Raises
        ------
        NoLineYetError
            If the purchase is not on record yet.
        SourceError
            If it has no line, or that cannot be opened.
        """
        if source.purchase is None or source.username is not None or source.mac is not None:
            return source
        if source.purchase not in self._lines:
            self._lines[source.purchase] = self._line(source.purchase)
        source_with_line = self._lines[source.purchase].given_to(source)
        self._journal.hide_line(source_with_line)
        return source_with_line

    def _line(self, purchase: str) -> PurchasedLine:
        for _, recorded in contents(self._ledger, PurchaseRecorded):
            if recorded.purchase.id != purchase:
                continue
            if recorded.line is None:
                raise SourceError(f"purchase {purchase} is recorded without a line")
            try:
                return parsed_line(self._journal.unseal(recorded.line, what=_line_of(purchase)))
            except EvidenceError as error:
                raise SourceError(f"the line of purchase {purchase}: {error}") from error
        raise NoLineYetError(f"purchase {purchase} is not recorded in this case yet")


def record_purchase(
    one: Purchase, line: bytes | None, *, mandate: Mandate, ledger: Ledger, journal: Journal
) -> bool:
    """Record one purchase, its receipt and its line sealed first; ``False``: it was on record.

    Parameters
    ----------
    line : bytes or None
        The TOML of its credentials: sealed encrypted, and in no record.

    Raises
    ------
    InputError
        If the receipt cannot be read, is empty, or is larger than any receipt.
    """
    recorded_ids = {recorded.purchase.id for _, recorded in contents(ledger, PurchaseRecorded)}
    if one.id in recorded_ids:
        return False
    sealed = None
    receipt = _sealed(one, journal)
    if line is not None:
        sealed = journal.seal(
            line,
            what=_line_of(one.id),
            media_type="application/toml",
            at=journal.now(),
            confidential=True,
        )
    journal.write(
        PurchaseRecorded(
            purchase=one,
            exhibit=receipt,
            line=sealed,
            regime=mandate.regime,
            by=mandate.who,
            at=journal.now(),
        )
    )
    return True


def _line_of(purchase: str) -> str:
    return f"line {purchase}"


def _sealed(purchase: Purchase, journal: Journal) -> ExhibitId | None:
    if purchase.receipt is None:
        return None
    path = Path(purchase.receipt.reveal())
    try:
        with path.open("rb") as file:
            data = file.read(MOST_RECEIPT_BYTES + 1)
    except OSError as error:
        raise InputError(f"receipt of purchase {purchase.id}: {error.strerror}") from error
    if not data:
        raise InputError(f"receipt of purchase {purchase.id}: the file is empty")
    if len(data) > MOST_RECEIPT_BYTES:
        raise InputError(
            f"receipt of purchase {purchase.id}: larger than {MOST_RECEIPT_BYTES} bytes"
        )
    return journal.seal(
        data,
        what=f"receipt {purchase.id}",
        media_type=_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        at=journal.now(),
        confidential=True,  # it may name the buyer and the card
    )
