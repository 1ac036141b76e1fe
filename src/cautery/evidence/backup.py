"""What a backup has where: a folder of cases like any other, and lists of digests and sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cautery.errors import EvidenceError
from cautery.evidence.custody import MAX_CHAIN_BYTES
from cautery.evidence.manifest import MAX_MANIFEST_BYTES, plain
from cautery.evidence.note import MAX_NOTE_BYTES

CASES, LISTS, PEOPLE = "cases", "lists", "people"
SUMS = "SHA256SUMS"
"""Lists the lists of all cases, their chains of custody, and the files of the people."""
SIZES = "SIZES"
"""How many bytes each file has that ``SHA256SUMS`` lists; backups of before have none."""
LOG, LOG_KEY = "backups.sqlite", "backups.pub"
"""The log of a folder of backups, and the key that signs it."""
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
"""Of a backup: when it was begun."""
_MOST_PEOPLE = 16 << 30
"""Of the accounts of a room, or its access log, in a backup that states no sizes. Judgement: a
hundred times the log of a busy room, and read in a minute."""
_SIZE = re.compile(r"(0|[1-9][0-9]{0,17})  (.+)")


def list_of(case: str) -> str:
    """Return where the list of a case stands, which ``sha256sum -c`` reads in the case's folder."""
    return f"{LISTS}/{case}.sha256"


def require_name(case: str) -> None:
    """Raise if a case's path has the name of a list, or of a chain of custody, on its way.

    Raises
    ------
    EvidenceError
        If it has: what is written beside the cases would lie in the place of one.
    """
    for part in case.split("/"):
        if part.endswith((".sha256", ".sizes", ".custody.jsonl")):
            raise EvidenceError(f"a backup has lists by names such as {part}: rename this folder")


def sizes_of(case: str) -> str:
    """Return where the sizes of the files of a case stand."""
    return f"{LISTS}/{case}.sizes"


def case_of(listed: str) -> str | None:
    """Return the case of which a file is the list; ``None``: it is another file."""
    if not (listed.startswith(f"{LISTS}/") and listed.endswith(".sha256")):
        return None
    return listed.removeprefix(f"{LISTS}/").removesuffix(".sha256")


def written_sizes(sizes: Mapping[str, int]) -> bytes:
    """Return a list of sizes: one line a file, sorted by name."""
    return "".join(f"{sizes[name]}  {name}\n" for name in sorted(sizes)).encode()


def parse_sizes(text: bytes) -> dict[str, int]:
    """Read a list of sizes strictly: path to bytes, sorted, each once.

    Raises
    ------
    EvidenceError
        If one line is not as :func:`written_sizes` writes it.
    """
    sizes: dict[str, int] = {}
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"not a list of sizes: {error}") from error
    if lines.pop() != "":
        raise EvidenceError("not a list of sizes: the last line is not complete")
    last = ""
    for number, line in enumerate(lines, 1):
        match = _SIZE.fullmatch(line)
        if match is None or not plain(match[2]) or match[2] <= last:
            raise EvidenceError(f"line {number} is not a size and a path, or is out of order")
        last = match[2]
        sizes[last] = int(match[1])
    return sizes


def most_bytes(listed: str) -> int:
    """Return how large a file that ``SHA256SUMS`` lists can be, where no size of it is stated."""
    if listed == SIZES or listed.startswith(f"{LISTS}/"):
        return MAX_MANIFEST_BYTES
    if listed.startswith(f"{CASES}/"):
        return MAX_CHAIN_BYTES
    return MAX_NOTE_BYTES if listed.endswith(".pub") else _MOST_PEOPLE
