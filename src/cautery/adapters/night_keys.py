"""The keys that a node of a watch makes for the sources that it looks at.

Reaches: nothing; they are in this process's memory alone, and gone when it ends.
Lawful basis: GDPR art. 32 and art. 17: what a node seals confidentially is named by a record only
once the driver has the key among those of the case, where erasure destroys it (ADR 0095).
Manners: no key of the case comes here, and none of these seals anything elsewhere.
Format: ids of 16 bytes and keys of 32, as in :mod:`cautery.adapters._sealing`.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict

from cautery.adapters._key_files import KEY_BYTES
from cautery.adapters.keys_file import KEY_ID_BYTES
from cautery.errors import EvidenceError

MOST_SUBJECTS = 100_000
"""Hosts of one night, some 40 MB; of one that is forgotten the next exhibit has a new key."""


class NightKeys:
    """Keys of one case on one node, one for each subject until it is forgotten.

    Safe from several threads at once; its ``repr`` shows no key, and it cannot be pickled.
    """

    def __init__(self) -> None:
        self._by_subject: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def current(self, subject: str) -> tuple[bytes, bytes]:
        """Return ``(key id, key)`` to seal with, made if the subject has none."""
        with self._lock:
            key_made = self._by_subject.get(subject)
            if key_made is None:
                key_made = os.urandom(KEY_ID_BYTES), os.urandom(KEY_BYTES)
                self._by_subject[subject] = key_made
                while len(self._by_subject) > MOST_SUBJECTS:
                    self._by_subject.popitem(last=False)
            return key_made

    def find(self, subject: str, key_id: bytes) -> bytes:
        """Return one key.

        Raises
        ------
        EvidenceError
            If it was not made here.
        """
        with self._lock:
            key_made = self._by_subject.get(subject)
        if key_made is None or key_made[0] != key_id:
            raise EvidenceError(f"no key of {subject} on this node")
        return key_made[1]

    def forget(self, key_id: bytes) -> str | None:
        """Seal nothing more under a key: the case has destroyed it; return whose it was."""
        with self._lock:
            for subject, (made_id, _) in self._by_subject.items():
                if made_id == key_id:
                    del self._by_subject[subject]
                    return subject
        return None

    def destroy(self, subject: str) -> int:
        """Forget a subject's key; return how many there were."""
        with self._lock:
            return int(self._by_subject.pop(subject, None) is not None)

    def __repr__(self) -> str:
        return "NightKeys()"

    def __reduce__(self) -> str:
        raise TypeError("neither a key nor anything that holds one can be pickled")
