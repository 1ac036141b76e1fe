"""What a backup has where: a folder of cases like any other, and lists of digests beside them."""

from __future__ import annotations

import re

CASES, LISTS, PEOPLE = "cases", "lists", "people"
SUMS = "SHA256SUMS"
"""Lists the lists of all cases, their chains of custody, and the files of the people."""
LOG, LOG_KEY = "backups.sqlite", "backups.pub"
"""The log of a folder of backups, and the key that signs it."""
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
"""Of a backup: when it was begun."""


def list_of(case: str) -> str:
    """Return where the list of a case stands, which ``sha256sum -c`` reads in the case's folder."""
    return f"{LISTS}/{case}.sha256"


def case_of(listed: str) -> str | None:
    """Return the case of which a file is the list; ``None``: it is another file."""
    if not (listed.startswith(f"{LISTS}/") and listed.endswith(".sha256")):
        return None
    return listed.removeprefix(f"{LISTS}/").removesuffix(".sha256")
