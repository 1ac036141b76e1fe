"""Configuration, feeds and the command: the agent as a provider meets it."""

import base64
import json
import queue
import random
import re
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from provider_lists import ANNA, BRUNO, LIST_KEY, NAMES, Publisher, digest, entry, referral_text

from cautery_provider import cli, feed
from cautery_provider.feed import Client, FeedError, Poller
from cautery_provider.service import Service
from cautery_provider.settings import ConfigError, Tls, read_settings
from cautery_provider.store import Store

FOLDER = Path(__file__).resolve().parents[2] / "agents" / "provider"


def public(key):
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


CONFIG = f"""
list = "{NAMES[0]}"
provider = "{NAMES[1]}"
territory = "{NAMES[2]}"
list_key = "{public(LIST_KEY)}"
state = "STATE"
feeds = ["file:///dev/null", "file:///dev/zero"]

[[approver]]
name = "Anna"
key = "{public(ANNA)}"

[[approver]]
name = "Bruno"
key = "{public(BRUNO)}"

[limits]
never_block = ["bank.example", "198.51.100.0/24"]

[[driver]]
kind = "unbound"
zone = "rpz.x"
file = "STATE/zone"
command = ["sh", "-c", "echo ok; echo rpz.x >&2"]
"""


@pytest.fixture
def configured(tmp_path):
    """Writes a configuration, with some texts replaced."""

    def write(*changes):
        text = CONFIG.replace("STATE", str(tmp_path / "state"))
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "provider.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_configuration_is_read(configured):
    settings = read_settings(configured())
    assert settings.trust.names == NAMES
    assert settings.rules.names == {"bank.example"}
    assert settings.rules.levers == {"name"}
    assert settings.poll_s == 10


FAULTS = {
    "no-toml": ('list = "', "list = ", "Invalid value"),
    "no-list": ('list = "L-1"', "", "list is missing"),
    "unknown-key": ('list = "', 'lists = "x"\nlist = "', "unknown key 'lists'"),
    "unknown-limit": ("never_block", "never_blok", "unknown key 'never_blok'"),
    "short-key": (public(LIST_KEY), "AAAA", "list_key: not an Ed25519 key"),
    "weak-key": (public(LIST_KEY), base64.b64encode(bytes(32)).decode(), "small order"),
    "key-of-two": (public(BRUNO), public(ANNA), "two approvers have the same key"),
    "list-key-approves": (public(BRUNO), public(LIST_KEY), "must differ"),
    "one-feed": (', "file:///dev/zero"', "", "two or more"),
    "feed-twice": ("file:///dev/zero", "file:///dev/null", "different URLs"),
    "http-feed": ("file:///dev/zero", "http://lists.example/", "not an https URL"),
    "ftp-feed": ("file:///dev/zero", "ftp://lists.example/", "not an https URL"),
    "user-in-url": ("file:///dev/zero", "https://a:b@lists.example/", "without user"),
    "state-relative": ('state = "/', 'state = "', "not an absolute path"),
    "never-a-url": ("bank.example", "https://bank.example", "no name in lower case"),
    "never-host-bits": ("198.51.100.0/24", "198.51.100.7/24", "no name in lower case"),
    "unknown-driver": ('"unbound"', '"iptables"', "want one of nftables, bind"),
    "driver-key": ('zone = "rpz.x"', 'zones = "rpz.x"', "zone is missing"),
    "zone-with-dot": ('"rpz.x"', '"rpz.x."', "without a final dot"),
    "poll-too-often": ('list = "', 'poll_s = 1\nlist = "', "from 2 to 20"),
    "poll-as-text": ('list = "', 'poll_s = "10"\nlist = "', "whole number"),
    "certificate-away": ("[limits]", '[tls]\ncertificate = "/none"\n[limits]', "is not there"),
    "no-approvers": ('name = "Anna"', "", "name is missing"),
    "never-no-list": ('["bank.example", "198.51.100.0/24"]', '"bank.example"', "array of texts"),
    "driver-no-array": ("[[driver]]", "[driver]", "write each driver as"),
}


@pytest.mark.parametrize(("old", "new", "said"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_configuration_says_where_and_what(configured, old, new, said):
    with pytest.raises(ConfigError) as error:
        read_settings(configured((old, new)))
    assert said in str(error.value)
    assert "[" in str(error.value) or "provider.toml" in str(error.value)


def test_the_example_of_a_configuration_is_one(tmp_path):
    text = (FOLDER / "provider.example.toml").read_text(encoding="utf-8")
    for key in (LIST_KEY, ANNA, BRUNO):
        text = text.replace("PUT-THE-KEY-HERE", public(key), 1)
    for name in ("client.pem", "client.key", "bind.key"):
        text = text.replace(f"/etc/cautery-provider/{name}", str(tmp_path / name))
        (tmp_path / name).write_text('key "cautery" { algorithm hmac-sha256; secret "c2VjcmV0"; };')
    path = tmp_path / "provider.toml"
    path.write_text(text, encoding="utf-8")
    settings = read_settings(path)
    assert [driver.name.split()[0] for driver in settings.drivers] == [
        "nftables",
        "bind",
        "unbound",
        "powerdns",
        "bgp",
    ]
    assert settings.rules.levers == {"name", "address"}


def test_the_readme_names_each_command():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r'verb\(\s*"(\w+)"', Path(cli.__file__).read_text(encoding="utf-8"))
    assert len(commands) == 9
    assert [word for word in commands if f"`{word}" not in readme] == []


def test_one_approver_is_too_few(configured):
    block = f'[[approver]]\nname = "Bruno"\nkey = "{public(BRUNO)}"\n'
    with pytest.raises(ConfigError, match="two or more"):
        read_settings(configured((block, "")))


class Feed(ThreadingHTTPServer):
    """A server that answers as a test says, and remembers what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.posted = []
        self.status, self.headers, self.body = 200, {}, b""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path="/L-1"):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("If-None-Match")))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in self.server.headers:
            self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        self.server.posted.append((self.path, json.loads(self.rfile.read(size))))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    running = Feed()
    yield running
    running.shutdown()
    running.server_close()


CLIENT = Client(Tls(None, None, None))


def poller(server, *, since=None, poll_s=10):
    inbox = queue.Queue()
    made = Poller(
        server.url(),
        CLIENT,
        inbox,
        since=lambda: since,
        poll_s=poll_s,
        rng=random.Random(1),
    )
    return made, inbox


def test_a_feed_is_asked_for_what_is_newer(server):
    server.body, server.headers = b"one", {"ETag": '"x"'}
    made, inbox = poller(server, since="sha256:00")
    assert 8 <= made.ask() <= 12
    server.status, server.body = 304, b""
    made.ask()
    assert server.asked == [("/L-1?since=sha256%3A00", None), ("/L-1?since=sha256%3A00", '"x"')]
    assert [inbox.get_nowait().body, inbox.empty()] == [b"one", True]


def test_a_feed_is_asked_for_everything_when_something_is_missing(server):
    server.headers = {"ETag": '"x"'}
    made, _ = poller(server, since="sha256:00")
    made.ask()
    made.whole = True
    made.ask()
    made.ask()
    assert [path for path, _ in server.asked] == [
        "/L-1?since=sha256%3A00",
        "/L-1",
        "/L-1?since=sha256%3A00",
    ]
    assert server.asked[1][1] is None


@pytest.mark.parametrize(
    ("seconds", "least", "most"), [("20", 16, 24), ("99999", 19, 29), ("-5", 8, 12), ("x", 8, 12)]
)
def test_a_feed_may_ask_for_patience_but_not_for_silence(server, seconds, least, most):
    server.headers = {"Retry-After": seconds}
    assert least <= poller(server)[0].ask() <= most


def test_a_feed_in_trouble_is_asked_less_often_but_often_enough(server):
    server.status = 503
    made, inbox = poller(server)
    waits = [made.ask() for _ in range(6)]
    assert 16 <= waits[0] <= 24
    assert max(waits) <= 29  # an unblocking is to arrive within 30 s
    assert inbox.get_nowait().error == "HTTP 503"


def test_a_redirect_is_not_followed(server):
    server.status, server.headers = 302, {"Location": server.url("/elsewhere")}
    with pytest.raises(FeedError, match="HTTP 302"):
        CLIENT.get(server.url(), etag=None, since=None)
    assert len(server.asked) == 1


def test_a_body_that_is_too_large_is_not_read_to_its_end(server, monkeypatch):
    monkeypatch.setattr(feed, "MOST_BYTES", 1_000)
    server.body = b"x" * 2_000
    with pytest.raises(FeedError, match="more than 1000 bytes"):
        CLIENT.get(server.url(), etag=None, since=None)


def test_a_body_that_is_cut_is_an_error(server):
    server.headers, server.body = {"Content-Length": "10"}, b"x"
    with pytest.raises(FeedError, match=r"1 of 10 bytes|Incomplete"):
        CLIENT.get(server.url(), etag=None, since=None)


def test_a_body_that_drips_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(feed, "_WHOLE_S", -1.0)
    server.body = b"x"
    with pytest.raises(FeedError, match="not done"):
        CLIENT.get(server.url(), etag=None, since=None)


def test_nobody_there_is_an_error():
    with pytest.raises(FeedError, match="refused"):
        CLIENT.get("http://127.0.0.1:9/", etag=None, since=None)


def test_a_feed_that_is_a_file_is_read_when_it_changes(tmp_path):
    path = tmp_path / "list.json"
    with pytest.raises(FeedError, match="No such file"):
        CLIENT.get(f"file://{path}", etag=None, since=None)
    path.write_bytes(b"one")
    first = CLIENT.get(f"file://{path}", etag=None, since=None)
    again = CLIENT.get(f"file://{path}", etag=first.etag, since=None)
    assert (first.body, again.body) == (b"one", None)


def published(publisher, at=None):
    return publisher.publish(at or datetime.now(UTC).replace(microsecond=0))


def film(name="film.example"):
    return referral_text(
        entry(name, end=datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)),
        name=f"R-{name}",
        end=datetime.now(UTC).replace(microsecond=0) + timedelta(days=2),
    )


@pytest.fixture
def provider(configured, server, tmp_path):
    """A configuration with one feed over HTTP and one in a file, and acknowledgements."""
    spool = tmp_path / "spool.json"
    path = configured(
        ("file:///dev/null", server.url()),
        ("file:///dev/zero", f"file://{spool}"),
        ('list = "', f'ack = "{server.url("/L-1/ack")}"\nlist = "'),
    )
    return path, spool


def zone_of(path):
    text = (path.parent / "state" / "zone").read_text()
    return [line.split()[0] for line in text.splitlines() if line.endswith("CNAME .")]


def test_the_newest_valid_version_of_any_feed_counts_and_is_acknowledged(provider, server):
    path, spool = provider
    publisher = Publisher([film(), film("bank.example")])
    server.body = published(publisher)
    publisher.withdrawn.append((publisher.texts[0], "film.example"))
    publisher.texts.append(film("new.example"))
    spool.write_bytes(published(publisher))
    outcome = Service(read_settings(path), lambda _line: None).once()
    assert outcome["version"] == 2
    assert zone_of(path) == ["new.example"]
    path_asked, report = server.posted[-1]
    assert path_asked == "/L-1/ack"
    assert (report["list"], report["version"], report["effect"]) == ("L-1", 2, "applied")
    assert report["digest"] == publisher.previous
    assert [(row["target"], row["rule"]) for row in report["refused"]] == [
        ("bank.example", "never-block")
    ]


def test_a_faulty_feed_beside_a_good_one_does_no_harm_and_is_named(provider, server):
    path, spool = provider
    publisher = Publisher([film()])
    spool.write_bytes(published(publisher))
    server.body = b"{"
    lines = []
    outcome = Service(read_settings(path), lines.append).once()
    assert zone_of(path) == ["film.example"]
    assert outcome["feeds"][server.url()].startswith("refused: form")
    assert {(row["effect"], row["reason"]) for _, row in server.posted} >= {
        ("rejected", "form"),
        ("applied", None),
    }


def test_a_referral_that_is_missing_is_asked_for(provider, server):
    path, _ = provider
    publisher = Publisher([film()])
    server.body = publisher.publish(
        datetime.now(UTC).replace(microsecond=0), known=[digest(publisher.texts[0])]
    )
    service = Service(read_settings(path), lambda _line: None)
    service.once()
    server.body = published(publisher)
    service.once()
    assert zone_of(path) == ["film.example"]
    assert [asked for asked, _ in server.asked] == ["/L-1", "/L-1"]


def test_the_loop_ends_when_it_is_told_to(provider, server):
    path, spool = provider
    spool.write_bytes(published(Publisher([film()])))
    service, stop = Service(read_settings(path), lambda _line: None), threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    for _ in range(600):
        if any(report["effect"] == "applied" for _, report in server.posted):
            break
        stop.wait(0.05)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert zone_of(path) == ["film.example"]


def command(capsys, path, *words):
    code = cli.main([words[0], "--config", str(path), *words[1:]])
    return code, capsys.readouterr()


def test_a_day_at_a_provider(provider, server, capsys):
    path, spool = provider
    publisher = Publisher([film()])
    spool.write_bytes(published(publisher))
    server.status = 503
    assert command(capsys, path, "status")[0] == 1
    assert command(capsys, path, "once", "--shadow")[1].err.count("would block") == 1
    assert command(capsys, path, "once")[0] == 0
    publisher.texts.append(film("wrong.example"))
    spool.write_bytes(published(publisher))
    assert json.loads(command(capsys, path, "once", "--json")[1].out)["version"] == 2
    assert zone_of(path) == ["film.example", "wrong.example"]
    _, printed = command(capsys, path, "explain", "wrong.example")
    assert "wrong.example is blocked (in force) until" in printed.out
    assert "under order AGCOM 1/26 of AGCOM (IT)" in printed.out
    assert command(capsys, path, "rollback")[0] == 0
    assert zone_of(path) == ["film.example"]
    assert "hold" in command(capsys, path, "explain", "wrong.example")[1].out
    assert "rollback since" in command(capsys, path, "status")[1].out
    assert command(capsys, path, "rollback")[0] == 0
    assert zone_of(path) == []
    assert command(capsys, path, "rollback")[0] == 1
    assert command(capsys, path, "resume")[0] == 0
    assert zone_of(path) == ["film.example", "wrong.example"]
    assert command(capsys, path, "flush")[0] == 0
    assert zone_of(path) == []
    assert command(capsys, path, "once")[0] == 0
    assert zone_of(path) == []
    assert command(capsys, path, "resume", "--trust-clock")[0] == 0
    assert zone_of(path) == ["film.example", "wrong.example"]
    assert command(capsys, path, "status")[0] == 0
    assert "unbound has no zone of this name" in command(capsys, path, "check")[1].out
    assert "is on no list" in command(capsys, path, "explain", "nobody.example")[1].out


def test_a_flush_does_not_wait_for_an_agent_that_hangs(provider, capsys, monkeypatch):
    path, spool = provider
    spool.write_bytes(published(Publisher([film()])))
    command(capsys, path, "once")
    monkeypatch.setattr("cautery_provider.watchdog._LOCK_S", 0.05)
    with Store(path.parent / "state").lock():
        assert command(capsys, path, "flush")[0] == 0
    assert zone_of(path) == []


def test_a_configuration_that_cannot_be_used_is_bad_use(tmp_path, capsys):
    code, printed = command(capsys, tmp_path / "none.toml", "status")
    assert code == 2
    assert "none.toml" in printed.err


def test_what_a_list_says_reaches_no_terminal_as_control_characters(capsys):
    cli._print("order \x1b[31m\u202e1")
    assert capsys.readouterr().out == "order ?[31m?1\n"


def test_the_help_says_where_to_begin(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0
    assert "cautery-provider once --shadow" in capsys.readouterr().out
