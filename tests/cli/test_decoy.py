"""``cautery decoy`` as a planner runs it."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery import wiring
from cautery.adapters._decoy_child import trial_segment
from cautery.adapters.clock import FixedClock
from cautery.adapters.person_keys import create_approver, load_approver
from cautery.cli.decoy import _place
from cautery.errors import InputError, SourceError
from cautery.evidence.sealed_night import SEALED_FILE, read_sealed
from cautery.lab.stamping import LabAuthority
from cautery.lab.stamping_server import StampingServer
from cautery.model import ExhibitId
from cautery.model.ledger import append, contents
from cautery.model.records import CaseOpened, DecoyRevealed, DecoysPlanned
from cautery.wiring import cases
from cautery.wiring.decoy_process import KeeperProcess
from cautery.workflows.case.open import open_case
from cautery.workflows.mandate.read import read_mandate

Cautery = Callable[..., Any]
NOW = datetime.now(UTC).replace(microsecond=0)
START, END = NOW - timedelta(minutes=5), NOW + timedelta(hours=1)
BEFORE = START - timedelta(minutes=5)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Planning:
    """The files of a planner."""

    folder: Path
    clock: Callable[[datetime], None]

    @property
    def programme(self) -> Path:
        return self.folder / "derby.toml"

    @property
    def mandate(self) -> Path:
        return self.folder / "mandate.toml"

    @property
    def key(self) -> Path:
        return self.folder / "planner.pem"

    @property
    def night(self) -> Path:
        return self.folder / "night"

    @property
    def options(self) -> tuple[object, ...]:
        return ("--mandate", self.mandate, "--key", self.key, "-o", self.night)


@pytest.fixture
def planning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planning:
    def at(moment: datetime) -> None:
        monkeypatch.setattr(wiring, "clock", lambda: FixedClock(moment))

    (tmp_path / "piece.ts").write_bytes(trial_segment())
    rows = "#EXTINF:1.0,\npiece.ts\n" * 12
    for name in ("clean", "old"):
        (tmp_path / f"{name}.m3u8").write_text("#EXTM3U\n" + rows)
    key = create_approver(tmp_path / "planner.pem").public_key().public_bytes_raw()
    (tmp_path / "mandate.toml").write_text(
        f"""\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = {_time(BEFORE - timedelta(hours=1))}
end = {_time(END + timedelta(hours=1))}
territories = ["IT"]
lab = true
[[event]]
id = "derby"
name = "Roma - Lazio"
kick_off = {_time(NOW)}
clean_feed = "clean.m3u8"
[network]
allow = ["127.0.0.0/8"]
[decoys]
sealed = "night/sealed.json"
keeper = "http://127.0.0.1:8790"
planner = "{base64.b64encode(key).decode()}"
own = ["127.0.0.0/24"]
"""
    )
    (tmp_path / "derby.toml").write_text(
        f"""\
night = "derby-1"
planner = "P. Lan"
start = {_time(START)}
end = {_time(END)}
own = ["127.0.0.0/8"]
own_streams = 2
look_alikes = 2
delay_s = [3, 6]
appears_s = [0, 5]
titles = ["{{event}} LIVE"]
disguises = ["mirror", "tinted"]
[[host]]
name = "127.0.0.1"
address = "127.0.0.1"
port = 9
[[list]]
host = "127.0.0.1"
path = "/sports.m3u"
[[media]]
path = "clean.m3u8"
event = "derby"
[[media]]
path = "old.m3u8"
kind = "last-year"
[[recipe]]
name = "tinted"
vf = "hue=h=20"
"""
    )
    at(BEFORE)
    return Planning(tmp_path, at)


def test_a_night_is_planned_and_shown(planning: Planning, cautery: Cautery) -> None:
    ran = cautery("decoy", "plan", planning.programme, *planning.options)
    assert ran.code == 0
    assert "planned  4 decoys of night derby-1" in ran.err
    assert "no outsider vouches for the time" in ran.err
    assert "the mandate does not read the list http://127.0.0.1:9/sports.m3u" in ran.err
    assert {path.name for path in planning.night.iterdir()} == {"sealed.json", "plan.sealed"}
    assert planning.night.stat().st_mode & 0o777 == 0o700
    assert (planning.night / "plan.sealed").stat().st_mode & 0o777 == 0o600
    shown = cautery("decoy", "show", planning.night)
    assert "P. Lan" in shown.out
    assert "none: no outsider vouches" in shown.out
    row = json.loads(cautery("decoy", "show", planning.night, "--json").out)
    assert (row["count"], row["time_stamp"]) == (4, False)
    assert cautery("decoy", "show", planning.night, "--csv").out.startswith("what,value")


def test_a_plan_is_shown_to_nobody_before_its_time(planning: Planning, cautery: Cautery) -> None:
    cautery("decoy", "plan", planning.programme, *planning.options)
    early = cautery("decoy", "show", planning.night, "--key", planning.key)
    assert early.code == 1
    assert "shown to nobody before" in early.err
    assert "live" not in early.out
    planning.clock(END)
    late = cautery("decoy", "show", planning.night, "--key", planning.key)
    assert late.code == 0
    assert late.out.count("/live/") == 4
    assert (
        len(
            cautery(
                "decoy", "show", planning.night, "--key", planning.key, "--json"
            ).out.splitlines()
        )
        == 4
    )


def test_a_stamped_night_is_stamped_before_anything_is_written(
    planning: Planning, cautery: Cautery, tmp_path: Path
) -> None:
    real = datetime.now(UTC)
    day = timedelta(days=1)
    authority = LabAuthority(tmp_path / "tsa", begins=real - day, ends=real + day)
    text = planning.programme.read_text()
    later = text.replace(_time(START), _time(real + timedelta(minutes=30)))
    planning.programme.write_text(later)
    planning.clock(real)
    with StampingServer(authority) as server:
        options = ("--authority", server.url, "--authority-root", authority.folder / "root.pem")
        ran = cautery("decoy", "plan", planning.programme, *planning.options, *options, "--json")
        assert ran.code == 0
        assert json.loads(ran.out)["stamped_at"]
        night = read_sealed((planning.night / SEALED_FILE).read_bytes())
        assert night.stamp
        server.is_down = True
        other = (*planning.options[:-1], tmp_path / "other", *options)
        assert cautery("decoy", "plan", planning.programme, *other).code == 1
        assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("hue=h=20", "hue=what=20", "FFmpeg does not take this recipe"),
        ("hue=h=20", "movie=film.ts", "'movie' is not allowed"),
        ('path = "clean.m3u8"', 'path = "gone.m3u8"', "own media cannot be read"),
        ('name = "127.0.0.1"', 'name = "198.51.100.1"', "stranger's server"),
        ('planner = "P. Lan"', 'planner = "P.\\u202e Lan"', "in one printable line"),
    ],
)
def test_a_night_that_cannot_be_is_refused_and_nothing_is_written(
    planning: Planning, cautery: Cautery, old: str, new: str, sentence: str
) -> None:
    planning.programme.write_text(planning.programme.read_text().replace(old, new))
    ran = cautery("decoy", "plan", planning.programme, *planning.options)
    assert ran.code == 2
    assert sentence in ran.err
    assert not planning.night.exists()


def test_a_second_planner_must_have_a_key_of_their_own(
    planning: Planning, cautery: Cautery, tmp_path: Path
) -> None:
    cautery("decoy", "plan", planning.programme, *planning.options)
    text = planning.programme.read_text()
    planning.programme.write_text(text.replace("P. Lan", "Q. Lan"))
    beside = (*planning.options[:-1], tmp_path / "other", "--beside", planning.night)
    ran = cautery("decoy", "plan", planning.programme, *beside)
    assert ran.code == 2
    assert "one key opens both plans" in ran.err
    mine, other = (
        base64.b64encode(key.public_key().public_bytes_raw()).decode()
        for key in (
            load_approver(tmp_path / "planner.pem"),
            create_approver(tmp_path / "other.pem"),
        )
    )
    mandate = planning.mandate.read_text()
    planning.mandate.write_text(mandate.replace(mine, other))
    ran = cautery(
        "decoy", "plan", planning.programme, "--mandate", planning.mandate,
        "--key", tmp_path / "other.pem", "-o", tmp_path / "other", "--beside", planning.night,
    )  # fmt: skip
    assert ran.code == 0


def test_a_folder_with_something_in_it_is_left_alone(planning: Planning, cautery: Cautery) -> None:
    cautery("decoy", "plan", planning.programme, *planning.options)
    sealed = (planning.night / SEALED_FILE).read_bytes()
    ran = cautery("decoy", "plan", planning.programme, *planning.options, "--seed", 1)
    assert ran.code == 2
    assert "there is something already" in ran.err
    assert (planning.night / SEALED_FILE).read_bytes() == sealed


def test_the_example_is_planned_but_for_its_media(planning: Planning, cautery: Cautery) -> None:
    text = cautery("decoy", "programme", "--mandate", planning.mandate).out
    assert 'event = "derby"' in text
    planning.programme.write_text(text)
    ran = cautery("decoy", "plan", planning.programme, *planning.options)
    assert ran.code == 2
    assert "last-year.m3u8" in ran.err
    assert 'event = "derby"' in cautery("decoy", "programme").out


def test_a_night_is_revealed_in_its_case(
    planning: Planning, cautery: Cautery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUTERY_KEYS", str(planning.folder / "keys"))
    cautery("decoy", "plan", planning.programme, *planning.options)
    path = planning.folder / "case"
    held = open_case(path, store=cases.store(), clock=FixedClock(BEFORE))
    sealed = read_sealed((planning.night / SEALED_FILE).read_bytes()).sealed
    mandate = read_mandate(planning.mandate, now=BEFORE)
    opened = CaseOpened(mandate=mandate, version="", lab=True, key="")
    append(held.ledger, opened, at=BEFORE)
    append(
        held.ledger,
        DecoysPlanned(at=BEFORE, sealed=sealed, exhibit=ExhibitId("sha256:0"), key="0"),
        at=BEFORE,
    )
    held.leave()
    reveal = ("decoy", "reveal", planning.night, "--key", planning.key, "--case", path)
    assert cautery(*reveal).code == 1
    abandoned = cautery(*reveal, "--abandon")
    assert abandoned.code == 2
    assert "needs a reason" in abandoned.err
    planning.clock(END)
    ran = cautery(*reveal)
    assert ran.code == 0
    assert "revealed 4 decoys; 0 were on record before" in ran.err
    assert "own-stream     2" in ran.out
    assert json.loads(cautery(*reveal, "--json").out)["before"] == 4
    with cases.reading(path) as case:
        assert len(list(contents(case.ledger, DecoyRevealed))) == 4


def test_a_wrong_key_opens_nothing(planning: Planning, cautery: Cautery) -> None:
    cautery("decoy", "plan", planning.programme, *planning.options)
    create_approver(planning.folder / "other.pem")
    for command in (
        ("show", planning.night),
        ("reveal", planning.night, "--case", planning.folder),
        ("serve", planning.night, "--mandate", planning.mandate),
    ):
        ran = cautery("decoy", *command, "--key", planning.folder / "other.pem")
        assert ran.code == 1
        assert "does not open the plan" in ran.err
        assert "/live/" not in ran.out + ran.err


def test_plain_http_towards_the_gate_stays_on_this_machine(
    planning: Planning, cautery: Cautery
) -> None:
    cautery("decoy", "plan", planning.programme, *planning.options)
    ran = cautery(
        "decoy", "serve", planning.night, "--key", planning.key, "--mandate", planning.mandate,
        "--gate", "0.0.0.0:0",
    )  # fmt: skip
    assert ran.code == 2
    assert "must not ask over plain http" in ran.err


@pytest.mark.parametrize("text", ["", "host", "host:", ":80", "host:x", "host:70000", "h:\u0661"])
def test_a_place_is_a_host_and_a_port(text: str) -> None:
    assert _place("[::1]:80") == ("::1", 80)
    with pytest.raises(InputError, match="HOST:PORT"):
        _place(text)


@pytest.mark.enable_socket
def test_a_keeper_serves_in_a_process_of_its_own_and_tells_nobody_more(
    planning: Planning, cautery: Cautery
) -> None:
    cautery("decoy", "plan", planning.programme, *planning.options)
    planning.clock(END)
    rows = cautery("decoy", "show", planning.night, "--key", planning.key, "--json").out
    decoys = [json.loads(row) for row in rows.splitlines()]
    planning.clock(BEFORE)
    with KeeperProcess(
        planning.night, key=planning.key, mandate_file=planning.mandate, listen=[("127.0.0.1", 0)]
    ) as keeper:
        host, port = keeper.listening.streams[0]
        base = f"http://{host}:{port}"
        listed = _got(f"{base}/sports.m3u").decode()
        assert listed.count("Roma - Lazio LIVE") == 4
        for decoy in decoys:
            path = decoy["url"].removeprefix("http://127.0.0.1:9")
            playlist = _got(base + path).decode()
            name = playlist.splitlines()[-1]
            segment = _got(base + path.replace("index.m3u8", name))
            assert segment.startswith(b"G")
            assert len(segment) % 188 == 0
        question = urllib.request.Request(f"{keeper.gate_url}/ask", data=b"{}", method="POST")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(question, timeout=10)
        assert caught.value.code == 400
        caught.value.close()
        spoken = _spoken(keeper)
        for decoy in decoys:
            assert decoy["url"].encode() not in spoken
            assert decoy["kind"].encode() not in spoken
        assert {path.name for path in planning.night.iterdir()} == {"sealed.json", "plan.sealed"}
        assert keeper.is_alive
    assert not keeper.is_alive
    create_approver(planning.folder / "x.pem")
    with pytest.raises(SourceError, match="does not open the plan"):
        KeeperProcess(planning.night, key=planning.folder / "x.pem", mandate_file=planning.mandate)


def _got(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return bytes(answer.read())


def _spoken(keeper: KeeperProcess) -> bytes:
    """Return the arguments of the keeper and of its children, which everybody may read."""
    pid = keeper._child.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert children
    return b"".join(Path(f"/proc/{one}/cmdline").read_bytes() for one in (str(pid), *children))
