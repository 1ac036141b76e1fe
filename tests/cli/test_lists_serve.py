"""``cautery lists serve`` from the command line: three listeners over one folder, and its settings."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.lists import entry, lasting
from tests.public_lists import Shown

from cautery.errors import InputError
from cautery.lab.certificates import Authority, self_signed
from cautery.wiring.face import read_face

from .conftest import Ran

HEAD = 'folders = ["public"]\nname = "Desk"\ncontact = "a@b.example"\nurl = "http://127.0.0.1"\n'


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    shown = Shown(tmp_path / "public")
    shown.add(*lasting(entry("a.example"), until=datetime.now(UTC) + timedelta(hours=1)))
    order = {"territory": "FR", "order": "O", "kind": "live", "secret": False}
    shown.files.write("about.json", json.dumps({"who": "L", "orders": [order]}).encode())
    shown.show(datetime.now(UTC))
    server = Authority(tmp_path / "ca").vouch("127.0.0.1")
    self_signed(tmp_path / "isp.pem", "isp")
    path = tmp_path / "face.toml"
    path.write_text(
        f'{HEAD}[feeds]\nlisten = "127.0.0.1:0"\ncertificate = "{server}"\n'
        f'[[provider]]\nlist = "{shown.standing.id}"\ncertificate = "isp.pem"\n'
        '[public]\nlisten = "127.0.0.1:0"\n'
        '[blocked]\nlisten = "127.0.0.1:0"\nby = "https://isp.example"\nname = "ISP"\n'
    )
    return path


@pytest.fixture
def served(settings: Path) -> Iterator[dict[str, str]]:
    """Serve, and return where each listener is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cautery", "lists", "serve", str(settings)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    places = {}
    for _ in range(3):
        line = process.stderr.readline()
        match = re.fullmatch(r"(.+) at (https?://\S+)\n", line)
        assert match is not None, line + process.stderr.read()
        places[match[1]] = match[2]
    yield places
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_the_three_listeners_answer_and_end_in_order(served: dict[str, str]) -> None:
    assert set(served) == {"lists", "pages", "451 page"}
    with urllib.request.urlopen(served["pages"] + "/lookup.json?q=a.example") as answer:
        body = json.load(answer)
        assert answer.headers["Server"] == "cautery"
    assert [block["order"] for block in body["blocks"]] == ["O"]
    request = urllib.request.Request(served["451 page"] + "/x", headers={"Host": "a.example"})
    with pytest.raises(urllib.request.HTTPError) as blocked:
        urllib.request.urlopen(request)
    assert blocked.value.code == 451
    blocked.value.close()
    assert served["lists"].startswith("https://")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name"),
        (HEAD.partition("\n")[2] + '[public]\nlisten = "127.0.0.1:0"\n', "folders"),
        ("x" * 2_000_000, "over"),
        ("[", "TOML"),
        (HEAD, "none of"),
        (HEAD + "colour = 1\n", "colour"),
        (HEAD + '[public]\nlisten = "443"\n', "HOST:PORT"),
        (HEAD + '[feeds]\nlisten = "127.0.0.1:0"\n', "over TLS alone"),
        (HEAD + '[feeds]\nlisten = "127.0.0.1:0"\ncertificate = "x"\n', "serves nobody"),
        (HEAD + '[blocked]\nlisten = "127.0.0.1:0"\nby = "isp"\nname = "I"\n', "http"),
        (HEAD.replace("http:", "file:") + '[public]\nlisten = "127.0.0.1:0"\n', "url"),
    ],
)
def test_faulty_settings_are_refused_with_the_key(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "face.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_face(path)


def test_what_cannot_be_served_is_bad_use(
    cautery: Callable[..., Ran], settings: Path, tmp_path: Path
) -> None:
    (tmp_path / "isp.pem").write_text("no certificate")
    ran = cautery("lists", "serve", settings)
    assert (ran.code, "isp.pem" in ran.err) == (2, True)
    settings.write_text(HEAD.replace("public", "nowhere") + '[public]\nlisten = "127.0.0.1:0"\n')
    ran = cautery("lists", "serve", settings)
    assert (ran.code, "no such folder" in ran.err) == (2, True)
    assert cautery("lists", "serve", tmp_path / "none.toml").code == 2
