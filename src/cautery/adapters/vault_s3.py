"""The vault in an S3-compatible store.

Reaches: the objects below the prefix of one case, see :mod:`cautery.adapters.objects`.
Lawful basis: as that of a folder's vault: what may carry personal data is sealed encrypted, under
a key that lies in no store.
Manners: an object is written once; the same bytes are kept once.
Format: ``vault/ab/abcd...`` below the case's prefix, see :mod:`cautery.adapters._sealing`.
"""

from __future__ import annotations

from collections.abc import Iterator

from cautery.adapters._sealing import Seal, SealedVault, SealingKeys
from cautery.adapters.objects import Found, Objects
from cautery.errors import EvidenceError
from cautery.model.evidence import MAX_EXHIBIT_BYTES, ExhibitId


class S3Vault(SealedVault):
    """Sealed bytes as objects (port :class:`~cautery.evidence.ports.CaseVault`).

    Parameters
    ----------
    objects : Objects
        The store.
    prefix : str
        Of the case's exhibits, such as ``0123456789abcdef/vault``.
    keys : SealingKeys or None
        Without them confidential exhibits can neither be sealed nor opened.
    read_only : bool
        Seal nothing.
    """

    def __init__(
        self,
        objects: Objects,
        prefix: str,
        keys: SealingKeys | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        super().__init__(f"{objects.name}/{prefix}", keys, read_only=read_only)
        self._objects = objects
        self._prefix = prefix
        self._checked: dict[str, str] = {}

    def _holds(self, name: str) -> bool:
        return self._objects.find(self._at(name)) is not None

    def _keep(self, name: str, stored: bytes) -> None:
        if self._objects.put_new(self._at(name), stored):
            return
        # Nobody replaces what is there; only what is damaged is written anew.
        seal = Seal(ExhibitId(f"sha256:{name[3:]}"))
        try:
            seal.check(lambda: self._stream(name, start=0, stop=None, seal=seal))
        except EvidenceError:
            self._objects.put(self._at(name), (stored,))

    def _stream(self, name: str, *, start: int, stop: int | None, seal: Seal) -> Iterator[bytes]:
        if start == 0 and stop is None:
            _, pieces = self._get(name)
            yield from pieces
            return
        object_found = self._objects.find(self._at(name))
        if object_found is None or self._checked.get(name) != object_found.version:
            object_found, pieces = self._get(name)
            seal.check(lambda: pieces)
            self._checked[name] = object_found.version
        end = object_found.size if stop is None else min(stop, object_found.size)
        if start < end:
            _, pieces = self._objects.get(
                self._at(name), start=start, stop=end, version=object_found.version
            )
            yield from pieces

    def _get(self, name: str) -> tuple[Found, Iterator[bytes]]:
        object_found, pieces = self._objects.get(self._at(name))
        if object_found.size > MAX_EXHIBIT_BYTES:
            raise EvidenceError(f"{self._name}/{name}: larger than an exhibit can be")
        return object_found, pieces

    def _at(self, name: str) -> str:
        return f"{self._prefix}/{name}"
