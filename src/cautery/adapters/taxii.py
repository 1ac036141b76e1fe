"""The collections of a partner's TAXII 2.1 server, a page at a time.

Reaches: the API root that somebody names, and no other host: no redirect is followed.
Lawful basis: the partner's leave to read, which the login shows; what comes is no evidence.
Manners: over verified TLS, plain only on this machine; to a private address only if it is named;
    one question at a time; bounded bytes and seconds; only what was added since the last poll.
Format: OASIS TAXII 2.1 (10 June 2021), JSON; RFC 6750 (Bearer), RFC 7617 (Basic).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cautery.errors import AbsentError, InputError, RefusedError, SourceError
from cautery.exchange.taxii import MEDIA_TYPE, Offered, Polled, Received, moment
from cautery.json_text import parsed_json
from cautery.model import Limits, Response, Secret, host_of
from cautery.model.ports import VerifiedFetcher
from cautery.model.times import iso

MOST_PAGE = 32 << 20
"""Bytes of a page, unpacked; servers send a hundred to some thousand objects at a time."""
_MOST_VALUES = 4_000_000
_PAGE_S = 60.0
_LONGEST_NEXT = 2_048
_LONGEST_TITLE = 200
_MOST_COLLECTIONS = 10_000
_TELLING = ("report", "grouping", "opinion")
_ID = re.compile(r"[a-z0-9-]{1,250}--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_WANTED = 1_000
"""Objects of a page that are asked for; a server may send fewer."""


class TaxiiServer:
    """One API root (port :class:`~cautery.workflows.exchange.polling.Server`).

    Parameters
    ----------
    url : str
        Of the API root.
    authorization : Secret or None
        What stands in ``Authorization``; ``None``: nothing does.

    Raises
    ------
    InputError
        If the URL holds a login or a query.
    """

    def __init__(
        self, url: str, fetcher: VerifiedFetcher, *, authorization: Secret | None = None
    ) -> None:
        parts = urlsplit(url)
        if parts.username is not None or parts.query or parts.fragment:
            raise InputError(
                "the URL of a TAXII server has neither a login nor a query",
                hint="Give the login by --user and --password-file, or by --token-file.",
            )
        self.url = url.rstrip("/") + "/"
        self.host = host_of(url)
        self._fetcher, self._authorization = fetcher, authorization

    async def collections(self) -> tuple[Offered, ...]:
        """Return the collections that are offered.

        Raises
        ------
        SourceError
            If the server does not answer as TAXII 2.1 has it.
        """
        content, _ = await self._asked(f"{self.url}collections/")
        listed = content.get("collections", [])
        if not isinstance(listed, list) or len(listed) > _MOST_COLLECTIONS:
            raise self._broken("its list of collections is none, or too long")
        return tuple(self._offered(entry) for entry in listed)

    async def page(
        self,
        collection: str,
        *,
        since: datetime | None = None,
        next_: str | None = None,
        ids: Sequence[str] = (),
    ) -> Polled:
        """Return a page of a collection.

        Parameters
        ----------
        ids : sequence of str
            These objects alone; empty: any.
        since : datetime or None
            Objects that were added later; ``None``: all.
        next_ : str or None
            What the page before says; ``None``: the first page.

        Raises
        ------
        SourceError
            If the server does not answer as TAXII 2.1 has it.
        """
        query = {"limit": str(_WANTED)}
        if since is not None:
            query["added_after"] = iso(since)
        if next_ is not None:
            query["next"] = next_
        if ids:
            query["match[id]"] = ",".join(ids)
        where = f"{self.url}collections/{quote(collection, safe='')}/objects/?{urlencode(query)}"
        content, answer = await self._asked(where)
        objects = content.get("objects", [])
        if not isinstance(objects, list) or not all(isinstance(entry, dict) for entry in objects):
            raise self._broken("its objects are no list of objects")
        following = content.get("next")
        if following is not None and not (
            isinstance(following, str) and 0 < len(following) <= _LONGEST_NEXT
        ):
            raise self._broken("what leads to its next page is no short text")
        return Polled(
            objects=tuple(map(self._received, objects)),
            more=content.get("more") is True,
            next=following,
            newest=self._newest(answer),
        )

    async def _asked(self, url: str) -> tuple[Mapping[str, Any], Response]:
        headers = [("Accept", MEDIA_TYPE)]
        if self._authorization is not None:
            headers.append(("Authorization", self._authorization.reveal()))
        answer = await self._fetcher.fetch(
            url,
            limits=Limits(max_bytes=MOST_PAGE, total_s=_PAGE_S, redirects=0),
            headers=headers,
        )
        if answer.status != 200:
            raise self._refusal(answer.status)
        if not _is_taxii(answer.header("Content-Type") or ""):
            raise self._broken("its answer is not of the type of TAXII 2.1")
        try:
            content = parsed_json(answer.body, most=_MOST_VALUES)
        except ValueError as error:
            raise self._broken(f"its answer cannot be read ({error})") from error
        if not isinstance(content, dict):
            raise self._broken("its answer is no object")
        return content, answer

    def _refusal(self, status: int) -> Exception:
        if status in (401, 403):
            return RefusedError(
                f"{self.host} does not let you read this ({status})",
                hint="Give a login by --user and --password-file, or by --token-file.",
            )
        if status == 404:
            return AbsentError(
                f"{self.host} has no such API root or collection",
                hint="Give the URL of the API root; without --collection, its collections are"
                " listed.",
            )
        return SourceError(f"{self.host} answered {status}")

    def _broken(self, what: str) -> SourceError:
        return SourceError(f"{self.host} does not speak TAXII 2.1: {what}")

    def _offered(self, content: Any) -> Offered:
        name = content.get("id") if isinstance(content, dict) else None
        if not isinstance(name, str):
            raise self._broken("one of its collections has no id")
        title = content.get("title")
        return Offered(
            id=name[:_LONGEST_TITLE],
            title=title[:_LONGEST_TITLE] if isinstance(title, str) else "",
            can_read=content.get("can_read") is True,
        )

    def _received(self, content: Mapping[str, Any]) -> Received:
        try:
            raw = json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
        except (ValueError, RecursionError) as error:
            raise self._broken(f"one of its objects is no JSON ({error})") from error
        name = content.get("id")
        return Received(
            id=name if isinstance(name, str) else "",
            needs=frozenset(filter(_is_id, _needs(content))),
            content=raw,
        )

    def _newest(self, answer: Response) -> datetime | None:
        text = answer.header("X-TAXII-Date-Added-Last")
        if text is None:
            return None
        try:
            return moment("X-TAXII-Date-Added-Last", text)
        except InputError as error:
            raise self._broken(str(error)) from error


def authorization(
    *, user: str | None = None, password: str | None = None, token: str | None = None
) -> Secret | None:
    """Return what shows a server who asks; ``None``: nothing does.

    Raises
    ------
    InputError
        If a user has no password, or there is a token beside it.
    """
    if (user is None) != (password is None) or (user is not None and token is not None):
        raise InputError("give --user with --password-file, or --token-file alone")
    if token is not None:
        return Secret(f"Bearer {token}")
    if user is None:
        return None
    return Secret("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


def _needs(content: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what an object refers to; what a report tells of, it can be read without."""
    for name, value in content.items():
        if name.endswith("_ref"):
            yield value
        elif name.endswith("_refs") and isinstance(value, list):
            if name != "object_refs" or content.get("type") not in _TELLING:
                yield from value
        elif name == "extensions" and isinstance(value, dict):
            yield from value


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_taxii(field: str) -> bool:
    kind, *parameters = (part.strip().lower().replace(" ", "") for part in field.split(";"))
    versions = {part for part in parameters if part.startswith("version=")}
    return kind == "application/taxii+json" and versions <= {"version=2.1", 'version="2.1"'}
