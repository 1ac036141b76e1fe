"""Take a file of seized or cooperating material into a case: seal it, then read what was sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from cautery.errors import InputError, LimitError, SourceError
from cautery.formats import (
    Derivation,
    Place,
    ReadWarning,
    SeizedRow,
    address_in,
    guess,
    reader,
    rows,
)
from cautery.messages import message, say
from cautery.model import Authority, LedCategory, Pseudonyms, StatementKind
from cautery.model.ledger import append
from cautery.model.message import Message
from cautery.model.records import AccountNames, MaterialTaken, MaterialWarning
from cautery.packed import PACKED_ERRORS, PACKINGS, chunks_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.seized.original import (
    Progress,
    digest_of_file,
    id_of,
    original_bytes,
    seal_cover,
    seal_original,
    unpacked_bytes,
)
from cautery.workflows.seized.records import CUSTOMERS, subject_of, taken
from cautery.workflows.seized.tables import PARQUET, Derivative, Tables, parquet
from cautery.workflows.watch.opening import begin_case

HEAD_BYTES = 8192
MOST_NAMES = 1_000_000


def take(
    path: Path,
    *,
    case: Case,
    authority: Authority,
    place: Place,
    by: str,
    review_at: date,
    kind: str | None = None,
    panel: str | None = None,
    servers: frozenset[str] = frozenset(),
    category: LedCategory = LedCategory.SUSPECT,
    registered: str | None = None,
    again: bool = False,
    told: Progress = lambda _: None,
) -> tuple[MaterialTaken, bool]:
    """Take one file; return what the case knows of it, and whether it was known before.

    The tables are named by one record at the end. A run that was stopped before it leaves sealed
    parts that the next run finds, and nothing that counts twice.

    Parameters
    ----------
    authority : Authority
        Of the mandate under which it is done.
    place : callable
        Where an address is: its country and AS.
    panel : str or None
        Files of one panel are told by one name; ``None``: a panel of its own.
    servers : set of str
        Addresses of the service's own, beside those that the case's panels name.
    category : LedCategory
        Of the accounts of resellers and administrators: an assessment, to be reviewed.
    again : bool
        Read a file anew that the case has: by a newer version, or as another kind.
    told : callable
        Told how many bytes more were gone through; each is gone through three times.

    Raises
    ------
    InputError
        If there is no such file, it is no seized material, or somebody unnamed takes it.
    SourceError
        If no reader knows it, or the reader finds nothing in it: then nothing is recorded of it.
    EvidenceError, StorageError
        If it changes meanwhile, or the case cannot be written.
    """
    if not by.strip():
        raise InputError(
            "give the name of the person who takes it (Directive (EU) 2016/680, art. 25)",
            hint="--by NAME",
        )
    reader_kind = _kind(path, kind)
    sha256, size = digest_of_file(path, told)
    known_as = id_of(sha256, case)
    for earlier in taken(case.ledger):
        if earlier.id == known_as and not again:
            return earlier, True
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    begin_case(authority.mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    parts = seal_original(path, known_as, sha256, case=case, told=told)
    cover = seal_cover(path, known_as, sha256, size, parts, case=case)
    derivation = Derivation(
        pseudonyms=_customers(case),
        panel=panel or known_as,
        place=place,
        servers=_known_servers(case) | servers,
    )
    packing = path.suffix if path.suffix in PACKINGS else ""
    stream = unpacked_bytes(
        _watched(original_bytes(case.vault, parts, known_as, sha256=sha256), told), packing, size
    )
    reading = _Reading(case, derivation)
    reading.read(reader_kind, stream, authority)
    sealed_tables = reading.tables.sealed()
    if reading.failed is not None and not sealed_tables:
        raise SourceError(
            f"{path}: {say(reading.failed)}", hint="Give the right format with --kind."
        )
    dump = MaterialTaken(
        id=known_as,
        kind=reader_kind,
        panel=derivation.panel,
        size=size,
        exhibits=parts,
        cover=cover,
        tables=sealed_tables,
        accounts=reading.accounts(known_as, category, review_at),
        warnings=tuple(reading.warnings),
        by=by,
        legal_basis=authority.mandate.legal_basis,
        at=case.clock.now(),
        failed=reading.failed,
        registered=registered,
    )
    append(case.ledger, dump, at=dump.at)
    case.ledger.checkpoint(case.signer, at=case.clock.now())
    return dump, False


class _Reading:
    """One file on its way into tables."""

    def __init__(self, case: Case, derivation: Derivation) -> None:
        self._case = case
        self._derivation = derivation
        self._names: dict[str, dict[str, str]] = {}
        self.tables = Tables(case)
        self.warnings: list[MaterialWarning] = []
        self.failed: Message | None = None

    def read(self, kind: str, stream: Iterator[bytes], authority: Authority) -> None:
        try:
            for row in rows(kind, stream, authority=authority):
                if isinstance(row, ReadWarning):
                    self.warnings.append(
                        MaterialWarning(
                            why=row.why,
                            count=row.count,
                            line=row.line,
                            shape=row.quoted,
                        )
                    )
                else:
                    self._row(row)
        except LimitError as error:
            self.failed = message("seized.over-limit", detail=str(error))
        except SourceError as error:
            # Readers say what is wrong in words of their own, never in the file's.
            self.failed = message("seized.unreadable", detail=str(error))
        except PACKED_ERRORS:
            self.failed = message("seized.cut-off")

    def accounts(self, id: str, category: LedCategory, review_at: date) -> AccountNames | None:
        """Seal the names of accounts apart, under the seizure's key."""
        if not self._names:
            return None
        import polars as pl  # noqa: PLC0415 - heavy

        columns = dict.fromkeys(("account", "name", "email", "category"), pl.String)
        listed = [{**name, "category": category.value} for name in self._names.values()]
        sealed = self._case.vault.seal(
            parquet(listed, columns),
            media_type=PARQUET,
            at=self._case.clock.now(),
            clock=self._case.clock.offset(),
            subject=subject_of(id),
        )
        return AccountNames(
            exhibit=sealed.id,
            names=len(listed),
            category=category,
            kind=StatementKind.ASSESSMENT,
            review_at=review_at,
        )

    def _row(self, row: SeizedRow) -> None:
        derived = self._derivation.derived(row)
        if not derived:
            return
        self.tables.add(row.kind, derived)
        if row.kind == "account" and "account" in derived and len(self._names) < MOST_NAMES:
            names = {name: row.values[name] for name in ("name", "email") if row.values.get(name)}
            self._names[derived["account"]] = {"account": derived["account"], **names}


def _kind(path: Path, kind: str | None) -> str:
    head = b""
    for chunk in chunks_of(path):
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    format_reader = reader(kind) if kind is not None else guess(head[:HEAD_BYTES])
    if format_reader.rows is None:
        raise InputError(
            f"{path}: {format_reader.format} is not a format of seized material",
            hint=(
                "Use cautery read to show it; if the format is wrong, give the right one with "
                "--kind."
            ),
        )
    return format_reader.kind


def _customers(case: Case) -> Pseudonyms:
    assert case.keys is not None
    return case.keys.pseudonyms_of(CUSTOMERS)


def _known_servers(case: Case) -> frozenset[str]:
    """Return the addresses that the case's panels name as servers, or draw streams from."""
    addresses: set[str] = set()
    derivative = Derivative(case.ledger, case.vault)
    servers = derivative.frame("server", ("address", "second_address"))
    if servers is not None:
        addresses |= set(servers["address"]) | set(servers["second_address"])
    streams = derivative.frame("stream", ("sources",))
    if streams is not None:
        urls = streams["sources"].explode().drop_nulls().unique()
        addresses |= {host_of_source(url) for url in urls}
    return frozenset(
        address for address in addresses if address and address_in(address) is not None
    )


def host_of_source(url: str) -> str:
    """Return the host of a redacted URL, empty if it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _watched(parts: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    for part in parts:
        progress(len(part))
        yield part
