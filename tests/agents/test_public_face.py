"""The provider's agent fetches its list from our own server: by its certificate, and by no other."""

from __future__ import annotations

import base64
import random
import socket
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from test_tls import Authority
from tests.adapters.face_server import Running
from tests.lists import RAW, entry, lasting
from tests.public_lists import Shown

from cautery.adapters.http_face import Listener, certificates_in, server_tls
from cautery.workflows.case.public_lists import AnswersIn
from cautery.workflows.public.feeds import Feeds
from cautery.workflows.public.shelf import Shelf
from cautery_provider.service import Service
from cautery_provider.settings import read_settings


def b64(raw):
    return base64.b64encode(raw).decode()


class Site:
    """A public folder, its server and an agent's configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = Authority(folder, "ours")
        self.client = Authority(folder, "provider").issue("isp")
        self.stranger = Authority(folder, "someone").issue("stranger")
        self.shown = Shown(folder / "public")
        subject = lasting(
            entry("a.example"), entry("b.example"), until=datetime.now(UTC) + timedelta(days=1)
        )
        self.shown.add(*subject)
        self.id = self.shown.standing.id

    def listener(self) -> Listener:
        feeds = Feeds(
            [Shelf(self.shown.files)],
            allowed={self.id: certificates_in(self.client[0])},
            rng=random.Random(1),
        )
        tls = server_tls(*self.ca.issue("server"), clients=[self.client[0], self.stranger[0]])
        return Listener(
            host="127.0.0.1",
            port=0,
            answer=lambda asked: feeds.answer(asked, datetime.now(UTC)),
            most_body=2 << 20,
            tls=tls,
        )

    def agent(self, port: int, pair: tuple[Path, Path]) -> Service:
        path = self.folder / "provider.toml"
        url = f"https://127.0.0.1:{port}/lists/{self.id}"
        people = "".join(
            f'[[approver]]\nname = "{name}"\nkey = "{b64(raw)}"\n'
            for name, raw in zip("AB", RAW, strict=True)
        )
        path.write_text(
            f'list = "{self.id}"\nprovider = "isp-fr"\nterritory = "FR"\n'
            f'list_key = "{b64(self.shown.key.public)}"\nstate = "{self.folder}/state-{pair[0].stem}"\n'
            f'feeds = ["{url}", "file://{self.folder}/nothing"]\nack = "{url}/ack"\n{people}'
            f'[tls]\ncertificate = "{pair[0]}"\nkey = "{pair[1]}"\n'
            f'authorities = "{self.ca.path}"\n'
            f'[[driver]]\nkind = "unbound"\nzone = "rpz.x"\nfile = "{self.folder}/zone"\n'
            'command = ["sh", "-c", "echo ok; echo rpz.x >&2"]\n'
        )
        self.lines: list[str] = []
        return Service(read_settings(path), self.lines.append, shadow=True)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_list_arrives_whole_then_as_what_is_new_and_is_acknowledged(site: Site) -> None:
    site.shown.show(datetime.now(UTC))
    with Running(site.listener()) as server:
        agent = site.agent(server.ports[0], site.client)
        agent.once()
        assert agent.agent.accepted is not None, site.lines
        assert agent.agent.accepted.version.number == 1
        [answer] = AnswersIn(site.shown.files).take(datetime.now(UTC))
        assert (answer.version, answer.list_id) == (1, site.id)
        # Nothing new is a 304, and what is withdrawn goes with the next version.
        agent.once()
        [part] = agent.agent.accepted.referrals
        assert site.shown.standing.withdraw(agent.agent.accepted.referrals[part].name, "a.example")
        site.shown.show(datetime.now(UTC) + timedelta(seconds=1))
        agent.once()
        assert agent.agent.accepted.version.number == 2
        assert [target for _, target in agent.agent.accepted.version.withdrawn] == ["a.example"]


def test_another_providers_certificate_gets_nothing(site: Site) -> None:
    site.shown.show(datetime.now(UTC))
    with Running(site.listener()) as server:
        agent = site.agent(server.ports[0], site.stranger)
        agent.once()
        assert agent.agent.accepted is None
        assert any("HTTP 403" in line for line in site.lines), site.lines


def test_a_certificate_that_nobody_named_is_turned_away_by_tls(site: Site) -> None:
    site.shown.show(datetime.now(UTC))
    pair = Authority(site.folder, "unknown").issue("unknown")
    with Running(site.listener()) as server:
        agent = site.agent(server.ports[0], pair)
        agent.once()
        assert agent.agent.accepted is None
        assert any("unreachable" in line for line in site.lines), site.lines


def test_a_handshake_that_is_not_begun_counts_as_a_connection(site: Site) -> None:
    site.shown.show(datetime.now(UTC))
    with Running(replace(site.listener(), most_of_one=3)) as server:
        silent = [socket.create_connection(("127.0.0.1", server.ports[0])) for _ in range(8)]
        time.sleep(0.5)
        closed = 0
        for connection in silent:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                closed += connection.recv(1) == b""
        assert closed == 5
        for connection in silent:
            connection.close()
        time.sleep(0.5)
        agent = site.agent(server.ports[0], site.client)
        agent.once()
        assert agent.agent.accepted is not None, site.lines
