"""What is fuzzed: every place where bytes from outside come in, by name, with its first seeds.

A target is given bytes. Cautery's own errors are an answer; whatever else leaves it is a find.
Where a checksum or a signature would stop every input at the door, the target makes it anew: an
attacker who signs, or who edits a file of ours, can do so too.
"""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
import os
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cautery.errors import CauteryError

HERE = Path(__file__).parent.parent
SAMPLES = HERE / "tests" / "formats" / "assets" / "samples"
CASES = HERE / "tests" / "assets"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = "http://h.example/live/x"
Once = Callable[[bytes], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One way in.

    Parameters
    ----------
    once : callable
        Given bytes: does with them what Cautery does.
    seeds : tuple of bytes
        Good inputs to begin with.
    answers : tuple of type
        Errors that are an answer.
    longest : int
        Bytes of an input.
    """

    once: Once
    seeds: tuple[bytes, ...]
    answers: tuple[type[Exception], ...] = (CauteryError,)
    longest: int = 4096

    def __call__(self, data: bytes) -> None:
        """Give it bytes once.

        Raises
        ------
        Exception
            That is no answer: a find.
        """
        try:
            self.once(data)
        except self.answers:
            pass


def _reader(kind: str) -> Target:
    from cautery.formats import READERS, Derivation, ReadWarning
    from cautery.formats.warm import warm
    from cautery.lab.authority import police
    from cautery.model import KeyedPseudonyms

    warm()  # loading compiled code is no input's doing
    reader, authority = READERS[kind], police()
    derivation = Derivation(pseudonyms=KeyedPseudonyms(b"k"), panel="p", place=lambda _: ("IT", 1))

    def once(data: bytes) -> None:
        # Two pieces, cut where the first byte says: no meaning may hang on the cut.
        at = data[0] if data else 0
        chunks = [data[:at], data[at:]]
        if reader.rows is None:
            for _ in reader.values(chunks, BASE):
                pass
            return
        for row in reader.rows(chunks, authority=authority):
            if not isinstance(row, ReadWarning):
                derivation.derived(row)

    # Certificates with strange serial numbers are told of by the library beside being read.
    warnings.filterwarnings("ignore", module="cautery.formats.tls")
    seed = (SAMPLES / kind).read_bytes()
    return Target(once=once, seeds=(seed,), longest=1024 + len(seed))


def _guess() -> Target:
    from cautery.formats import guess

    seeds = tuple(one.read_bytes()[:8192] for one in sorted(SAMPLES.iterdir()))
    return Target(once=lambda data: guess(data[:8192]), seeds=seeds, longest=2048)


def _html() -> Target:
    from cautery.formats._html import tokens

    def once(data: bytes) -> None:
        for _ in tokens(data.decode("utf-8", "replace")):
            pass

    return Target(once=once, seeds=((SAMPLES / "page").read_bytes(),), answers=())


def _portal() -> Target:
    from cautery.formats import read_bootstrap, read_pages, read_token

    def once(data: bytes) -> None:
        for read in (read_token, read_pages, read_bootstrap):
            try:
                read([data])
            except CauteryError:
                pass

    return Target(
        once=once,
        seeds=(
            b'{"js": {"token": "A1B2", "random": "x"}}',
            b'{"js": {"total_items": "40", "max_page_items": 14}}',
            b'{"services": [[["example"], ["https://rdap.example/"]]]}',
        ),
    )


def _registration() -> Target:
    from cautery.formats import read_registration

    def once(data: bytes) -> None:
        read_registration([data], redact=str, seen_at=NOW)

    return Target(once=once, seeds=((SAMPLES / "rdap").read_bytes(),))


def _reply() -> Target:
    from cautery.act.notice_replies import mails_in, read_reply

    def once(data: bytes) -> None:
        for mail in mails_in(data):
            read_reply(mail)

    own = b"<N-0123456789ab.00112233445566778899aabbccddeeff@league.example>"
    return Target(
        once=once,
        seeds=(
            b"From a@b Mon\nFrom: =?utf-8?q?Abuse?= <abuse@h.example>\nIn-Reply-To: "
            + own
            + b"\n\nx\n",
            b"From: MAILER-DAEMON@h.example\r\nSubject: [N-0123456789ab]\r\nContent-Type: "
            b"multipart/report; report-type=delivery-status\r\n\r\nMessage-ID: " + own,
        ),
        longest=1024,
    )


def _screen() -> Target:
    from cautery.model import KeyedPseudonyms
    from cautery.model.screen import screened

    hidden = KeyedPseudonyms(b"k")

    def once(data: bytes) -> None:
        screened(data.decode("utf-8", "replace"), hidden)

    return Target(
        once=once,
        seeds=(
            b"Film (write to ann@example.org, +39 06 1234 5678, 192.0.2.7)",
            b"aHR0cDovL2E6YkBjLmV4YW1wbGUv %61nn%40example.org 00:11:22:33:44:55",
            b"write at &#" + b"1" * 4_400 + b"; now",
        ),
        answers=(),
        longest=8192,
    )


class _Answered:
    """A reading process that has been taken over: it answers what the input says."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, _job: str, _asked: object, _data: bytes) -> bytes:
        return self._data


def _packed() -> Target:
    from cautery.formats import jobs
    from cautery.lab.readers import ReadersHere
    from cautery.model import KeyedPseudonyms, Window
    from cautery.workflows.watch.sources.jobs import screened_apart
    from cautery.workflows.watch.sources.understanding import Asked

    asked = Asked(kind="m3u", location=BASE, username=None, password=None)
    within = Window(start=NOW, end=NOW + timedelta(hours=1))
    asks: tuple[Callable[[Any, bytes], Any], ...] = (
        lambda readers, body: screened_apart(
            asked, [_Said(body)], within, readers=readers, pseudonyms=KeyedPseudonyms(b"k")
        ),
        lambda readers, body: jobs.playlist_in(body, base=BASE, readers=readers),
        lambda readers, body: jobs.pages_in(body, readers=readers),
        lambda readers, body: jobs.token_in(body, readers=readers),
        lambda readers, body: jobs.link_in(body, readers=readers),
        lambda readers, body: jobs.services_in(body, readers=readers),
        lambda readers, body: jobs.registration_in(body, redact=str, seen_at=NOW, readers=readers),
        lambda readers, body: jobs.certificate_in(
            body, host="h.example", address="", seen_at=NOW, readers=readers
        ),
    )
    loop = asyncio.new_event_loop()

    def once(data: bytes) -> None:
        if data:
            ask = asks[data[0] % len(asks)]
            loop.run_until_complete(ask(_Answered(data[1:]), b""))

    @dataclass
    class _Heard:
        """Keeps what an honest process answers, as a seed."""

        answers: list[bytes]

        async def read(self, job: str, told: Any, body: bytes) -> bytes:
            answer = await ReadersHere().read(job, told, body)
            self.answers.append(answer)
            return answer

    seeds = []
    good = {
        0: (SAMPLES / "m3u").read_bytes(),
        1: (SAMPLES / "hls").read_bytes(),
        2: b'{"js": {"total_items": "40", "max_page_items": 14}}',
        3: b'{"js": {"token": "A1B2"}}',
        5: b'{"services": [[["example"], ["https://rdap.example/"]]]}',
        6: (SAMPLES / "rdap").read_bytes(),
    }
    for number, body in good.items():
        heard = _Heard([])
        loop.run_until_complete(asks[number](heard, body))
        seeds += [bytes([number]) + one for one in heard.answers]
    return Target(once=once, seeds=tuple(seeds))


@dataclass(frozen=True, slots=True)
class _Said:
    body: bytes
    url: str = BASE
    status: int = 200

    def header(self, _: str) -> str | None:
        return None


@cache
def _key() -> tuple[Any, Any]:
    """Return a case key and its verifier, the same in every run."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cautery.evidence.note import NoteVerifier
    from cautery.evidence.signing import verifier_key

    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes_raw()
    return private, NoteVerifier.parse(verifier_key("fuzz.example", public))


def _signed(text: str) -> str:
    from cautery.evidence.signing import signed_note

    private, verifier = _key()
    return signed_note(text, name=verifier.name, private=private)


def _note() -> Target:
    from cautery.errors import EvidenceError
    from cautery.evidence.note import checkpoint_text, open_checkpoint, open_note, parse_note

    _, verifier = _key()
    text = checkpoint_text(verifier.name, 7, bytes(32))
    good = _signed(text)

    def once(data: bytes) -> None:
        try:
            parse_note(data)
            opened = open_note(data, verifier)
        except EvidenceError:
            pass
        else:
            assert opened == text, "a note that the key did not sign was opened"
        open_checkpoint(_signed(data.decode()), verifier)

    return Target(
        once=once,
        seeds=(good.encode(), text.encode()),
        answers=(CauteryError, UnicodeDecodeError),
    )


def _custody() -> Target:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cautery.evidence.custody import CustodyAct, CustodyLine, read_chain, stated

    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    lines: list[CustodyLine] = []
    for by in (None, key, None, key):
        previous = lines[-1].id if lines else ""
        lines.append(
            stated(
                at=NOW, act=CustodyAct.COPIED, by="A. Legal", to="Court", why="case 12", what="x",
                digest="sha256:" + 64 * "0", previous=previous, key=by,
            )
        )  # fmt: skip
    good = b"".join(line.text() + b"\n" for line in lines)

    def once(data: bytes) -> None:
        chain = read_chain(data)
        assert b"".join(line.text() + b"\n" for line in chain) == data, "it reads another chain"

    return Target(once=once, seeds=(good, lines[1].text() + b"\n"), answers=(CauteryError,))


def _opening() -> Target:
    from types import SimpleNamespace

    from cautery.evidence.merkle import leaf_hash, node_hash
    from cautery.model.evidence import digest_of
    from cautery.workflows.dossier.extract import commitment
    from cautery.workflows.dossier.opening import Opening, check_opening

    listed, salt, leaf = b"a tag manifest", bytes(range(32)), '{"kind":"verdict"}'
    store: Any = SimpleNamespace(read=lambda *_, **__: listed, exists=lambda *_: False)
    extracts: Any = SimpleNamespace(commitment=lambda _, __: commitment(salt, leaf.encode()))
    beside = leaf_hash(b"another record")
    pair = node_hash(beside, beside)
    path = (beside, pair, node_hash(pair, pair))
    root = leaf_hash(leaf.encode())
    for step in path:
        root = node_hash(step, root)
    manifest: Any = SimpleNamespace(records=8, root=root)
    good = Opening(
        dossier=digest_of(listed), record=7, salt=salt.hex(), leaf=leaf,
        path=tuple(step.hex() for step in path),
    )  # fmt: skip

    def once(data: bytes) -> None:
        opened = check_opening(HERE, data, store=store, extracts=extracts, manifest=manifest)
        assert (opened.salt, opened.leaf) == (good.salt, leaf), "it opens another record"

    once(good.to_bytes())  # it is good
    return Target(once=once, seeds=(good.to_bytes(),))


def _signed_pdf() -> Target:
    import logging

    from cautery.adapters._pdf_signatures import JOB, JOBS, _signed_sample

    for library in ("pyhanko", "pyhanko_certvalidator"):  # they log what they cannot trust
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    whole = _signed_sample()
    return Target(once=lambda data: JOBS[JOB](None, data), seeds=(whole,), longest=len(whole) + 512)


def _manifest() -> Target:
    from cautery.evidence.manifest import open_manifest, parse_sums

    _, verifier = _key()

    def once(data: bytes) -> None:
        try:
            parse_sums(data)
        except CauteryError:
            pass
        open_manifest(_signed(data.decode()).encode(), verifier)

    closed = next((CASES / "cases_of_0_1_0" / "closed").rglob("manifest*"))
    kept = closed.read_bytes()
    return Target(
        once=once,
        seeds=(kept, kept.rpartition(b"\n\n")[0] + b"\n", b"ab" * 32 + b"  a.txt\n"),
        answers=(CauteryError, UnicodeDecodeError),
    )


def _leaf() -> Target:
    from cautery.evidence.leaf import leaf_of, record_of

    def once(data: bytes) -> None:
        record = record_of(data)
        assert leaf_of(record.kind, record.body, record.at) == data, "a leaf has two spellings"

    return Target(once=once, seeds=(leaf_of("a.b", {"x": [1, None, "é"], "y": 0.5}, NOW),))


def _warc() -> Target:
    from cautery.evidence.warc import read_warc

    def once(data: bytes) -> None:
        for _ in read_warc(data):
            pass

    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"
    plain = (
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:a>\r\n"
        b"WARC-Date: 2026-11-24T12:00:00Z\r\nWARC-Target-URI: http://h.example/\r\n"
        b"Content-Type: application/http; msgtype=response\r\n"
        b"Content-Length: %d\r\n\r\n%s\r\n\r\n"
    ) % (len(block), block)
    squeeze = zlib.compressobj(wbits=31)
    return Target(once=once, seeds=(plain, squeeze.compress(plain) + squeeze.flush()))


@cache
def _table() -> Any:
    from cautery.model import Agency, AgencyRole, Competence, Operation

    def agency(id: str, role: AgencyRole, *may: Competence) -> Agency:
        may_do = frozenset(may)
        return Agency(id=id, name=id, country="IT", role=role, competence=may_do, contact="d@x")

    return Operation(
        id="op-1",
        name="Test",
        legal_basis="a court's order",
        opened_at=NOW,
        agencies=(
            agency("it-postal", AgencyRole.LEAD, Competence.INVESTIGATE),
            agency("bg-gdbop", AgencyRole.PARTICIPANT, Competence.SEARCH),
        ),
    )


def _statement_rows() -> bytes:
    rows = [
        {
            "subject": "host:a.example",
            "about": "asset",
            "text": "it feeds the panel",
            "kind": kind,
            "marking": {"tlp": tlp, "pap": "PAP:RED", "handling": ["H1"], "accuracy": 2},
            "details": {"seen": ["a", 1]},
        }
        for kind, tlp in (("fact", "TLP:AMBER"), ("assessment", "TLP:GREEN"))
    ]
    return "\n".join(json.dumps(row) for row in rows).encode()


def _bundle() -> Target:
    """Read bundles whose sender signs whatever it likes."""
    from dataclasses import replace

    from cautery.evidence.note import parse_note
    from cautery.model import KeyedPseudonyms
    from cautery.operation.bundle import NotedStatement, bundle_for, read_bundle, read_old_bundle
    from cautery.operation.sharing import statement_id
    from cautery.operation.signed import recipients_of, text_of_statement
    from cautery.workflows.operation.read_statements import read_statements
    from cautery.workflows.operation.strict_json import strictly_parsed

    table = _table()
    lead, to = table.agency("it-postal"), table.agency("bg-gdbop")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        path.write_bytes(_statement_rows())
        said = read_statements(path, by=lead.id, now=NOW)
    hidden = KeyedPseudonyms(bytes(32))
    rows = [replace(one, id=statement_id(one, hidden)) for one in said]
    noted = [
        NotedStatement(
            statement=one,
            notes={
                name: _signed(str(text_of_statement(one, operation=table.id, to=name)))
                for name in recipients_of(one)
            },
        )
        for one in rows
    ]
    bundle = bundle_for(noted, to=to, operation=table, by=lead, at=NOW)

    def once(data: bytes) -> None:
        try:
            payload = strictly_parsed(data)
        except (ValueError, RecursionError):
            return
        if not isinstance(payload, dict):
            return
        try:
            read_bundle(
                payload,
                to=to,
                operation=table,
                open_note=lambda _, note: parse_note(note.encode())[0],
            )
        except CauteryError:
            pass
        read_old_bundle(payload, to=to, operation=table)

    return Target(
        once=once,
        seeds=(json.dumps(bundle.payload()).encode(),),
        longest=8192,
    )


def _letter() -> Target:
    from cautery.workflows.operation.letter import open_letter, write_letter
    from cautery.workflows.operation.strict_json import strictly_parsed

    _, verifier = _key()
    payload = {"format": "x", "from": "it-postal", "to": "bg-gdbop", "rows": [{"a": None}, 1.5]}
    good = write_letter(payload, _signed)

    def once(data: bytes) -> None:
        try:
            opened = open_letter(data, verifier)
        except CauteryError:
            pass
        else:
            assert data in known, "a letter that the key did not sign was opened"
            assert opened == payload
        try:
            told = strictly_parsed(data)
        except (ValueError, RecursionError):
            return
        if isinstance(told, dict):
            open_letter(write_letter(told, _signed), verifier)

    known = {good}
    return Target(once=once, seeds=(good, json.dumps(payload).encode()))


def _deconfliction() -> Target:
    """Read the members of a letter of a run: points and commitments."""
    from cautery.operation.deconflict import masked_set
    from cautery.workflows.operation.deconfliction_run import encoded, hex_of, points_of

    run = masked_set(
        ["host:a.example"],
        session="ab" * 32,
        size=64,
        random=lambda count: bytes(at % 251 for at in range(count)),
    )
    good = encoded(run.points)

    def once(data: bytes) -> None:
        told = data.decode("utf-8", "replace")
        for ascending in (True, False):
            try:
                points_of(told, size=64, ascending=ascending)
            except CauteryError:
                pass
        hex_of(told, 32)

    return Target(once=once, seeds=(good.encode(), bytes(32).hex().encode()))


def _file(read: Callable[[Path], object], name: str) -> Once:
    """Return what writes bytes into a file in memory and reads it."""
    folder = tempfile.mkdtemp(prefix="cautery-fuzz-", dir="/dev/shm" if _shm() else None)
    path = Path(folder) / name

    def once(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    return once


def _shm() -> bool:
    return os.access("/dev/shm", os.W_OK)


def _statements() -> Target:
    from cautery.workflows.operation.read_statements import read_statements

    return Target(
        once=_file(lambda path: read_statements(path, by="it-postal", now=NOW), "said.jsonl"),
        seeds=(_statement_rows(),),
    )


def _mandate() -> Target:
    from cautery.workflows.mandate.read import read_mandate

    kept = (CASES / "cases_of_0_1_0" / "closed" / "mandate.toml").read_bytes()
    return Target(
        once=_file(lambda path: read_mandate(path, now=NOW), "mandate.toml"), seeds=(kept,)
    )


def _facts() -> Target:
    from cautery.adapters._fact_formats import CLASSES, import_text

    kinds = ("", "bank", "dynamic-dns", "passive-dns", "certificates", "ranges")

    def once(data: bytes) -> None:
        if data:
            kind, share = kinds[data[0] % len(kinds)], ("", *CLASSES)[data[0] // 8 % 4]
            text = data[1:].decode("utf-8", "replace")
            import_text(text, name="cloudflare", kind=kind, share=share, top=10)

    texts = (
        (
            '{"syncToken":"1","createDate":"2026-11-20-00-00-00","prefixes":[{"ip_prefix":'
            '"192.0.2.0/24","region":"x","service":"CLOUDFRONT"}],"ipv6_prefixes":[]}'
        ),
        '{"values":[{"name":"AzureFrontDoor","properties":{"addressPrefixes":["192.0.2.0/24"]}}]}',
        '{"addresses":["192.0.2.0/24"],"ipv6_addresses":["2001:db8::/32"]}',
        '{"result":{"ipv4_cidrs":["192.0.2.0/24"]}}',
        "192.0.2.0/24\n198.51.100.0-198.51.100.9\n",
        '{"rrname":"a.example.","rrtype":"A","rdata":"192.0.2.1","time_first":1,"time_last":2}\n',
        "1,example.org\n2,example.net\n",
        "address,name,first_seen,last_seen\n192.0.2.1,a.example,2026-01-01,2026-02-01\n",
        "// ===BEGIN ICANN DOMAINS===\ncom\n// ===END ICANN DOMAINS===\n",
    )
    seeds = tuple(bytes([at]) + one.encode() for at, one in enumerate(texts))
    return Target(once=once, seeds=seeds)


def _facts_folder() -> Target:
    """Read a whole folder of facts of which one file is hostile."""
    from cautery.adapters._fact_files import KNOWN
    from cautery.adapters.facts_folder import FactsFolder

    names = ("facts.toml", *sorted({one.file for one in KNOWN.values()}))
    folder = Path(tempfile.mkdtemp(prefix="cautery-fuzz-", dir="/dev/shm" if _shm() else None))

    def once(data: bytes) -> None:
        if data:
            path = folder / names[data[0] % len(names)]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data[1:])
            try:
                facts = FactsFolder(folder)
                facts.shared("192.0.2.1")
                facts.names_on("192.0.2.1")
                facts.registered_domain("www.example.org")
            finally:
                path.unlink()

    toml = b'[ranges]\npath = "ranges.csv"\nkind = "ranges"\ndate = 2026-11-20\nvalid_days = 30\n'
    row = b"192.0.2.0/24,cloudflare,cdn\n"
    seeds = [bytes([0]) + toml] + [bytes([at]) + row for at in range(1, len(names))]
    return Target(once=once, seeds=tuple(seeds))


def _state() -> Target:
    """Load a state of which one file is hostile and its digests are right."""
    from cautery.workflows.networks.links import read_links
    from cautery.workflows.networks.state import files as state_files
    from cautery.workflows.networks.state.keep import clustered_in

    folder = Path(tempfile.mkdtemp(prefix="cautery-fuzz-", dir="/dev/shm" if _shm() else None))
    links, state = folder / "links.csv", folder / "state"
    rows = [
        f"{group}{n}.example,{kind},{kind}-{group}"
        for group in "ab"
        for n in range(4)
        for kind in ("payment", "certificate")
    ]
    links.write_text("\n".join(["subject,kind,value", *rows]) + "\n")
    clustered_in(state, read_links(links, now=NOW), write=_put)
    pointer = state / state_files.CURRENT
    current = json.loads(pointer.read_text())
    current.pop("digest", None)
    tables = sorted(current["tables"])

    def told(current: Any) -> bytes:
        body = {name: value for name, value in current.items() if name != "digest"}
        return state_files._json({**body, "digest": state_files._digest(state_files._json(body))})

    def once(data: bytes) -> None:
        if not data:
            return
        which = data[0] % (len(tables) + 1)
        if which == 0:
            try:
                pointer.write_bytes(told(json.loads(data[1:])))
            except (ValueError, RecursionError, AttributeError, TypeError):
                return
            state_files.load(state)
            return
        table = tables[which - 1]
        old = current["tables"][table]
        name = f"{old.split('-')[0]}-{state_files._digest(data[1:])}.fuzz"
        path = state / name
        path.write_bytes(data[1:])
        try:
            changed = {
                **current,
                "tables": {**current["tables"], table: name},
                "sizes": {**current["sizes"], name: len(data) - 1},
            }
            pointer.write_bytes(told(changed))
            state_files.load(state)
        finally:
            path.unlink()

    seeds = [b"\0" + json.dumps(current).encode()] + [
        bytes([at + 1]) + (state / current["tables"][name]).read_bytes()
        for at, name in enumerate(tables)
    ]
    return Target(once=once, seeds=tuple(seeds), longest=8192)


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


@cache
def _reference_file() -> bytes:
    from cautery.fingerprint import DEFAULT_RECIPE
    from cautery.identify import ReferenceInfo, References
    from cautery.identify.references.saved import save

    made = References(DEFAULT_RECIPE, [ReferenceInfo(id="film", kind="work")])
    made.add("film", _media(8), at_s=0.0)
    with tempfile.TemporaryDirectory() as folder:
        save(made, Path(folder) / "a.ref")
        return (Path(folder) / "a.ref").read_bytes()


def _media(seconds: int) -> Any:
    from cautery.model import Decoded

    rng = np.random.default_rng(7)
    times = np.arange(seconds * 8000) / 8000
    tones = rng.uniform(300, 3000, seconds * 8)
    audio = np.sin(2 * np.pi * np.repeat(tones, 1000) * times).astype(np.float32)
    luma = rng.integers(0, 255, (int(seconds * 12.5), 36, 64)).astype(np.uint8)
    at_s = np.arange(len(luma)) / 12.5
    return Decoded(audio=audio, audio_s=0.0, luma=luma, luma_s=at_s, duration_s=float(seconds))


def _reference(*, asked: bool) -> Target:
    """Load a reference file whose head or arrays are hostile and whose sums are right."""
    from cautery.identify.observe import observe
    from cautery.identify.references.container import _PAGE, _PREFIX, MAGIC
    from cautery.identify.references.opening import load as load_references

    good = _reference_file()
    _, length, _ = _PREFIX.unpack(good[: _PREFIX.size])
    head = good[_PREFIX.size : _PREFIX.size + length]
    body = good[_PREFIX.size + length + -(_PREFIX.size + length) % _PAGE :]
    probe = _media(4)

    def loaded(path: Path) -> None:
        references = load_references(path, verify=False)
        if asked:
            observe(probe, references, media_at_s=0.0, at=NOW)

    opened = _file(loaded, "a.ref")

    def once(data: bytes) -> None:
        if not data:
            return
        if data[0] & 1:  # a hostile head over the arrays that were saved
            said, arrays = data[1:], body
        else:  # hostile arrays: (place, bytes) laid over those that were saved
            at = int.from_bytes(data[1:4], "little") % len(body)
            said = head
            arrays = body[:at] + data[4:][: len(body) - at] + body[at + len(data[4:]) :]
        whole = _PREFIX.pack(MAGIC, len(said), zlib.crc32(said)) + said
        opened(whole + b"\0" * (-len(whole) % _PAGE) + arrays)

    pieces = [
        b"\0" + at.to_bytes(3, "little") + body[at : at + 256] for at in range(0, len(body), 4096)
    ]
    return Target(once=once, seeds=(b"\1" + head, *pieces[:200]), longest=8192)


@cache
def _clips() -> Mapping[str, bytes]:
    """Return small media of our own in every container that is opened."""
    import av

    forms = {
        "mpegts": ("mpeg2video", "mp2"),
        "matroska": ("mpeg4", "aac"),
        "mp4": ("mpeg4", "aac"),
        "flv": ("flv1", "mp3"),
        "ogg": (None, "libopus"),
        "flac": (None, "flac"),
        "mp3": (None, "mp3"),
        "wav": (None, "pcm_s16le"),
        "adts": (None, "aac"),
        "ac3": (None, "ac3"),
        "mpeg": ("mpeg1video", "mp2"),
        "asf": ("wmv2", "mp3"),
        "avi": ("mpeg4", "mp3"),
        "au": (None, "pcm_s16be"),
    }
    made = {}
    for form, (picture, sound) in forms.items():
        out = io.BytesIO()
        with av.open(out, "w", format=form) as output:
            video: Any = None
            if picture is not None:
                video = output.add_stream(picture, rate=25)
                video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
                video.bit_rate = 100_000
            audio: Any = output.add_stream(sound, rate=48000)
            rng = np.random.default_rng(3)
            for index in range(5):
                if video is not None:
                    luma = rng.integers(0, 255, (72, 64)).astype(np.uint8)
                    frame: Any = av.VideoFrame.from_ndarray(luma, "yuv420p")
                    frame.pts = index
                    output.mux(video.encode(frame))
                heard = (rng.standard_normal((1, 1152 * 2)) * 3000).astype(np.int16)
                samples: Any = av.AudioFrame.from_ndarray(heard, "s16", "stereo")
                samples.sample_rate, samples.pts = 48000, 1152 * index
                output.mux(audio.encode(samples))
            if video is not None:
                output.mux(video.encode(None))
            output.mux(audio.encode(None))
        made[form] = out.getvalue()
    return made


def _decoder(entry: str) -> Target:
    """Decode in this process what the child would decode: whatever dies here would die there."""
    import av

    from cautery.adapters._decoder_media import parts
    from cautery.adapters._decoder_source import Refusal
    from cautery.adapters._decoder_still import still
    from cautery.adapters._sniff import container_of

    av.logging.set_level(None)

    def once(data: bytes) -> None:
        name = container_of(data)
        if entry == "still":
            still(io.BytesIO(data), name, at_s=0.04)
            return
        pictures = entry != "sound"
        part_s = 0.05 if entry == "parts" else float("inf")
        read = parts(io.BytesIO(data), name, pictures=pictures, part_s=part_s, most_s=4.0)
        for _ in itertools.islice(read, 200):
            pass

    return Target(
        once=once,
        seeds=tuple(_clips().values()),
        # A child that needs more memory than allowed refuses.
        answers=(CauteryError, Refusal, MemoryError),
        longest=40_000,
    )


def _sniffed() -> Target:
    from cautery.adapters._sniff import container_of
    from cautery.formats.mpegts import without_pictures

    def once(data: bytes) -> None:
        without_pictures(data)
        container_of(data)

    return Target(once=once, seeds=tuple(_clips().values()))


def _signer() -> Target:
    """Ask the signer what nobody should, and read what an impostor of it answers."""
    from cautery.adapters._signer_talk import framed, receive
    from cautery.errors import EvidenceError
    from cautery.evidence.signing import require_signable

    def once(data: bytes) -> None:
        pipe = io.BytesIO(data)
        try:
            receive(pipe.read)
        except (EvidenceError, EOFError, ValueError):
            pass
        require_signable(data.decode(), name=name, last=None)

    name = "cautery/case-fuzz"
    text = f"{name}\n7\n{base64.b64encode(bytes(32)).decode()}\n"
    return Target(
        once=once,
        seeds=(framed([b"sign", text.encode()]), text.encode()),
        answers=(CauteryError, UnicodeDecodeError),
    )


def _all() -> Iterator[tuple[str, Callable[[], Target]]]:
    for kind in sorted(one.name for one in SAMPLES.iterdir()):
        yield kind, lambda kind=kind: _reader(kind)
    yield from {
        "guess": _guess,
        "html": _html,
        "portal": _portal,
        "registration": _registration,
        "reply": _reply,
        "screen": _screen,
        "packed": _packed,
        "note": _note,
        "custody": _custody,
        "opening": _opening,
        "signed_pdf": _signed_pdf,
        "manifest": _manifest,
        "leaf": _leaf,
        "warc": _warc,
        "bundle": _bundle,
        "letter": _letter,
        "deconfliction": _deconfliction,
        "statements": _statements,
        "mandate": _mandate,
        "facts": _facts,
        "facts_folder": _facts_folder,
        "state": _state,
        "reference": lambda: _reference(asked=False),
        "reference_asked": lambda: _reference(asked=True),
        "signer": _signer,
        "sniffed": _sniffed,
    }.items()
    # They take Target from here, so they are read last.
    from targets_decoys import OF_DECOYS
    from targets_exchange import OF_EXCHANGE
    from targets_outside import OUTSIDE

    yield from OUTSIDE.items()
    yield from OF_DECOYS.items()
    yield from OF_EXCHANGE.items()
    for entry in ("sound", "pictures", "parts", "still"):
        yield f"decode_{entry}", lambda entry=entry: _decoder(entry)


TARGETS: Mapping[str, Callable[[], Target]] = dict(_all())
"""Each makes its target when it is called: that may load compiled code."""


_SLOW = {"state": 100_000, "facts_folder": 100_000, "reference_asked": 10_000}
"""Folders are read whole, and references are searched: 5 to 50 ms each."""


def inputs_of(name: str) -> int:
    """Return how many inputs a target must stand; FFmpeg takes a thousand times a reader's time."""
    return _SLOW.get(name, 100_000 if name.startswith("decode_") else 1_000_000)
