"""The service and the command: the agent as a provider meets it."""

import json
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from provider_lists import Publisher, digest, entry, referral_text
from provider_site import FOLDER

from cautery_provider import cli
from cautery_provider.service import Service
from cautery_provider.settings import read_settings
from cautery_provider.store import Store


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


def test_what_was_refused_is_asked_for_anew(provider, server):
    path, _ = provider
    server.body, server.headers = b"{", {"ETag": '"the next version"'}
    service = Service(read_settings(path), lambda _line: None)
    service.once()
    server.body = published(Publisher([film()]))
    assert service.once()["version"] == 1
    assert [tag for _, tag in server.asked] == [None, None]


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


def test_a_name_that_no_zone_takes_is_shown_and_explained(provider, capsys):
    path, spool = provider
    long = ".".join(["a" * 49] * 4 + ["b" * 41, "example"])
    spool.write_bytes(published(Publisher([film(long)])))
    command(capsys, path, "once")
    assert f"name {long}: name-too-long" in command(capsys, path, "status")[1].out
    [row] = json.loads(command(capsys, path, "explain", long, "--json")[1].out)
    assert (row["blocked"], row["why"].partition(":")[0]) == (False, "name-too-long")


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


def test_the_readme_names_each_command():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r'verb\(\s*"(\w+)"', Path(cli.__file__).read_text(encoding="utf-8"))
    assert len(commands) == 9
    assert [word for word in commands if f"`{word}" not in readme] == []


def test_the_readme_installs_what_the_units_expect_and_counts_the_lines_of_the_verifier():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for unit in (FOLDER / "systemd").glob("*.service"):
        text = unit.read_text(encoding="utf-8")
        [user] = re.findall(r"(?m)^User=(\S+)$", text)
        [program] = re.findall(r"(?m)^ExecStart=(\S+)", text)
        assert re.search(rf"(?m)^    useradd .* {user}$", readme)
        assert re.search(rf"(?m)^    ln -s \S+ {program}$", readme)
    verifier = FOLDER / "src" / "cautery_provider" / "verifier.py"
    count = len(verifier.read_text(encoding="utf-8").splitlines())
    assert f"`src/cautery_provider/verifier.py` has {count} lines" in readme
