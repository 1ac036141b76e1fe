"""A different secret in every hidden field of a mandate, and none of them anywhere in clear.

Watch, purchase, seized take and an operation's desk run over it on loopback, with wrong logins and
hosts that do not answer; then everything that they wrote or said is searched.
"""

from __future__ import annotations

import base64
import functools
import http.server
import io
import os
import re
import subprocess
import sys
import threading
import traceback
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import quote, quote_plus

import numpy as np
import polars as pl
import pytest
from tests.lists import MANDATE, PEOPLE

from cautery.errors import MandateError
from cautery.lab.certificates import Authority
from cautery.model import Hidden, Mandate
from cautery.wiring.lists import new_lists
from cautery.workflows.mandate.read import read_mandate

pytestmark = pytest.mark.journey

SAMPLES = Path(__file__).parents[1] / "formats" / "assets" / "samples"
WINDOW_S = 40.0
IBAN = "IT60X0542811101000000123456"
OPERATION = """
[operation]
id = "op-1"
name = "Test"
regime = "led"
legal_basis = "a court's order"
opened_at = 2024-11-01T00:00:00Z
lab = true
[[agency]]
id = "it-postal"
name = "Polizia Postale"
country = "IT"
role = "lead"
competence = ["investigate", "seize"]
contact = "duty"
zone = "Europe/Rome"
"""
SEARCH = f"""
[[exhibit]]
number = "IT-0001"
kind = "bank account"
search = "S-1"
agency = "it-postal"
description = "current account"
place = "flat 7"
finder = "it-postal/4471"
seal = "SEAL-1"
seized_at = 2024-11-26T05:10:00Z
[exhibit.details]
iban = "{IBAN}"
"""


class Secrets:
    """Makes secrets, each unlike any other; some have letters that URLs and Base64 write apart."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, shape: str = "{}") -> str:
        number = len(self.made) + 1
        self.made.append(f"Zq{number:02d}" + shape.format(f"kP{number * 7919 % 9973:04d}x"))
        return self.made[-1]

    def mac(self) -> str:
        self.made.append(f"00:1A:{len(self.made) // 100:02d}:{len(self.made) % 100:02d}:5E:C7")
        return self.made[-1]

    def quoted(self) -> str:
        return quote(self("+{}/="), safe="")


def forms(secret: str) -> set[bytes]:
    """Return how a secret may be written: plainly, in a URL, in Base64 at any offset."""
    written = {secret, quote(secret, safe=""), quote_plus(secret), quote(secret)}
    found = {one.encode() for one in written} | {one.lower().encode() for one in written}
    for one in list(found):
        for offset in range(3):
            whole = base64.b64encode(bytes(offset) + one)
            cut = whole[(0, 2, 3)[offset] : len(whole) // 4 * 4 - 4]
            found |= {cut, cut.replace(b"+", b"-").replace(b"/", b"_")}
    return {one for one in found if len(one) >= 6}


def any_of(secrets: Iterable[str]) -> re.Pattern[bytes]:
    """Return what finds any secret in any form."""
    return re.compile(b"|".join(sorted(re.escape(one) for each in secrets for one in forms(each))))


def mandate_text(folder: Path, port: int, secret: Secrets, *, regime: str, window_s: float) -> str:
    """Return a mandate with a secret in every field that is hidden; the folders have one, too."""
    place = folder / secret()
    (place / "facts").mkdir(parents=True)
    with wave.open(str(place / "film.wav"), "wb") as film:
        film.setnchannels(1)
        film.setsampwidth(2)
        film.setframerate(8000)
        film.writeframes(np.random.default_rng(17).bytes(2 * 8000 * 30))
    (place / "list.m3u").write_text("#EXTM3U\n#EXTINF:-1,Film\nhttp://127.9.3.1:9/film.ts\n")
    (place / "receipt.txt").write_text("paid")
    log = ("log", "new", place / "log", "--origin", f"{regime}.example", "--keys", folder / "keys")
    command = [sys.executable, "-m", "cautery", *map(str, log)]
    subprocess.run(command, check=True, capture_output=True)  # it says where the log is
    lists_key = new_lists(place / "lists", f"{regime}.example", MANDATE, keys_dir=folder / "keys")
    approvers = "".join(
        f'[[approver]]\nname = "{person.name}"\nrole = "legal"\npublic_key = "{person.public_key}"\n'
        for person in PEOPLE
    )
    line = place / "line.toml"
    line.write_text(f'username = "{secret()}"\npassword = "{secret("+{}/=")}"\n')
    line.chmod(0o600)
    authority = Authority(place)
    ours = authority.vouch("watch.league.example")
    now = datetime.now(UTC)
    here, gone = f"127.9.3.1:{port}", "127.9.3.9:4009"

    def login() -> str:
        return f"{secret.quoted()}:{secret.quoted()}@"

    def own(host: str, name: str, scheme: str = "http") -> str:
        """Return a URL of ours with a secret in each of its parts."""
        path = f"{secret.quoted()}/{name}" if scheme == "http" else ""
        return f"{scheme}://{login()}{host}/{path}?{secret()}={secret.quoted()}#{secret()}"

    return f"""
[mandate]
id = "all"
who = "Example League"
regime = "{regime}"
legal_basis = "exclusive rights"
start = {(now - timedelta(seconds=1)).isoformat()}
end = {(now + timedelta(seconds=window_s)).isoformat()}
territories = ["FR"]
lab = true
[[event]]
id = "match"
name = "Match"
kick_off = {now.isoformat()}
clean_feed = "{own(here, "clean.m3u8")}"
[[channel]]
id = "one"
names = ["One"]
event = "match"
reference = "{own(gone, "one.m3u8")}"
[[channel]]
id = "two"
names = ["Two"]
reference = "srt://127.9.3.9:9?passphrase={secret("{}abcdef")}&streamid={secret()}"
[[work]]
id = "film"
title = "A Film"
reference = "{place.name}/film.wav"
[[work]]
id = "other"
title = "Another Film"
reference = "{own(here, "other.mp4")}"
[[fixtures]]
url = "{own(here, "league.ics")}"
clean_feed = "{own(here, "fixtures.m3u8")}"
[[source]]
url = "http://{login()}{here}/list.m3u?password={secret.quoted()}&token={secret.quoted()}"
kind = "m3u"
access = "test-purchase"
receipt = "no. 7"
vantages = ["home"]
[[source]]
url = "http://{login()}{gone}/live/{secret()}/{secret()}/17.ts"
kind = "stream"
access = "test-purchase"
receipt = "no. 8"
[[source]]
url = "http://{login()}{here}/"
kind = "xtream"
access = "test-purchase"
receipt = "no. 9"
username = "{secret()}"
password = "{secret("+{}/=")}"
[[source]]
url = "http://{login()}{here}/c/"
kind = "stalker"
access = "test-purchase"
receipt = "no. 10"
mac = "{secret.mac()}"
[[source]]
url = "http://{login()}{here}/guide.xml"
kind = "xmltv"
purchase = "P-1"
[[source]]
path = "{place.name}/list.m3u"
kind = "m3u"
[[vantage]]
name = "home"
country = "FR"
proxy = "socks5://{login()}{gone}"
[[purchase]]
id = "P-1"
service = "Best TV"
authorised_by = "A. Legal"
authorisation = "decree 1"
bought_at = {(now - timedelta(days=1)).isoformat()}
merchant = "BTV"
amount = "12.99"
currency = "EUR"
means = "card"
receipt = "{place.name}/receipt.txt"
line = "{place.name}/line.toml"
[[intermediary]]
name = "ISP"
territory = "FR"
list_url = "{own(gone, "list")}"
proxy = "http://{login()}{gone}/"
[[intermediary]]
name = "ISP over TLS"
territory = "FR"
list_url = "{own("127.9.3.8:9", "list", "https")}"
[[service]]
host = "127.9.3.8"
ca = "{place.name}/{authority.path.name}"
client_cert = "{place.name}/{ours.name}"
client_key = "{place.name}/{ours.name}"
[network]
allow = ["127.9.0.0/16"]
rate_per_host = 50.0
facts = "{place.name}/facts"
rdap = "{own(gone, "rdap")}"
[log]
folder = "{place.name}/log"
[lists]
folder = "{place.name}/lists"
key = "{lists_key}"
{approvers}"""


def hidden_in(noun: Any, where: str = "") -> Iterator[tuple[str, Hidden]]:
    """Yield every hidden value of a noun with its place."""
    if isinstance(noun, Hidden):
        yield where, noun
    elif is_dataclass(noun):
        for one in fields(noun):
            place = f"{type(noun).__name__}.{one.name}"
            yield from hidden_in(getattr(noun, one.name), place)
    elif isinstance(noun, tuple):
        for one in noun:
            yield from hidden_in(one, where)


def parts_of(hint: Any) -> Iterator[Any]:
    """Yield a type and every type inside it."""
    yield hint
    for one in get_args(hint):
        yield from parts_of(one)


def hidden_fields(noun: type, seen: set[type]) -> set[str]:
    """Return every field below a noun that is of a hidden type."""
    seen.add(noun)
    found: set[str] = set()
    for one in fields(noun):
        for kind in parts_of(get_type_hints(noun)[one.name]):
            if isinstance(kind, type) and issubclass(kind, Hidden):
                found.add(f"{noun.__name__}.{one.name}")
            elif is_dataclass(kind) and kind not in seen:
                found |= hidden_fields(kind, seen)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What all commands wrote and said."""

    folder: Path
    mandates: tuple[Mandate, ...]
    texts: tuple[str, ...]
    secrets: tuple[str, ...]
    said: dict[str, bytes]
    codes: dict[str, int]


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A server that knows one list, and refuses every other login."""

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path.startswith("/list.m3u")
            body = b"#EXTM3U\n#EXTINF:-1,Film\nhttp://127.9.3.1:9/x.ts\n" if known else b"no"
            self.send_response(200 if known else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    held = http.server.ThreadingHTTPServer(("127.9.3.1", 0), functools.partial(Refusing))
    threading.Thread(target=held.serve_forever, daemon=True).start()
    yield held.server_address[1]
    held.shutdown()
    held.server_close()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, server: int) -> Run:
    folder = tmp_path_factory.mktemp("secrets")
    secret = Secrets()
    mandates, texts, said, codes = [], [], {}, {}
    temporary = folder / "tmp"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary), "CAUTERY_KEYS": str(folder / "keys")}

    def cautery(*arguments: object, stdin: str = "") -> None:
        name = " ".join(map(str, arguments[:2]))
        process = subprocess.Popen(
            [sys.executable, "-m", "cautery", *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip
        spilt: dict[Path, bytes] = {}
        gone = threading.Event()

        def look() -> None:
            while not gone.wait(0.2):
                for one in temporary.rglob("*"):
                    try:
                        spilt[one] = one.read_bytes() if one.is_file() else b""
                    except OSError:
                        continue

        looking = threading.Thread(target=look)
        looking.start()
        out, err = process.communicate(stdin.encode(), timeout=150)
        gone.set()
        looking.join()
        codes[name] = process.returncode
        said[name] = said.get(name, b"") + out + err
        for path, body in spilt.items():
            said[f"tape {path.name}"] = str(path).encode() + body

    for regime, window_s in (("led", 600.0), ("gdpr", WINDOW_S)):
        path = folder / f"{regime}.toml"
        path.write_text(mandate_text(folder, server, secret, regime=regime, window_s=window_s))
        texts.append(path.read_text())
        mandates.append(read_mandate(path, now=datetime.now(UTC)))
    case = folder / "case"
    cautery("watch", folder / "gdpr.toml", "--case", case, "--json")
    cautery("seized", "take", SAMPLES / "panel_sql", "--case", folder / "seized",
            "--mandate", folder / "led.toml", "--by", "A. Bianchi", "--json")  # fmt: skip
    line = folder / "bought.toml"
    line.write_text(f'username = "{secret()}"\npassword = "{secret("+{}/=")}"\n')
    line.chmod(0o600)
    cautery("purchase", folder / "led.toml", "--case", folder / "bought", "--id", "P-2",
            "--service", "Best TV", "--authorised-by", "A. Legal", "--authorisation", "decree 2",
            "--merchant", "BTV", "--amount", "1.00", "--currency", "EUR", "--means", "card",
            "--line", line)  # fmt: skip
    cautery("mandate", "show", folder / "led.toml", "--json")
    cautery("mandate", "show", folder / "led.toml")
    for one in ("verify", "exhibit"):
        cautery(one, case)
    cautery("exhibit", case, "--json")
    (folder / "op.toml").write_text(OPERATION)
    (folder / "search.toml").write_text(SEARCH)
    desk = folder / "desk"
    cautery("operation", "open", folder / "op.toml", "--agency", "it-postal", "--case", desk)
    cautery("operation", "exhibit", "add", desk, folder / "search.toml")
    cautery("operation", "exhibit", "totals", desk, "--json")
    return Run(
        folder=folder,
        mandates=tuple(mandates),
        texts=tuple(texts),
        secrets=(*secret.made, IBAN),
        said=said,
        codes=codes,
    )


def test_the_commands_ran_so_that_what_they_do_not_say_says_something(run: Run) -> None:
    # A case that is verified without a key from outside is consistent, which has a code of its own.
    assert {name.split()[0]: code for name, code in run.codes.items() if code} == {"verify": 3}
    assert b"source.read" in run.said[f"watch {run.folder / 'gdpr.toml'}"]


def test_every_hidden_field_of_the_mandate_has_a_secret_in_it(run: Run) -> None:
    held = {
        where
        for mandate in run.mandates
        for where, value in hidden_in(mandate)
        if any(one in value.reveal() or quote(one, safe="") in value.reveal()
               for one in run.secrets)
    }  # fmt: skip
    inherited = {"Calendar.username", "Calendar.password", "Calendar.mac"}
    # No night is tested blind here: the path of a sealed plan is hidden by the type of its field.
    untested = {"DecoysPolicy.sealed"}
    assert held == hidden_fields(Mandate, set()) - inherited - untested


def test_every_secret_of_a_mandate_lies_in_a_hidden_field(run: Run) -> None:
    assert any_of(run.secrets).findall(str(run.mandates).encode()) == []


def test_nothing_that_was_said_or_left_on_a_tape_holds_a_secret(run: Run) -> None:
    assert any(name.startswith("tape") for name in run.said)
    told = any_of(run.secrets)
    for name, body in run.said.items():
        assert told.findall(body) == [], name


def test_no_file_of_a_case_holds_a_secret(run: Run) -> None:
    files = [
        one
        for case in ("case", "seized", "bought", "desk")
        for one in (run.folder / case).rglob("*")
        if one.is_file()
    ]
    assert {"ledger.sqlite", "report.html"} <= {one.name for one in files}
    told = any_of(run.secrets)
    for path in files:
        body = path.read_bytes()
        if body.startswith(b"PAR1"):
            body = str(pl.read_parquet(io.BytesIO(body)).rows()).encode()
        assert told.findall(body) == [], path


def test_a_mandate_that_is_broken_anywhere_is_refused_without_its_secrets(run: Run) -> None:
    text = run.texts[-1]
    path, told = run.folder / "broken.toml", any_of(run.secrets)
    lines = text.splitlines()
    tried = 0
    for number, line in enumerate(lines):
        if "Zq" not in line or "=" not in line:
            continue
        key, _, value = line.partition(" = ")
        for wrong in (
            f"{key} {value}", f"{key} = {value[:-1]}", f"{key} = {value[1:]}", f"{key} = [{value}]",
            f"{key} = {value.strip(chr(34))}", f"{value} = {key}", line + "\n" + line,
            f'{key} = {value[:-1]}\\q"', f"{key} = {value.replace('127', '[127')}",
            f"{key} = {value.replace('127.9.3.1:', '127.9.3.1:x')}", f"x{key} = {value}",
            f"{key} = {value.replace('http://', '')}", f"{key} = {value.replace('http', 'ftp')}",
            f"{key} = {{ a = {value} }}", f"{key} = {value[:1]} {value[1:]}",
            f"{key} = {value.replace('@', '/@')}", f"{key} = {value[:-1]}{'x' * 300}\"",
        ):  # fmt: skip
            path.write_text("\n".join([*lines[:number], wrong, *lines[number + 1 :]]))
            try:
                read_mandate(path, now=datetime.now(UTC) - timedelta(hours=1))
            except MandateError as error:
                tried += 1
                shown = "".join(traceback.format_exception(error)) + error.hint
                assert told.findall(shown.encode()) == [], shown
    assert tried > 200
