"""Ask a keeper over the network: the gate's side of its questions (port ``DecoyKeeper``)."""

from __future__ import annotations

from cautery.canonical import canonical
from cautery.errors import ApprovalError, EvidenceError, SourceError
from cautery.json_text import parsed_json
from cautery.model import Limits
from cautery.model.decoys import KeeperAnswer, KeeperQuestion
from cautery.model.ports import VerifiedFetcher
from cautery.model.wire import MISSHAPEN, to_json
from cautery.workflows.decoys.keep import MAX_ANSWER_BYTES, read_answer

ASK = "/ask"
"""Path at which a keeper takes questions."""
_LIMITS = Limits(max_bytes=MAX_ANSWER_BYTES, total_s=15.0, connect_s=5.0, redirects=0)


class AskedKeeper:
    """A keeper at a URL.

    Parameters
    ----------
    url : str
        As the mandate names it: https, or http on this machine's loopback.
    fetcher : VerifiedFetcher
        Asks our own services: whoever answers proves over TLS to be the host that was meant.
    """

    def __init__(self, url: str, fetcher: VerifiedFetcher) -> None:
        self._url, self._fetcher = url.rstrip("/") + ASK, fetcher

    async def ask(self, question: KeeperQuestion) -> KeeperAnswer:
        """Return the keeper's signed answer, unchecked.

        Raises
        ------
        ApprovalError
            If the keeper does not find the act approved: it opens nothing.
        SourceError
            If it does not answer, or not as agreed.
        """
        response = await self._fetcher.fetch(
            self._url,
            limits=_LIMITS,
            method="POST",
            body=canonical(to_json(question)),
            headers=[("Content-Type", "application/json")],
        )
        if response.status == 403:
            raise ApprovalError(f"the keeper of the decoys refuses: {_refusal(response.body)}")
        if response.status != 200:
            raise SourceError(f"the keeper of the decoys answers with status {response.status}")
        try:
            return read_answer(response.body)
        except EvidenceError as error:
            raise SourceError(str(error)) from error


def _refusal(raw: bytes) -> str:
    try:
        text = str(parsed_json(raw)["refused"])
    except MISSHAPEN:
        return "it does not say why"
    return "".join(letter if letter.isprintable() else " " for letter in text[:300])
