"""Objects under their names in a bucket of an S3-compatible store that we run.

Reaches: the one bucket and prefix that were named, by obstore; endpoint and credentials come from
the environment (``AWS_ENDPOINT_URL``, ``AWS_REGION``, ``AWS_ACCESS_KEY_ID`` and so on) and stand in
no record and no message.
Lawful basis: it keeps what the mandate's own watch saw.
Manners: few retries, and TLS unless the store is on this machine.
Format: Amazon S3 API Reference; RFC 9110 (``If-None-Match``, ``If-Match``, ``Range``).
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from cautery.adapters._servers import server_package
from cautery.errors import AwayError, EvidenceError, InputError

PIECE_BYTES = 1 << 20
_WHOLE_BYTES = 8 << 20
"""What is longer goes up in parts, so that no more of it is in memory."""
_MOST_REMOVED = 1_000
_SHOWN = 240
_ADDRESS = re.compile(r"\bhttps?://[^\s)]+")
_HOW_LONG = re.compile(r" in \d[\d.]*[mµn]?s\b|, after \d+ retries, .*?retry_timeout: \S+")
_SILENT_S = 20
"""A store that says nothing for so long in the middle of an answer gives none."""
_ASKS = {"max_retries": 4, "retry_timeout": timedelta(seconds=_SILENT_S - 1)}
_WAITS = {
    "max_retries": 100,
    "retry_timeout": timedelta(seconds=120),
    "backoff": {
        "init_backoff": timedelta(seconds=0.1),
        "max_backoff": timedelta(seconds=3),
        "base": 2,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object.

    Parameters
    ----------
    version : str
        Another one if its bytes were replaced (the ``ETag``).
    """

    name: str
    size: int
    version: str


class Objects:
    """The objects below a prefix.

    Parameters
    ----------
    url : str
        ``s3://BUCKET`` or ``s3://BUCKET/PREFIX``.
    waits : bool
        Whether a store that is away is waited for, up to two minutes: a watch would end otherwise.

    Raises
    ------
    InputError
        If it is no such URL, or obstore is not installed.
    """

    def __init__(self, url: str, *, waits: bool = False) -> None:
        self._obstore = server_package("obstore")
        where = urlsplit(url)
        if where.scheme != "s3" or not where.hostname or "@" in where.netloc or where.query:
            raise InputError(
                "the address of the vault is not that of a bucket",
                hint="Write s3://BUCKET/PREFIX. Credentials come from the environment: "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        self.name = f"s3://{where.hostname}{where.path.rstrip('/')}"
        with self._failures("open"):
            self._store = import_module("obstore.store").S3Store(
                where.hostname,
                prefix=where.path.strip("/") or None,
                client_options={
                    "allow_http": _own_machine(),
                    "connect_timeout": "10s",
                    "read_timeout": f"{_SILENT_S}s",
                    "timeout": "600s",  # a large object
                },
                retry_config=_WAITS if waits else _ASKS,
            )

    def put_new(self, name: str, data: bytes) -> bool:
        """Write an object unless it is there; return whether it was not.

        Raises
        ------
        AwayError
            If it cannot be written.
        """
        with self._failures("write to"):
            try:
                self._obstore.put(self._store, name, data, mode="create", use_multipart=False)
            except self._obstore.exceptions.AlreadyExistsError:
                return False
        return True

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write an object, and replace what is there.

        Raises
        ------
        AwayError
            If it cannot be written; what is there stays.
        """
        with self._failures("write to"):
            self._obstore.put(
                self._store,
                name,
                iter(pieces),
                use_multipart=True,
                chunk_size=_WHOLE_BYTES,
                max_concurrency=2,
            )

    def replace(self, name: str, data: bytes, *, version: str | None) -> str | None:
        """Write an object if it is still of a version; ``None``: if nothing is there.

        Returns
        -------
        str or None
            Its version; ``None``: it is of another version, and stays.

        Raises
        ------
        AwayError
            If it cannot be written.
        """
        if version is None:
            return self._put_if("create", name, data)
        done = self._put_if({"e_tag": version}, name, data)
        if done is None and (found := self.find(name)) is not None and found.version == version:
            # Ceph 18 compares what stands between the quotes with all of it.
            done = self._put_if({"e_tag": version.strip('"')}, name, data)
        return done

    def _put_if(self, mode: object, name: str, data: bytes) -> str | None:
        errors = self._obstore.exceptions
        with self._failures("write to"):
            try:
                done = self._obstore.put(self._store, name, data, mode=mode, use_multipart=False)
            # A store says 412, or 409 where two write at once, or 404 of what was removed.
            except (errors.AlreadyExistsError, errors.PreconditionError, FileNotFoundError):
                return None
        return str(done["e_tag"])

    def find(self, name: str) -> Found | None:
        """Return what there is under a name; ``None``: nothing."""
        with self._failures("read"):
            try:
                return _found(self._obstore.head(self._store, name))
            except FileNotFoundError:
                return None

    def get(
        self, name: str, *, start: int = 0, stop: int | None = None, version: str | None = None
    ) -> tuple[Found, Iterator[bytes]]:
        """Return an object, and its bytes or a range of them a piece at a time.

        Parameters
        ----------
        stop : int, optional
            After the last byte of the range; needed where ``start`` is.
        version : str, optional
            Only this one.

        Raises
        ------
        EvidenceError
            If it is not there, or is another version.
        AwayError
            If the store cannot be reached.
        """
        options: dict[str, object] = {} if stop is None else {"range": (start, stop)}
        if version is not None:
            options["if_match"] = version
        with self._failures("read"):
            try:
                answer = self._obstore.get(self._store, name, options=options)
            except FileNotFoundError as error:
                raise EvidenceError(f"{self.name}/{name}: the object is missing") from error
            except self._obstore.exceptions.PreconditionError as error:
                raise EvidenceError(f"{self.name}/{name}: it was replaced meanwhile") from error
        return _found(answer.meta), self._pieces(answer)

    def _pieces(self, answer: Any) -> Iterator[bytes]:
        with self._failures("read"):
            for piece in answer.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

    def below(self, prefix: str) -> Iterator[Found]:
        """Yield the objects below a prefix."""
        with self._failures("list"):
            for page in self._obstore.list(self._store, prefix=prefix, chunk_size=_MOST_REMOVED):
                yield from map(_found, page)

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; what is not there is passed over."""
        with self._failures("remove from"):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    self._obstore.delete(self._store, name)

    @contextlib.contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        try:
            yield
        except (self._obstore.exceptions.BaseError, OSError, ValueError) as error:
            # The rest is for those who write obstore, and has whole answers in it.
            # It names the store's own address, which no record needs, and says how long each try
            # took: whoever says what is new would say the same again and again.
            sentence = _ADDRESS.sub("it", str(error).partition("\n")[0])
            sentence = _HOW_LONG.sub("", sentence)[:_SHOWN]
            raise AwayError(f"the vault {self.name}: cannot {what} it: {sentence}") from error


def _found(meta: Any) -> Found:
    return Found(name=str(meta["path"]), size=int(meta["size"]), version=str(meta["e_tag"]))


def _own_machine() -> bool:
    """Tell whether the store listens on this machine: elsewhere it is asked by TLS alone."""
    host = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
