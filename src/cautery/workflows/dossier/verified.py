"""What was checked of a dossier, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.workflows.case.verify import AUTHENTIC, CONSISTENT, Verified
from cautery.workflows.dossier.verify_extract import CheckedExtract


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBag:
    """What was checked of a dossier.

    Parameters
    ----------
    path : str
        The bag.
    files : int
        Files whose bytes are as signed.
    signer_known : bool
        The key of the person who signed the bag came from outside it.
    key_known : bool
        The key of the case came from outside the bag.
    case : Verified or None
        What was checked of the whole case; ``None``: the bag holds an extract.
    extract : CheckedExtract or None
        What was checked of an extract; ``None``: the bag holds the whole case.
    opened : int
        Copies of encrypted exhibits.
    stamped : str
        By when a time-stamping authority had seen the bag, and who says so; empty: nobody.
    document : str
        What may be said of the signature of the document; empty: there is no document.
    custody : str
        What was checked of the chain of custody; empty: the bag holds none.
    graph : str
        What was checked of the graph for case tools; empty: the bag holds none.
    """

    path: str
    files: int
    signer_known: bool
    key_known: bool
    case: Verified | None
    extract: CheckedExtract | None = None
    opened: int = 0
    stamped: str = ""
    document: str = ""
    custody: str = ""
    graph: str = ""

    @property
    def proven(self) -> bool:
        """Whether what the bag shows is tied to the key of the case."""
        if self.extract is not None:
            return self.extract.proven
        return self.case is not None and self.case.authentic

    @property
    def authentic(self) -> bool:
        """Whether both keys came from outside the bag, and what it shows is tied to the case's."""
        return self.signer_known and self.key_known and self.proven

    @property
    def verdict(self) -> str:
        """One word: ``authentic`` or ``consistent``."""
        return AUTHENTIC if self.authentic else CONSISTENT

    def summary(self) -> tuple[tuple[str, str], ...]:
        """Return what to print: a label and a value a line."""
        signed = "the key given" if self.signer_known else "the key in the bag"
        opened = f"{self.opened} files; that they are what is encrypted is their signer's claim"
        head = (
            ("bag", f"{self.files} files; every file is as {signed} signed it"),
            ("stamped", self.stamped or "nobody else says when the bag was made"),
            *((("document", self.document),) if self.document else ()),
            *((("custody", self.custody),) if self.custody else ()),
            *((("graph", self.graph),) if self.graph else ()),
            *((("copies", opened),) if self.opened else ()),
        )
        if self.case is not None:
            return head + self.case.summary()
        assert self.extract is not None
        return head + self._of_extract(self.extract)

    def _of_extract(self, extract: CheckedExtract) -> tuple[tuple[str, str], ...]:
        way = "each stands in the signed ledger" if extract.proven else "without a way to it"
        case_key = "the key given" if self.key_known else "the key in the bag"
        if not self.signer_known or not self.key_known:
            why = "who signed is proven by keys alone that came from outside the bag"
        elif not extract.proven:
            why = "that its records stand in the case is the claim of who signed the bag"
        else:
            why = "signed by the keys given"
        absent = f"{extract.absent} that its records name are encrypted or held back"
        return (
            ("records", f"{extract.records} are shown; {way}"),
            ("case", f"its note is as {case_key} signed it"),
            ("withheld", f"{extract.withheld} records"),
            ("exhibits", f"{extract.exhibits}, each the bytes that a record names; {absent}"),
            *self._of_schedule(extract),
            *((("times", extract.times),) if extract.times else ()),
            ("verdict", f"an extract, {self.verdict}: {why}"),
        )

    def _of_schedule(self, extract: CheckedExtract) -> tuple[tuple[str, str], ...]:
        schedule = extract.schedule
        if schedule is None:
            return ()
        reasons = ", ".join(f"{reason} {count}" for reason, count in schedule.reasons.items())
        counted = (
            f"counted again: {schedule.records} records, {schedule.exhibits} exhibits and "
            f"{schedule.statements} statements are not in it; by reason: {reasons or 'none'}"
        )
        return (("schedule", counted),)
