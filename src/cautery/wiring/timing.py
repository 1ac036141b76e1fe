"""An organisation's log with all that it reaches through, and co-signers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from cautery import wiring
from cautery.adapters._files import read_whole
from cautery.adapters.cosign_server import CosignServer, tls_of
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient, SuspectClient
from cautery.adapters.keys_file import CaseSigner, default_folder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.log_folder import LogFolder
from cautery.adapters.signer import SignerProcess
from cautery.errors import EvidenceError, InputError, SourceError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.cosignatures import CosignerKey
from cautery.evidence.outside.policy import MAX_POLICY_BYTES, parse_policy
from cautery.evidence.outside.proof import Trust
from cautery.evidence.outside.proof_file import Renewal
from cautery.evidence.outside.stamps import MAX_ROOTS_BYTES, read_roots
from cautery.evidence.outside.trusted_list import MAX_LIST_BYTES, TrustedList, read_trusted_list
from cautery.messages import say
from cautery.model.ports import Clock
from cautery.wiring.cases import reading_store
from cautery.workflows.timing import checking, closing
from cautery.workflows.timing.asking import Asking
from cautery.workflows.timing.log import OrganisationLog, Proven
from cautery.workflows.timing.settings import LogSettings, read_settings, settings_text

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLog:
    """A log that is open for writing, and who is asked."""

    log: OrganisationLog
    asking: Asking
    settings: LogSettings


def new_log(folder: Path, origin: str, *, keys_dir: Path | None = None) -> str:
    """Make an organisation's log and its key; return the verifier key.

    Raises
    ------
    CauteryError
        If there is one already, or it cannot be written.
    """
    place = LogFolder(folder)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder}: there is something in this folder already")
    signer = SignerProcess(_keys(keys_dir), f"new-log:{origin}")
    try:
        place.begin(settings_text(origin), signer.key)
        SqlLedger.at(place.ledger).close()
        return signer.key
    finally:
        signer.close()


def log_settings(folder: Path) -> LogSettings:
    """Read the settings of a log.

    Raises
    ------
    InputError
        If they cannot be used.
    """
    return read_settings(LogFolder(folder).settings(), file=lambda name: _file(folder, name))


@asynccontextmanager
async def opened_log(
    folder: Path, *, clock: Clock, keys_dir: Path | None = None
) -> AsyncIterator[OpenedLog]:
    """Open a log to write to it, with clients for those whom its settings name.

    Raises
    ------
    CauteryError
        If there is none, its key is not at hand, or its settings cannot be used.
    """
    place, settings = LogFolder(folder), log_settings(folder)
    signer = SignerProcess(_keys(keys_dir), f"log:{settings.origin}")
    try:
        if signer.key != place.key():
            raise EvidenceError(f"{folder}: its log.pub is not the key of this log")
        ledger = SqlLedger.at(place.ledger)
        try:
            async with _asking(settings, clock) as asking:
                log = OrganisationLog(ledger, CaseSigner(signer), place, asking, clock=clock)
                yield OpenedLog(log=log, asking=asking, settings=settings)
        finally:
            ledger.close()
    finally:
        signer.close()


async def prove_closed(
    case: Path, folder: Path, *, keys_dir: Path | None = None, again: bool = False
) -> Proven:
    """Put a closed case into the log, and write what vouches for it beside the case's note.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    async with opened_log(folder, clock=wiring.clock(), keys_dir=keys_dir) as opened:
        return await closing.prove_closed(case, store=reading_store(), log=opened.log, again=again)


async def renew(case: Path, folder: Path) -> Renewal:
    """Stamp the proof of a closed case anew, by the authorities of a log.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    clock = wiring.clock()
    async with _asking(log_settings(folder), clock) as asking:
        return await closing.renew(case, store=reading_store(), asking=asking, clock=clock)


async def stamp_over(message: bytes, settings: LogSettings) -> bytes:
    """Return a time-stamp over a message, by the first authority of the settings that gives one.

    Raises
    ------
    SourceError
        If none does, naming why not.
    """
    async with _asking(settings, wiring.clock()) as asking:
        stamps, missing = await asking.stamp_all(message)
    if not stamps:
        why = "; ".join(f"{gap.by}: {say(gap.why)}" for gap in missing)
        raise SourceError(f"no authority gives a time-stamp: {why or 'none is named'}")
    return stamps[0].answer


def check_log(folder: Path) -> dict[str, str | int]:
    """Check the published tiles of a log against its ledger and its signed checkpoint.

    Raises
    ------
    CauteryError
        Naming what differs.
    """
    place = LogFolder(folder)
    place.require()
    ledger = SqlLedger.at(place.ledger, read_only=True)
    try:
        return checking.check_log(
            place,
            ledger,
            NoteVerifier.parse(place.key()),
            policy=log_settings(folder).cosigners,
        )
    finally:
        ledger.close()


def trust(
    policy: Path | None,
    authorities: Path | None,
    *,
    stamp_policies: Sequence[str] = (),
    lists: Sequence[Path] = (),
    list_signers: Path | None = None,
) -> Trust:
    """Read whom a checker trusts.

    Parameters
    ----------
    policy : Path or None
        Of co-signers.
    authorities : Path or None
        Root certificates of time-stamping authorities, PEM.
    stamp_policies : sequence of str
        Policies of which a time-stamp must have one; empty: any.
    lists : sequence of Path
        Trusted lists of countries of the EU.
    list_signers : Path or None
        Certificates, PEM, of which one has to have signed each list; ``None``: no list's signature
        is checked.

    Raises
    ------
    InputError
        If a file of theirs cannot be used.
    """
    if authorities is None and (stamp_policies or lists):
        raise InputError(
            "--tsa-policy and --trusted-list need --tsa-roots: without it no time-stamp is judged",
            hint="Give the root certificates of the authorities: --tsa-roots PEM.",
        )
    if list_signers is not None and not lists:
        raise InputError("--trusted-list-signer needs a --trusted-list")
    for oid in stamp_policies:
        if not _OID.fullmatch(oid):
            raise InputError(
                f"--tsa-policy: {oid[:80]!r} is not an OID such as 1.3.6.1.4.1.32473.1"
            )
    try:
        signers = () if list_signers is None else _certificates(list_signers)
        return Trust(
            policy=None
            if policy is None
            else parse_policy(read_whole(policy.resolve(), limit=MAX_POLICY_BYTES)),
            roots=()
            if authorities is None
            else read_roots(read_whole(authorities.resolve(), limit=MAX_ROOTS_BYTES)),
            stamp_policies=frozenset(stamp_policies),
            lists=tuple(_trusted_list(path, signers) for path in lists),
        )
    except EvidenceError as error:
        raise InputError(str(error)) from error


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(
            x509.load_pem_x509_certificates(read_whole(path.resolve(), limit=MAX_ROOTS_BYTES))
        )
    except ValueError as error:
        raise InputError(f"{path}: holds no certificate in PEM") from error


def _trusted_list(path: Path, signers: Sequence[x509.Certificate]) -> TrustedList:
    try:
        raw = read_whole(path.resolve(), limit=MAX_LIST_BYTES)
        return read_trusted_list(raw, signers=signers)
    except InputError as error:
        raise InputError(f"{path}: {error}", hint=error.hint) from error


def own_trust(folder: Path) -> Trust:
    """Return whom an organisation itself trusts: those whom the settings of its log name."""
    settings = log_settings(folder)
    roots = [root for authority in settings.authorities for root in authority.roots]
    policies = {authority.policy for authority in settings.authorities}
    return Trust(
        policy=settings.cosigners,
        roots=tuple(roots),
        stamp_policies=frozenset(filter(None, policies)) if None not in policies else frozenset(),
    )


@contextmanager
def leaves_of(folder: Path | None) -> Iterator[SqlLedger | None]:
    """Lend the ledger of a log, to read it; ``None`` for none.

    Raises
    ------
    CauteryError
        If it cannot be read.
    """
    if folder is None:
        yield None
        return
    place = LogFolder(folder)
    place.require()
    ledger = SqlLedger.at(place.ledger, read_only=True)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def cosigner(folder: Path, *, new: str | None = None) -> Iterator[SignerProcess]:
    """Lend the signer process of a co-signer, or make a new one of that name.

    Raises
    ------
    CauteryError
        If there is none, or one already.
    """
    signer = SignerProcess(folder, "cosigner:" if new is None else f"new-cosigner:{new}")
    try:
        yield signer
    finally:
        signer.close()


def cosigner_key(signer: SignerProcess) -> str:
    """Return a co-signer's verifier key, of the type that policies take."""
    note = NoteVerifier.parse(signer.key)
    return str(CosignerKey(note.name, note.public))


async def serve_cosigner(
    folder: Path,
    *,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    say: Callable[[str], None],
) -> None:
    """Serve a co-signer until it is cancelled.

    Raises
    ------
    CauteryError
        If it cannot begin.
    """
    tls = tls_of(certificate, key)
    with cosigner(folder) as signer:
        async with CosignServer(signer, say=say).serving(host, port, tls=tls) as place:
            say(f"co-signer {signer.name} listens on {place[0]}:{place[1]}")
            await asyncio.Event().wait()


@asynccontextmanager
async def _asking(settings: LogSettings, clock: Clock) -> AsyncIterator[Asking]:
    names = DnsNames(settings.network.resolver)
    async with (
        PoliteClient(settings.network, names, clock, services=settings.services) as client,
        SuspectClient(settings.network, names, clock) as signed,
    ):
        yield Asking(settings, own=client, signed=signed, now=clock.now)


def _file(folder: Path, name: str) -> tuple[str, bytes]:
    path = (folder / name).resolve()
    try:
        return str(path), read_whole(path, limit=MAX_ROOTS_BYTES)
    except EvidenceError as error:
        raise InputError(str(error)) from error


def _keys(folder: Path | None) -> Path:
    return default_folder() if folder is None else folder
