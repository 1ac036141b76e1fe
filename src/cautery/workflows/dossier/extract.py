"""An extract of a case: some records byte for byte, the others counted and committed to."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cautery.errors import InputError
from cautery.evidence.bag import EXTRACT_TABLES
from cautery.evidence.exhibits import exhibits_named_by, exhibits_shown_by
from cautery.evidence.merkle import inclusion_proofs, leaf_hash
from cautery.json_text import parsed_json
from cautery.model import Exhibit, ExhibitId
from cautery.model.records import ExhibitSealed, PersonRegistered, kinds_of
from cautery.model.records.kinds import typed
from cautery.projections.decoy_mentions import is_about, mentions
from cautery.projections.decoys import Decoys
from cautery.workflows.dossier.audiences import Shown, hosts_named, names_no_host

SALT_BYTES = 32
"""As long as SHA-256: no withheld record can be found by trying what it may say."""
_SEALED = kinds_of(ExhibitSealed, PersonRegistered)
HOST_HINT = "A host is the name or address in a stream's URL, such as edge.example."


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """The records of a case that are shown, and commitments to the others.

    Parameters
    ----------
    shown : tuple of (int, str, bytes, tuple of bytes)
        Number, kind and leaf of each record, and its way to the root.
    withheld : mapping of int to str
        By the number of a record: ``SHA-256(salt || leaf)``, in hex.
    openings : mapping of int to str
        By the number of a withheld record: its salt, in hex; it stays with the case.
    counts : mapping of str to int
        How many records of each kind are withheld.
    exhibits : frozenset of str
        Exhibits that go with it: those that the shown records name and that lie in the open.
    encrypted : frozenset of str
        Those that the shown records name and that are encrypted; they stay with the case.
    others : mapping of str to int
        Hosts that were not asked for: how many records about those asked for are held back because
        they name this one, too.
    mentioning : tuple of int
        Records that are held back although they are about no decoy: they mention one, and a leaf
        cannot be shown in part.
    """

    shown: tuple[tuple[int, str, bytes, tuple[bytes, ...]], ...]
    withheld: Mapping[int, str]
    openings: Mapping[int, str]
    counts: Mapping[str, int]
    exhibits: frozenset[ExhibitId]
    encrypted: frozenset[ExhibitId] = frozenset()
    others: Mapping[str, int] = field(default_factory=dict)
    mentioning: tuple[int, ...] = ()

    def statements(self) -> Iterable[tuple[str, tuple[object, ...]]]:
        """Yield what makes an SQLite file of it."""
        for statement in EXTRACT_TABLES:
            yield statement, ()
        for index, kind, leaf, proof in self.shown:
            steps = " ".join(step.hex() for step in proof)
            yield "INSERT INTO entries VALUES (?, ?, ?, ?)", (index, kind, leaf, steps)
        for index, commitment in sorted(self.withheld.items()):
            yield "INSERT INTO withheld VALUES (?, ?)", (index, commitment)


def extract_of(
    leaves: Iterable[tuple[int, str, bytes]],
    rule: Shown,
    *,
    hosts: frozenset[str],
    salt: Callable[[int], bytes],
    decoys: Decoys | None = None,
) -> Extract:
    """Choose the records that are shown, and commit to the others.

    Parameters
    ----------
    leaves : iterable of (int, str, bytes)
        Every record of the case, in order.
    rule : Shown
        Of the audience.
    hosts : frozenset of str
        Hosts that the extract is about; empty: all.
    salt : callable
        Returns so many random bytes.
    decoys : Decoys or None
        The blind test of the case: each record that is about a decoy or mentions one is withheld.

    Raises
    ------
    InputError
        If no record is about one of the hosts.
    """
    found_hosts: set[str] = set()
    others: Counter[str] = Counter()
    mentioning: list[int] = []

    def shows(index: int, kind: str, body: Any) -> bool:
        if kind not in rule.kinds:
            return False
        content = typed(kind, body)
        if decoys is not None and is_about(content, decoys):
            return False
        if not is_asked_for(kind, content, body):
            return False
        if decoys is not None and mentions(body, decoys):
            mentioning.append(index)
            return False
        return True

    def is_asked_for(kind: str, content: object, body: Any) -> bool:
        named = hosts_named(content, body) if hosts else frozenset()
        found_hosts.update(named)
        if named & hosts and not named <= hosts:
            others.update(named - hosts)
        is_theirs = bool(named) and named <= hosts
        return not hosts or names_no_host(kind) or is_theirs

    extract = cut(leaves, rule, shows=shows, salt=salt)
    if unknown := sorted(hosts - found_hosts):
        raise InputError(
            f"no record of this case is about the host {unknown[0][:100]!r}", hint=HOST_HINT
        )
    return replace(extract, others=dict(others.most_common()), mentioning=tuple(mentioning))


def cut(
    leaves: Iterable[tuple[int, str, bytes]],
    rule: Shown,
    *,
    shows: Callable[[int, str, Any], bool],
    salt: Callable[[int], bytes],
) -> Extract:
    """Return the records that are shown, and commitments to the others.

    Parameters
    ----------
    shows : callable
        Tells of the number, kind and body of a record whether it is shown.
    """
    exhibits_named = exhibits_named_by if rule.references else exhibits_shown_by
    hashes: list[bytes] = []
    shown_leaves: list[tuple[int, str, bytes]] = []
    withheld: dict[int, str] = {}
    openings: dict[int, str] = {}
    counts: Counter[str] = Counter()
    exhibits: set[ExhibitId] = set()
    secret: set[ExhibitId] = set()
    for index, kind, leaf in leaves:
        hashes.append(leaf_hash(leaf))
        body = parsed_json(leaf).get("body")
        secret |= encrypted_in(kind, body)
        if shows(index, kind, body):
            shown_leaves.append((index, kind, leaf))
            exhibits |= exhibits_named(body)
            continue
        salted = salt(SALT_BYTES)
        withheld[index] = commitment(salted, leaf)
        openings[index] = salted.hex()
        counts[kind] += 1
    paths = inclusion_proofs(hashes, (index for index, _, _ in shown_leaves)) if rule.proofs else {}
    return Extract(
        shown=tuple(
            (index, kind, leaf, paths.get(index, ())) for index, kind, leaf in shown_leaves
        ),
        withheld=withheld,
        openings=openings,
        counts=dict(sorted(counts.items())),
        exhibits=frozenset(exhibits - secret) if rule.exhibits else frozenset(),
        encrypted=frozenset(exhibits & secret) if rule.exhibits else frozenset(),
    )


def encrypted_in(kind: str, body: Any) -> frozenset[ExhibitId]:
    """Return the exhibits that a record says to be encrypted: it sealed them, or a name."""
    if kind not in _SEALED:
        return frozenset()
    content = typed(kind, body)
    exhibit = getattr(content, "exhibit", None)
    return frozenset({exhibit.id} if isinstance(exhibit, Exhibit) and exhibit.confidential else ())


def commitment(salt: bytes, leaf: bytes) -> str:
    """Return what a withheld record is committed to by: SHA-256 of its salt and its leaf."""
    return hashlib.sha256(salt + leaf).hexdigest()
