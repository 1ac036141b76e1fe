"""The manifest of a closed case: which files, which bytes, which ledger, signed as one note.

``manifest.sha256`` is what ``sha256sum -c`` reads. ``manifest.note`` signs its digest, so that
nothing in the folder can change unnoticed, the two files themselves included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier, open_note
from cautery.evidence.signing import MANIFEST as MANIFEST_FORM
from cautery.evidence.signing import MANIFEST_TITLE
from cautery.model.evidence import Digest

MANIFEST = "manifest.sha256"
NOTE = "manifest.note"
CASE_KEY = "keys/case.pub"
LEDGER = "ledger.sqlite"
VAULT = "vault"
MAX_MANIFEST_BYTES = 128 << 20
"""Some 900,000 files."""

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the note of a closed case signs.

    Parameters
    ----------
    case : str
        The case's id, 16 hex digits.
    files, size : int
        How many files ``manifest.sha256`` lists, and their bytes together.
    digest : str
        Digest of ``manifest.sha256``.
    records : int
        Size of the ledger.
    root : bytes
        Its RFC 9162 root.
    """

    case: str
    files: int
    size: int
    digest: Digest
    records: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return (
            f"{MANIFEST_TITLE}\ncase {self.case}\nfiles {self.files}\nbytes {self.size}\n"
            f"manifest {self.digest}\nledger {self.records} {self.root.hex()}\n"
        )


def open_manifest(note: bytes, verifier: NoteVerifier) -> Manifest:
    """Verify the note of a closed case and read it.

    Raises
    ------
    EvidenceError
        If it is not signed by the key, or is no manifest.
    """
    match = MANIFEST_FORM.fullmatch(open_note(note, verifier))
    if match is None:
        raise EvidenceError("the note does not sign the manifest of a case")
    case, files, size, digest, records, root = match.groups()
    return Manifest(
        case=case,
        files=int(files),
        size=int(size),
        digest=Digest(digest),
        records=int(records),
        root=bytes.fromhex(root),
    )


def sums(digests: Mapping[str, str]) -> bytes:
    """Return ``manifest.sha256``: one line a file, sorted by name.

    Parameters
    ----------
    digests : mapping of str to str
        Path inside the case, with slashes, to 64 hex digits.

    Raises
    ------
    InputError
        If a name cannot stand in a line that ``sha256sum`` reads, or there are too many.
    """
    lines = []
    for name in sorted(digests):
        if not plain(name):
            raise InputError(
                f"{name!r}: a manifest cannot contain this name",
                hint="Rename the file, or move it out of the case.",
            )
        lines.append(f"{digests[name]}  {name}\n")
    listed = "".join(lines).encode()
    if len(listed) > MAX_MANIFEST_BYTES:
        raise InputError(f"{len(lines)} files are more than a case may have")
    return listed


def parse_sums(text: bytes) -> dict[str, str]:
    """Read ``manifest.sha256`` strictly: path to 64 hex digits, sorted, each once.

    Raises
    ------
    EvidenceError
        If one line is not as :func:`sums` writes it.
    """
    digests: dict[str, str] = {}
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"not a list of digests: {error}") from error
    if lines.pop() != "":
        raise EvidenceError("not a list of digests: the last line is not complete")
    last = ""
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        # Sorted and each name once, so that one set of files has one manifest.
        if match is None or not plain(match[2]) or match[2] <= last:
            raise EvidenceError(f"line {number} is not a digest and a path, or is out of order")
        last = match[2]
        digests[last] = match[1]
    return digests


def plain(name: str) -> bool:
    """Tell whether a path inside the case may stand in a manifest.

    Relative, without ``..``, printable: no line break, and no backslash, which ``sha256sum``
    would read as an escape.
    """
    parts = name.split("/")
    return (
        name.isprintable()
        and "\\" not in name
        and all(part not in {"", ".", ".."} for part in parts)
    )
