"""A world of those who vouch: authorities and co-signers that answer by a clock of its own.

It fulfils the fetcher's port from memory, so that a match of ninety minutes passes in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cautery.adapters._cosigner_secrets import CosignerSecrets
from cautery.errors import SourceError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.cosignatures import CosignerKey
from cautery.lab.stamping import OCSP_PATH, LabAuthority
from cautery.model import Exchange, Limits, Response, Validator
from cautery.model.times import ClockOffset

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class SteppedClock:
    """A clock that moves when it is told to, or when somebody sleeps by it."""

    at: datetime

    def now(self) -> datetime:
        """Return its time."""
        return self.at

    def offset(self) -> ClockOffset:
        """Return that it is no real clock."""
        return ClockOffset(seconds=None, uncertainty_s=None, method="a stepped clock")

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class Vouchers:
    """Answers for authorities and co-signers by their host names.

    Parameters
    ----------
    clock : SteppedClock
        Whose time they state.
    authorities : mapping of str to LabAuthority
        By host.
    cosigners : mapping of str to CosignerSecrets
        By host.
    down : callable
        Tells whether a host is down at a time.
    patience_s : float
        Seconds that are lost on a host that is down; those asked with it wait the same seconds.
    """

    clock: SteppedClock
    authorities: Mapping[str, LabAuthority]
    cosigners: Mapping[str, CosignerSecrets]
    down: Callable[[str, datetime], bool] = lambda _host, _at: False
    patience_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    change: Callable[[str, bytes], bytes] = lambda _host, body: body
    stamped_at: Callable[[str, datetime], datetime] = lambda _host, at: at

    verifies: Literal[True] = True
    _begun: datetime = _LONG_AGO

    async def fetch(
        self,
        url: str,
        *,
        limits: Limits,  # noqa: ARG002 - it answers at once, and with little
        proxy: str | None = None,  # noqa: ARG002 - the port's
        vantage: str | None = None,  # noqa: ARG002
        tunnel: bool = False,  # noqa: ARG002
        method: str = "GET",
        body: bytes | None = None,
        unless: Validator | None = None,  # noqa: ARG002
        headers: Sequence[tuple[str, str]] = (),  # noqa: ARG002
    ) -> Response:
        """Answer as the host would.

        Raises
        ------
        SourceError
            If the host is down or unknown.
        """
        host = urlsplit(url).hostname or ""
        self.asked.append(host)
        now, patience = self.clock.now(), timedelta(seconds=self.patience_s)
        if now - self._begun > patience:
            self._begun = now
        if self.down(host, self._begun):
            self.clock.at = max(now, self._begun + patience)
            raise SourceError(f"{host} does not answer")
        status, answer = 200, b""
        if (authority := self.authorities.get(host)) is not None and method == "POST":
            if urlsplit(url).path == OCSP_PATH:
                answer = authority.ocsp(body or b"", at=self.clock.now())
            else:
                at = self.stamped_at(host, self.clock.now())
                answer = authority.answer_at(body or b"", at=at)
        elif authority is not None:
            answer = authority.crl(at=self.clock.now())
        elif (cosigner := self.cosigners.get(host)) is not None:
            judged = cosigner.cosign(body or b"", now=self.clock.now().timestamp())
            status, answer = judged.status, judged.body.encode()
        else:
            raise SourceError(f"{host} is not known")
        return _response(url, status, self.change(host, answer), self.clock.now())


def lab_policy(cosigners: Mapping[str, CosignerSecrets], *, threshold: int) -> str:
    """Return the policy file of some co-signers: so many of them, each asked at its host."""
    lines = []
    for host, cosigner in cosigners.items():
        public = NoteVerifier.parse(cosigner.key).public
        lines.append(f"witness {host} {CosignerKey(cosigner.name, public)} https://{host}/")
    lines.append(f"group enough {threshold} {' '.join(cosigners)}")
    return "\n".join([*lines, "quorum enough", ""])


def lab_cosigners(folder: Path, names: Sequence[str]) -> dict[str, CosignerSecrets]:
    """Make co-signers, each in a folder of its own."""
    return {name: CosignerSecrets(folder / name, name, new=True) for name in names}


def _response(url: str, status: int, body: bytes, at: datetime) -> Response:
    exchange = Exchange(
        url=url,
        method="POST",
        target="/",
        request_headers=(),
        status=status,
        reason="",
        headers=(),
        payload=body,
        asked_at=at,
        answered_at=at,
        address="192.0.2.1",
        vantage=None,
        cut=None,
    )
    return Response(
        url=url,
        hops=(url,),
        status=status,
        headers=(),
        body=body,
        asked_at=at,
        answered_at=at,
        address="192.0.2.1",
        truncated=False,
        vantage=None,
        exchanges=(exchange,),
    )
