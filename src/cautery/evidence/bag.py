"""What a dossier needs of the outside: a place to write a bag, and a reader of extracts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

TAG_MANIFEST = "tagmanifest-sha256.txt"
SIGNATURE = f"{TAG_MANIFEST}.sig"
"""Ed25519, 64 bytes, over the tag manifest."""
SIGNER = "signer.pem"
"""The public key of the person who signed it."""
STAMP = f"{TAG_MANIFEST}.tsr"
"""A time-stamp (RFC 3161) over the tag manifest."""
STAMP_SIGNATURE = f"{STAMP}.sig"
"""Ed25519 over the answer that holds the time-stamp, some bytes of which nothing else covers."""
AUTHORITIES = "authorities.pem"
"""Root certificates to which time-stamps of the bag and of its case lead."""
COSIGNERS = "cosigners.policy"
"""Whose co-signatures count for the times of its case, and how many are enough."""
CUSTODY = "custody.jsonl"
"""The chain of custody as it was when the bag was made; in its payload, for a court alone."""
UNSTAMPED = ("Cautery-Time-Stamp", "none")
"""In the bag's ``bag-info.txt``: it names authorities, for the times of its case, and no stamp."""
EXTRACT_TABLES = (
    "CREATE TABLE entries (idx INTEGER PRIMARY KEY, kind TEXT, leaf BLOB, proof TEXT)",
    "CREATE TABLE withheld (idx INTEGER PRIMARY KEY, commitment TEXT)",
)
"""The tables of an extract's ledger; a file with anything else in it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A file that a bag takes over as it stands.

    Parameters
    ----------
    name : str
        Its path below ``data/``, with slashes.
    source : Path
        Where it lies.
    sha256 : str
        What its bytes must be, in hex.
    """

    name: str
    source: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """What a bag says in the place of what it would say if it were stamped.

    Parameters
    ----------
    tags : mapping of str to bytes
        Tag files that replace those of their name.
    info : mapping of str to str
        Added to ``bag-info.txt``.
    """

    tags: Mapping[str, bytes]
    info: Mapping[str, str]


class BagWriter(Protocol):
    """Writes BagIt bags, whole or not at all."""

    def write(
        self,
        out: Path,
        *,
        copied: Iterable[Copied],
        made: Mapping[str, bytes],
        tags: Mapping[str, bytes],
        info: Mapping[str, str],
        beside: Callable[[bytes], Mapping[str, bytes] | None],
        instead: Instead | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Write a bag with SHA-256 manifests, and what ``beside`` makes of its tag manifest.

        Where ``beside`` makes nothing, it is asked once more, of the bag with ``instead``. When the
        bag is whole, ``before`` is called before anybody sees it; if it fails, there is no bag.
        """
        ...

    def table(self, statements: Iterable[tuple[str, tuple[object, ...]]]) -> bytes:
        """Return the bytes of an SQLite file that some statements make."""
        ...


class ExtractReader(Protocol):
    """Reads the ledger of an extract, which anybody may have made."""

    def entries(self, path: Path) -> Iterator[tuple[int, bytes, tuple[bytes, ...]]]:
        """Yield number, leaf and way to the root of each record, in order."""
        ...

    def withheld(self, path: Path) -> Iterator[int]:
        """Yield the number of each record that is held back, in order."""
        ...

    def commitment(self, path: Path, index: int) -> str | None:
        """Return what a withheld record is committed to by; ``None``: it is not withheld."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocument:
    """What was checked of the signatures of a PDF.

    Parameters
    ----------
    subject : str
        Whose certificate signed it; empty: it is not signed.
    stamps : int
        Time-stamps over the whole document so far.
    """

    subject: str
    stamps: int

    @property
    def words(self) -> str:
        """One sentence."""
        if not self.subject:
            return "it is not signed itself: the signature of the bag covers it"
        end = " and a time-stamp" if self.stamps else ""
        return (
            f"nothing follows the signature of {self.subject}{end}; its certificate is not judged"
        )
