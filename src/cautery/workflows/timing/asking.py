"""Ask authorities for time-stamps and co-signers for co-signatures over one checkpoint of a log.

Each is asked at the same time and within the same seconds, so that one that is down delays nobody.
What comes back is checked before it counts; what does not hold is named, and why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cautery.errors import CauteryError, EvidenceError, SourceError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.cosignatures import open_cosigned
from cautery.evidence.outside.cosigning import AddCheckpoint
from cautery.evidence.outside.policy import Cosigner
from cautery.evidence.outside.proof import StampGiven, stamped_text
from cautery.evidence.outside.stamps import (
    MAX_TOKEN_BYTES,
    check_stamp,
    stamp_request,
)
from cautery.evidence.outside.tiles import Tiles
from cautery.messages import message
from cautery.model import Limits
from cautery.model.message import Message
from cautery.model.ports import Fetcher, VerifiedFetcher
from cautery.model.records import ProofMissing
from cautery.workflows.timing.revocation import Revocation
from cautery.workflows.timing.settings import LogSettings, StampingAuthority

WITHIN_S = 8.0
"""For one authority or co-signer, what says of its certificate included. Judgement: an answer takes
a second, and a turn has a minute."""
_STAMP_LIMITS = Limits(max_bytes=MAX_TOKEN_BYTES, total_s=WITHIN_S, connect_s=4.0, redirects=2)
_COSIGN_LIMITS = Limits(max_bytes=1 << 14, total_s=WITHIN_S, connect_s=4.0, redirects=0)
_TYPE = "application/timestamp-query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What came over one checkpoint.

    Parameters
    ----------
    checkpoint : str
        The log's note with the co-signatures that hold.
    stamps : tuple of StampGiven
        Time-stamps that hold.
    missing : tuple of ProofMissing
        Who gave nothing, and why.
    """

    checkpoint: str
    stamps: tuple[StampGiven, ...]
    missing: tuple[ProofMissing, ...]


class Asking:
    """Asks those whom the settings of a log name.

    Parameters
    ----------
    own : VerifiedFetcher
        Asks authorities and co-signers: they prove over TLS who they are.
    signed : Fetcher
        Asks whether certificates were revoked; such answers prove themselves by their signature.
    now : callable
        The clock's time, for how long such an answer is kept.
    """

    def __init__(
        self,
        settings: LogSettings,
        *,
        own: VerifiedFetcher,
        signed: Fetcher,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._own = own
        self._revocation = Revocation(signed, now=now, within_s=WITHIN_S)
        self._sizes: dict[bytes, int] = {}

    async def vouch(
        self, note: str, log: NoteVerifier, tiles: Tiles, *, no_stamps: Message | None = None
    ) -> Vouched:
        """Ask all of them about a checkpoint.

        Parameters
        ----------
        note : str
            The log's own note.
        tiles : Tiles
            Of the log as it stands in the note, for proofs of consistency.
        no_stamps : Message or None
            Why no time-stamp is asked for; ``None``: they are.
        """
        authorities = self._settings.authorities
        missing = []
        if no_stamps is not None:
            missing = [ProofMissing(by=each.name, why=no_stamps) for each in authorities]
            authorities = ()
        policy = self._settings.cosigners
        cosigners = [] if policy is None else [each for each in policy.cosigners if each.url]
        stamped = stamped_text(note)
        outcomes = await asyncio.gather(
            *(_within(self._stamp(authority, stamped)) for authority in authorities),
            *(_within(self._cosign(cosigner, note, log, tiles)) for cosigner in cosigners),
        )
        sources: list[StampingAuthority | Cosigner] = [*authorities, *cosigners]
        stamps, lines = [], []
        for source, outcome in zip(sources, outcomes, strict=True):
            match outcome:
                case StampGiven():
                    stamps.append(outcome)
                case str():
                    lines.append(outcome)
                case CauteryError():
                    missing.append(ProofMissing(by=source.name, why=_why(outcome)))
        return Vouched(
            checkpoint=note + "".join(lines), stamps=tuple(stamps), missing=tuple(missing)
        )

    async def stamp_all(self, stamped: bytes) -> tuple[list[StampGiven], list[ProofMissing]]:
        """Ask every authority for a time-stamp over any message, such as an earlier proof."""
        authorities = self._settings.authorities
        outcomes = await asyncio.gather(
            *(_within(self._stamp(authority, stamped)) for authority in authorities)
        )
        stamps = [outcome for outcome in outcomes if isinstance(outcome, StampGiven)]
        missing = [
            ProofMissing(by=authority.name, why=_why(outcome))
            for authority, outcome in zip(authorities, outcomes, strict=True)
            if isinstance(outcome, CauteryError)
        ]
        return stamps, missing

    async def _stamp(self, authority: StampingAuthority, stamped: bytes) -> StampGiven:
        request, nonce = stamp_request(stamped)
        response = await self._own.fetch(
            authority.url,
            limits=_STAMP_LIMITS,
            method="POST",
            body=request,
            headers=[("Content-Type", _TYPE)],
        )
        if response.status != 200:
            raise SourceError(f"it answered with status {response.status}")
        check = partial(
            check_stamp,
            response.body,
            message=stamped,
            nonce=nonce,
            roots=authority.roots,
            policies=() if authority.policy is None else (authority.policy,),
        )
        check()  # before anything is asked for that stands in it
        revocation = await self._revocation.answers(response.body, authority.roots)
        check(revocation=revocation)
        return StampGiven(
            authority=authority.name, answer=response.body, nonce=nonce, revocation=revocation
        )

    async def _cosign(self, cosigner: Cosigner, note: str, log: NoteVerifier, tiles: Tiles) -> str:
        """Return the signature line of a co-signer; it tells us what it co-signed last."""
        url = f"{(cosigner.url or '').rstrip('/')}/add-checkpoint"
        public_key = cosigner.key.public
        # A co-signer that knows another size than we do says which one (409), and is asked once
        # more from there.
        for _ in range(2):
            old = self._sizes.get(public_key, 0)
            request = AddCheckpoint(old=old, proof=tiles.consistency(old), note=note)
            response = await self._own.fetch(
                url, limits=_COSIGN_LIMITS, method="POST", body=request.body()
            )
            # c2sp.org/tlog-witness: a 409 states the size that the co-signer knows, to be asked
            # from again.
            if response.status != 409:
                break
            size = response.body.decode("ascii", "replace").strip()
            if not (size.isascii() and size.isdigit() and len(size) < 19):
                raise SourceError("it answered with status 409 and no size")
            if int(size) > tiles.size:
                raise EvidenceError(
                    f"it has co-signed {size} leaves of this log, but the log has {tiles.size}: "
                    "it is an older copy, or leaves were cut off"
                )
            self._sizes[public_key] = int(size)
        if response.status != 200:
            text = " ".join(response.body[:200].decode("utf-8", "replace").split())
            raise SourceError(f"it answered with status {response.status}: {text}")
        return self._line(response.body, cosigner, note, log, tiles)

    def _line(
        self, body: bytes, cosigner: Cosigner, note: str, log: NoteVerifier, tiles: Tiles
    ) -> str:
        """Return the one line that is this co-signer's and holds; other lines are passed over."""
        lines = body.decode("utf-8", "replace").split("\n")[:100]
        for line in lines:
            try:
                cosigned = open_cosigned(f"{note}{line}\n", log, (cosigner.key,))
            except EvidenceError:
                continue
            if cosigner.key.public in cosigned.times:
                self._sizes[cosigner.key.public] = tiles.size
                return f"{line}\n"
        raise EvidenceError("its answer holds no co-signature of its key over this checkpoint")


def _why(error: CauteryError) -> Message:
    kind = "proof.no-answer" if isinstance(error, SourceError) else "proof.invalid"
    return message(kind, detail=str(error)[:500])


async def _within(work: Awaitable[StampGiven | str]) -> StampGiven | str | CauteryError:
    """Return what comes in time, or the error."""
    try:
        async with asyncio.timeout(WITHIN_S):
            return await work
    except CauteryError as error:
        return error
    except TimeoutError:
        return SourceError(f"it did not answer within {WITHIN_S:g} s")
