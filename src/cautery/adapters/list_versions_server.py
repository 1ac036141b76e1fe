"""The last version of each block list of a case, where every machine finds it.

Reaches: the table ``cautery.list_versions`` of the database that was named.
Lawful basis: the court orders that the list names.
Manners: one short transaction a version.
Format: docs/reference/server-format.md; the text is that of docs/reference/block-list.md.

A version is kept here before it leaves. So a machine that goes on in place of another one signs the
number after it; and of two that sign the same number, one keeps it and the other sends nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.adapters.keys_file import CaseSigner, FileCaseKeys
from cautery.adapters.server_lease import require_driver
from cautery.errors import ConflictError
from cautery.evidence.signing import list_of
from cautery.json_text import parsed_json
from cautery.model import Digest, digest_of

_KEEP = (
    "INSERT INTO cautery.list_versions AS kept (case_id, list, version, text, signature)"
    " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (case_id, list) DO UPDATE SET"
    " version = EXCLUDED.version, text = EXCLUDED.text, signature = EXCLUDED.signature"
    " WHERE kept.version < EXCLUDED.version RETURNING version"
)


@dataclass(frozen=True, slots=True)
class ListVersions:
    """The last versions of the lists of one case.

    Parameters
    ----------
    transaction : callable
        Lends a connection; the argument says for what, as a verb.
    case : str
        Id of the case.
    epochs : mapping
        By the id of a case, the epoch of the lease that this process has on it.
    """

    transaction: Callable[[str], AbstractContextManager[Any]] = field(repr=False)
    case: str
    epochs: Mapping[str, int]

    def last(self, name: str) -> tuple[str, bytes] | None:
        """Return text and signature of the last version of a list; ``None``: there is none."""
        with self.transaction("read") as connection:
            row = connection.execute(
                "SELECT text, signature FROM cautery.list_versions"
                " WHERE case_id = %s AND list = %s",
                [self.case, name],
            ).fetchone()
        return None if row is None else (str(row[0]), bytes(row[1]))

    def keep(self, text: str, signature: bytes) -> None:
        """Keep the next version of a list, before anybody is sent it.

        Raises
        ------
        ConflictError
            If another process kept this number, or a later one.
        LeaseError
            If another process drives the case.
        StorageError
            If it cannot be written.
        """
        name, number = list_of(text), int(parsed_json(text)["version"])
        with self.transaction("write to") as connection:
            connection.execute("SET LOCAL synchronous_commit = on")
            require_driver(
                connection, self.case, self.epochs.get(self.case, 0), f"version {number} of {name}"
            )
            row = connection.execute(_KEEP, [self.case, name, number, text, signature]).fetchone()
        if row is None:
            raise ConflictError(
                f"another process has signed version {number} of list {name}, so this one is not "
                "sent",
                hint="The next version goes on from it.",
            )


@dataclass(frozen=True, slots=True)
class ServerSigner(CaseSigner):
    """Signs for one case of a server, on whichever machine (port ``Signer``).

    Parameters
    ----------
    versions : ListVersions
        Of the lists that it signs.
    """

    versions: ListVersions

    def last_list(self, name: str) -> tuple[int, Digest, datetime] | None:
        """Return number, digest and date of the last version, whichever machine signed it.

        Raises
        ------
        EvidenceError
            If what the database has was not signed by this key.
        """
        # By the class's name: ``super()`` knows none that has slots.
        head = CaseSigner.last_list(self, name)
        kept = self.versions.last(name)
        if kept is None:
            return head
        text, signature = kept
        if head is None or head[1] != digest_of(text.encode()):
            self.secrets.take_list(text, signature)
        return CaseSigner.last_list(self, name)

    def sign_list(self, text: str) -> str:
        """Return the signature over the next version of a list, which is kept by then.

        Raises
        ------
        EvidenceError, InputError, SignerError
            As of a case in a folder.
        CauteryError
            As :meth:`ListVersions.keep`.
        """
        signature = CaseSigner.sign_list(self, text)
        self.versions.keep(text, base64.b64decode(signature))
        return signature


def keep_versions(
    keys: FileCaseKeys,
    transaction: Callable[[str], AbstractContextManager[Any]],
    epochs: Mapping[str, int],
) -> FileCaseKeys:
    """Have the keys of a case keep the versions of its lists where every machine finds them."""
    versions = ListVersions(transaction, keys.case, epochs)
    keys.sign_by(lambda secrets: ServerSigner(secrets, versions))
    return keys
