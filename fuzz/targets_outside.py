"""What is fuzzed of times that others vouch for: answers of authorities and co-signers, and files.

Keys are the same in every run, so that a kept input reaches tomorrow what it reached today; where a
signature would stop every input at the door, the target makes it anew.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from targets import NOW, Target, _key, _signed

from cautery.errors import CauteryError

DAY = timedelta(days=1)
NONCE = 0x1234567890ABCDEF
ECDSA = "1.2.840.10045.4.3.2"
"""With SHA-256 (RFC 5758)."""
_OPEN = b"digest to be filled in: 32 bytes"
MESSAGE = b"fuzz.example\n5\nAAAA\n"


@cache
def _authority() -> Any:
    """Return root and time-stamping certificate with their keys, the same in every run."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    from cautery.lab.stamping import _USE_OF_A_ROOT

    root_key, key = (ec.derive_private_key(secret, ec.SECP256R1()) for secret in (11, 12))
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("root", "stamps")
    ]

    def begun(subject: int, public: Any) -> Any:
        builder = x509.CertificateBuilder().subject_name(names[subject]).issuer_name(names[0])
        builder = builder.public_key(public).serial_number(subject + 1)
        return builder.not_valid_before(NOW - 900 * DAY).not_valid_after(NOW + 900 * DAY)

    root = (
        begun(0, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_USE_OF_A_ROOT, critical=True)
        .sign(root_key, hashes.SHA256())
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    certificate = (
        begun(1, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(root_key, hashes.SHA256())
    )
    return SimpleNamespace(root=root, root_key=root_key, certificate=certificate, key=key)


@cache
def _signer() -> tuple[bytes, bytes, bytes]:
    """Return the certificate, the signed attributes and what stands before the signature.

    The digest of what is signed is left open, as ``_OPEN``: to build all this takes milliseconds.
    """
    from asn1crypto import algos, cms, tsp, x509
    from cryptography.hazmat.primitives.serialization import Encoding

    from cautery.lab.stamping import _tlv

    der = _authority().certificate.public_bytes(Encoding.DER)
    certificate = x509.Certificate.load(der)
    essential = tsp.SigningCertificateV2(
        {"certs": [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(der).digest()})]}
    )
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [_OPEN]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [essential]}),
        ]
    )
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.IssuerAndSerialNumber(
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
            ),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": b"",
        }
    )
    before_signature = signer.contents.removesuffix(_tlv(4, b""))
    return der, attributes.dump(), before_signature


def _answer(info: bytes) -> bytes:
    """Return an authority's answer over any content, signed as a good one."""
    from asn1crypto import algos
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    from cautery.lab.stamping import _oid, _tlv

    der, attributes, before_signature = _signer()
    digest = hashlib.sha256(info).digest()
    signature = _authority().key.sign(attributes.replace(_OPEN, digest), ec.ECDSA(hashes.SHA256()))
    signer = _tlv(0x30, before_signature.replace(_OPEN, digest), _tlv(4, signature))
    # By hand, since the library would read the content, which is hostile.
    content = _tlv(0x30, _oid("1.2.840.113549.1.9.16.1.4"), _tlv(0xA0, _tlv(4, info)))
    signed = _tlv(
        0x30,
        _tlv(2, b"\3"),
        _tlv(0x31, algos.DigestAlgorithm({"algorithm": "sha256"}).dump()),
        content,
        _tlv(0xA0, der),
        _tlv(0x31, signer),
    )
    token = _tlv(0x30, _oid("1.2.840.113549.1.7.2"), _tlv(0xA0, signed))
    return _tlv(0x30, _tlv(0x30, _tlv(2, b"\0")), token)


def _info() -> bytes:
    from asn1crypto import tsp

    return tsp.TSTInfo(
        {
            "version": "v1",
            "policy": "1.3.6.1.4.1.32473.1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": hashlib.sha256(MESSAGE).digest(),
            },
            "serial_number": 7,
            "gen_time": NOW,
            "accuracy": {"seconds": 1, "millis": 20},
            "nonce": NONCE,
        }
    ).dump()


def _stamp() -> Target:
    """Check an answer of an authority; or what it stamped, with a signature that fits."""
    from cautery.evidence.outside.stamps import check_stamp

    root, digest = _authority().root, hashlib.sha256(MESSAGE).digest()

    def once(data: bytes) -> None:
        if not data:
            return
        info = data[1:]
        answer = _answer(info) if data[0] & 1 else info
        stamp = check_stamp(
            answer,
            message=MESSAGE,
            nonce=NONCE if data[0] & 2 else None,
            roots=[root],
            policies=["1.3.6.1.4.1.32473.1"] if data[0] & 4 else (),
        )
        assert digest in answer, "a time-stamp of other bytes was accepted"
        assert stamp.not_before <= stamp.at <= stamp.not_after

    good = _info()
    seeds = (b"\7" + good, b"\1" + good, b"\6" + _answer(good), b"\0" + _answer(b"no"))
    return Target(once=once, seeds=seeds)


def _revocation() -> Target:
    """Judge a list of revoked certificates or an OCSP answer; or its body, signed as it should."""
    from asn1crypto import ocsp
    from asn1crypto.crl import CertificateList
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp as answers

    from cautery.evidence.outside.revocation import Revocations, RevokedError
    from cautery.lab.stamping import _oid, _tlv

    whole = _authority()

    def once(data: bytes) -> None:
        if not data:
            return
        raw, body = data[1:], data[1:]
        signature = whole.root_key.sign(body, ec.ECDSA(hashes.SHA256())) if data[0] & 3 else b""
        if data[0] & 3:
            raw = _tlv(0x30, body, _tlv(0x30, _oid(ECDSA)), _tlv(3, b"\0", signature))
        if data[0] & 1:
            held = _tlv(0x30, _oid("1.3.6.1.5.5.7.48.1.1"), _tlv(4, raw))
            raw = _tlv(0x30, _tlv(0x0A, b"\0"), _tlv(0xA0, held))
        try:
            Revocations().known_good(
                whole.certificate, issuer=whole.root, at=NOW + (data[0] >> 4) * DAY, answers=[raw]
            )
        except RevokedError:
            pass

    def ocsp_of(status: Any, revoked: datetime | None) -> bytes:
        builder = answers.OCSPResponseBuilder().add_response(
            cert=whole.certificate,
            issuer=whole.root,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=NOW - DAY,
            next_update=NOW + 3 * DAY,
            revocation_time=revoked,
            revocation_reason=None,
        )
        builder = builder.responder_id(answers.OCSPResponderEncoding.HASH, whole.root)
        return builder.sign(whole.root_key, hashes.SHA256()).public_bytes(Encoding.DER)

    builder = x509.CertificateRevocationListBuilder().issuer_name(whole.root.subject)
    builder = builder.last_update(NOW - DAY).next_update(NOW + 3 * DAY)
    entry = x509.RevokedCertificateBuilder().serial_number(2).revocation_date(NOW - DAY).build()
    lists = [
        each.sign(whole.root_key, hashes.SHA256()).public_bytes(Encoding.DER)
        for each in (builder, builder.add_revoked_certificate(entry))
    ]
    status = answers.OCSPCertStatus
    good, bad = ocsp_of(status.GOOD, None), ocsp_of(status.REVOKED, NOW - DAY)
    bodies = [
        ocsp.OCSPResponse.load(each).basic_ocsp_response["tbs_response_data"].dump()
        for each in (good, bad)
    ]
    seeds = [b"\0" + each for each in (*lists, good, bad)]
    seeds += [b"\1" + body for body in bodies]
    seeds += [b"\2" + CertificateList.load(each)["tbs_cert_list"].dump() for each in lists]
    return Target(once=once, seeds=tuple(seeds))


@cache
def _log() -> Any:
    """Return the leaves of a log with their tiles, and a co-signer's key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cautery.evidence.merkle import leaf_hash
    from cautery.evidence.outside.cosignatures import CosignerKey
    from cautery.evidence.outside.tiles import Tiling

    leaves = [bytes([number % 256]) * 3 for number in range(300)]
    tiling = Tiling()
    tiles = dict(tiling.extend(map(leaf_hash, leaves)))
    tiles |= dict(tiling.partials())
    private = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
    key = CosignerKey("c.example/w", private.public_key().public_bytes_raw())
    return SimpleNamespace(leaves=leaves, tiles=tiles, private=private, cosigner=key)


def _cosignature(text: str) -> str:
    from cautery.evidence.outside.cosignatures import cosignature_line

    log = _log()
    return cosignature_line(
        text, name=log.cosigner.name, private=log.private, seconds=1_700_000_000
    )


def _cosigner_answer() -> Target:
    """Take what a co-signer answers: a status, and lines of which one may be its signature."""
    from cautery.evidence.note import checkpoint_text
    from cautery.evidence.outside.cosignatures import open_cosigned
    from cautery.evidence.outside.policy import Cosigner
    from cautery.evidence.outside.tiles import Tiles
    from cautery.workflows.timing.asking import Asking
    from cautery.workflows.timing.settings import LogSettings

    log, (_, verifier) = _log(), _key()
    tiles = Tiles(300, log.tiles.__getitem__)
    text = checkpoint_text(verifier.name, 300, tiles.root())
    note = _signed(text)
    cosigner = Cosigner("c", log.cosigner, "https://c.example")
    statuses = (200, 409, 404, 500, 301, 200, 409, 204)
    loop = asyncio.new_event_loop()

    def once(data: bytes) -> None:
        if not data:
            return
        parts = data[1:].split(b"\0\0")

        class Answers:
            verifies, count = True, 0

            async def fetch(self, *_: Any, **__: Any) -> Any:
                body = parts[min(self.count, len(parts) - 1)]
                status = statuses[(data[0] >> (3 * self.count)) & 7]
                self.count += 1
                return SimpleNamespace(status=status, body=body)

        answers: Any = Answers()
        settings = LogSettings(
            origin=verifier.name,
            authorities=(),
            cosigners=None,
            network=None,  # type: ignore[arg-type]
        )
        asking = Asking(settings, own=answers, signed=answers, now=lambda: NOW)
        line = loop.run_until_complete(asking._cosign(cosigner, note, verifier, tiles))
        cosigned = open_cosigned(note + line, verifier, (log.cosigner,))
        assert cosigned.times, "a line that is no co-signature was taken"

    good = _cosignature(text)
    other = good.replace("c.example", "d.example")
    seeds = (
        b"\0" + good.encode(),
        b"\0" + (other + good).encode(),
        b"\1256\n\0\0" + good.encode(),
        b"\1999999\n",
        b"\2no such log\n",
    )
    return Target(once=once, seeds=seeds)


def _policy() -> Target:
    """Read a policy of co-signers, and ask it who is enough."""
    from cautery.evidence.outside.policy import parse_policy

    def once(data: bytes) -> None:
        policy = parse_policy(data)
        keys = [key.public for key in policy.keys]
        times = {key: NOW + number * DAY for number, key in enumerate(keys)}
        assert policy.words
        assert policy.enough(keys), "all of them are not enough"
        assert (policy.not_after(times) is None) == (policy.not_before(times) is None)

    _, verifier = _key()
    lines = [f"log {verifier} https://log.example/"]
    lines += [f"witness c {_log().cosigner} https://c.example/", "group g 1 c", "quorum g", ""]
    return Target(
        once=once, seeds=("\n".join(lines).encode(), b"quorum none\n", lines[1].encode() + b"\n")
    )


def _tiles() -> Target:
    """Check a published log of which the checkpoint and one tile are hostile."""
    from cautery.errors import EvidenceError
    from cautery.evidence.note import checkpoint_text
    from cautery.evidence.outside.tiles import Tiles
    from cautery.workflows.timing.checking import check_log

    log, (_, verifier) = _log(), _key()
    names = sorted(log.tiles)
    ledger: Any = SimpleNamespace(
        size=lambda: len(log.leaves),
        leaves=lambda: ((at, "log.entry", leaf) for at, leaf in enumerate(log.leaves)),
    )

    def once(data: bytes) -> None:
        if len(data) < 5:
            return
        which, size = data[0], int.from_bytes(data[1:5], "big")
        hostile = data[5:]

        def read(path: str) -> bytes:
            if path == "checkpoint":
                return _signed(text).encode()
            if which and path == names[which % len(names)]:
                return hostile
            if path not in log.tiles:
                raise EvidenceError(path)
            tile: bytes = log.tiles[path]
            return tile

        tiles = Tiles(size, read)
        root = bytes(32)
        try:
            root = tiles.root()
            tiles.inclusion(size // 3)
            tiles.consistency(size // 5)
        except CauteryError:
            pass
        # Whoever has the log's key signs the root of what was published.
        text = checkpoint_text(verifier.name, size, root)
        if not which:
            text = hostile.decode("utf-8", "replace")
        shelf: Any = SimpleNamespace(read=read)
        check_log(shelf, ledger, verifier)
        if which and size == len(log.leaves):
            assert hostile == log.tiles[names[which % len(names)]], "a false tile was accepted"

    whole = Tiles(300, log.tiles.__getitem__)
    good = checkpoint_text(verifier.name, 300, whole.root()).encode()
    size = (300).to_bytes(4, "big")
    seeds = [b"\0" + size + good]
    seeds += [bytes([at + len(names)]) + size + log.tiles[name] for at, name in enumerate(names)]
    seeds += [b"\1" + (257).to_bytes(4, "big") + bytes(8192)]
    return Target(once=once, seeds=tuple(seeds), longest=8192 + 5)


def _trusted_list() -> Target:
    """Read a trusted list, and ask it whose time-stamp is qualified."""
    from cautery.evidence.outside.trusted_list import read_trusted_list
    from cautery.lab.trusted_lists import GRANTED, WITHDRAWN, trusted_list

    whole = _authority()

    def once(data: bytes) -> None:
        read = read_trusted_list(data)
        read.service_of((whole.certificate, whole.root), NOW)

    states = [(NOW - 5 * DAY, GRANTED), (NOW - 9 * DAY, WITHDRAWN)]
    seeds = [
        trusted_list([each], issued=NOW - DAY, until=NOW + 9 * DAY, states=states)
        for each in (whole.certificate, whole.root)
    ]
    seeds.append(b"<!DOCTYPE x [<!ENTITY a 'b'>]><TrustServiceStatusList/>")
    return Target(once=once, seeds=tuple(seeds), longest=8192)


def _proof_file() -> Target:
    """Read the proof of a closed case, and check it as `verify` does."""
    from cautery.evidence.leaf import leaf_of
    from cautery.evidence.merkle import inclusion_proof, leaf_hash
    from cautery.evidence.note import checkpoint_text
    from cautery.evidence.outside.policy import parse_policy
    from cautery.evidence.outside.proof import ProofGiven, StampGiven, Trust, check_proof
    from cautery.evidence.outside.proof_file import ProofFile, Renewal, parse_proof_file
    from cautery.evidence.outside.tiles import Tiles
    from cautery.model.ledger import filed
    from cautery.model.records import LogEntry
    from cautery.workflows.case.renewing import renewals_proven

    log, (_, verifier) = _log(), _key()
    case_note = _signed(checkpoint_text(verifier.name, 7, bytes(32)))
    leaf = leaf_of(*filed(LogEntry(note=case_note, previous=0)), NOW)
    hashes = [leaf_hash(leaf), leaf_hash(b"x")]
    root = Tiles(2, lambda _: b"".join(hashes)).root()
    text = checkpoint_text(verifier.name, 2, root)
    line = _cosignature(text)
    stamp = StampGiven(authority="a", answer=_answer(_info()), nonce=NONCE, revocation=(b"0",))
    given = ProofGiven(
        log=str(verifier),
        index=0,
        leaf=leaf,
        path=inclusion_proof(hashes, 0),
        checkpoint=_signed(text) + line,
        stamps=(stamp,),
    )
    renewal = Renewal(at="2026-11-24T12:00:00.000000Z", stamps=(stamp,))
    policy = parse_policy(f"witness c {log.cosigner}\nquorum c\n".encode())
    trust = Trust(policy=policy, roots=(_authority().root,))

    def once(data: bytes) -> None:
        file = parse_proof_file(data)
        checked = check_proof(file.proof, case=verifier, trust=trust)
        checked.moment(trust, record=3)
        renewals_proven(file, trust, now=NOW)

    good = ProofFile(proof=given).to_bytes()
    check_proof(parse_proof_file(good).proof, case=verifier, trust=trust)
    whole = ProofFile(proof=given, renewals=(renewal,)).to_bytes()
    return Target(once=once, seeds=(good, whole), longest=16_384)


def _restored_leaf() -> Target:
    """Take a leaf of a log that says that two people took a case back."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cautery.evidence.leaf import leaf_of, record_of
    from cautery.evidence.merkle import (
        Frontier,
        consistency_proof,
        inclusion_proof,
        leaf_hash,
    )
    from cautery.evidence.note import NoteVerifier, checkpoint_text
    from cautery.evidence.outside.restored import CaseLine, Restoration
    from cautery.evidence.restoring import restore_text
    from cautery.evidence.signing import signed_note
    from cautery.model.ledger import filed
    from cautery.model.records import CaseRestored, LogEntry, RestoredBy, RootOfRecords

    private, _ = _key()
    name = f"cautery/case-{'0' * 16}"
    verifier = NoteVerifier(name, private.public_key().public_bytes_raw())
    people = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
    publics = [person.public_key().public_bytes_raw() for person in people]
    listed = [
        {"name": f"P{n}", "role": "x", "public_key": base64.b64encode(public).decode()}
        for n, public in enumerate(publics)
    ]
    leaves = [leaf_of("case.opened", {"mandate": {"approvers": listed}}, NOW)]
    leaves += [leaf_of("verdict", {"n": n}, NOW) for n in range(4)]

    def root(count: int) -> bytes:
        return Frontier().extend([leaf_hash(leaf) for leaf in leaves[:count]]).root()

    def noted(count: int, digest: bytes) -> str:
        return signed_note(checkpoint_text(name, count, digest), name=name, private=private)

    lost = (9, bytes(32))
    text = restore_text(
        "0" * 16, last=lost, to=(5, root(5)), at="2026-11-24T12:00:00.000000Z", why="x"
    )
    restored = CaseRestored(
        from_=RootOfRecords(size=9, root=lost[1].hex()),
        to=RootOfRecords(size=5, root=root(5).hex()),
        records=5,
        why="x",
        text=text,
        by=tuple(
            RestoredBy(name=f"P{n}", key=publics[n].hex(), signature=each.sign(text.encode()).hex())
            for n, each in enumerate(people)
        ),
        named=True,
    )
    leaves.append(leaf_of(*filed(restored), NOW))
    hashes = [leaf_hash(leaf) for leaf in leaves]
    restoration = Restoration(
        record=leaves[5],
        index=5,
        path=inclusion_proof(hashes, 5),
        opened=leaves[0],
        opened_path=inclusion_proof(hashes, 0),
    )
    entry = restoration.entry(
        noted(6, root(6)), previous=9, base=2, proof=consistency_proof(hashes, 2)
    )
    before = [LogEntry(note=noted(2, root(2)), previous=0), LogEntry(note=noted(*lost), previous=2)]

    def once(data: bytes) -> None:
        line = CaseLine(verifier)
        for at, known in enumerate(before):
            line.take(at, known)
        line.take(2, record_of(data, canonical=False).content)
        if line.returns:
            assert [covered.size for _, covered in line.given_up] == [9]

    good = leaf_of(*filed(entry), NOW)
    check = CaseLine(verifier)
    for at, known in enumerate((*before, entry)):
        check.take(at, known)
    assert json.loads(good)["kind"] == "log.restored"
    seeds = (good, leaf_of(*filed(before[0]), NOW))
    return Target(once=once, seeds=seeds, longest=8192)


OUTSIDE: Mapping[str, Callable[[], Target]] = {
    "stamp": _stamp,
    "revocation": _revocation,
    "cosigner_answer": _cosigner_answer,
    "cosigner_policy": _policy,
    "tiles": _tiles,
    "trusted_list": _trusted_list,
    "outside_proof": _proof_file,
    "restored_leaf": _restored_leaf,
}
