from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
import stat
import time
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import aiohttp
import dns.message
import dns.rcode
import m3u8
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.lists import CaseKey, entry

from cautery.act import StandingList, approve, list_subject, sign, standing_of
from cautery.act.block_list import id_of_key
from cautery.adapters.person_keys import load_approver
from cautery.errors import InputError
from cautery.lab import LiveLab, World, start_lab
from cautery.model import Referral, SignedFor, Window, digest_of, referral_id
from cautery.workflows.mandate.gaps import gaps_of
from cautery.workflows.mandate.read import read_mandate
from cautery.workflows.mandate.signers import read_signers


class LabNames(AbstractResolver):
    """Asks the lab's own name server, as the real resolver does."""

    def __init__(self, lab: LiveLab) -> None:
        address, port = lab.layout.resolver.split(":")
        self._at = (address, int(port))

    def ask(self, host: str, kind: str = "A") -> dns.message.Message:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(3)
            line.sendto(dns.message.make_query(host, kind).to_wire(), self._at)
            return dns.message.from_wire(line.recv(4096))

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = [str(one) for rows in self.ask(host).answer for one in rows]
        if not found:
            raise OSError(f"{host} does not exist")
        return [
            ResolveResult(
                hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for one in found
        ]

    async def close(self) -> None:
        pass


def client(lab: LiveLab) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(resolver=LabNames(lab), ssl=False)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=8))


async def text(lab: LiveLab, url: str, **more: object) -> str:
    async with client(lab) as session, session.get(url, **more) as answer:
        return await answer.text()


def mandate(lab: LiveLab) -> dict:
    return tomllib.loads(lab.mandate_path.read_text())


def test_the_mandate_reads_and_its_window_is_open(live: LiveLab) -> None:
    read = read_mandate(live.mandate_path, now=datetime.now(UTC))
    assert read.lab
    assert [one.id for one in read.events] == [live.truth.event]
    assert {one.territory for one in read.orders} == {"FR", "GB"}
    assert read.orders[0].window.end < read.window.end
    assert gaps_of(read) == ()


def test_the_labs_mandate_is_signed_as_a_labs_and_its_signers_are_named(live: LiveLab) -> None:
    now = datetime.now(UTC)
    signers = read_signers(live.run_dir / "signers.toml")
    standing = standing_of(read_mandate(live.mandate_path, now=now), now=now, signers=signers)
    assert (standing.lab, standing.signed, standing.vouched) == (True, True, True)


def test_the_approvers_private_keys_are_their_own_and_fit_the_mandate(live: LiveLab) -> None:
    for approver in mandate(live)["approver"]:
        path = live.run_dir / "keys" / f"{approver['role']}.pem"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        key = load_pem_private_key(path.read_bytes(), None)
        raw = key.public_key().public_bytes_raw()
        assert base64.b64encode(raw).decode() == approver["public_key"]


async def test_references_carry_their_whole_window_and_go_on(live: LiveLab) -> None:
    url = mandate(live)["channel"][0]["reference"]
    first = m3u8.loads(await text(live, url))
    await asyncio.sleep(2.2)
    later = m3u8.loads(await text(live, url))
    assert sum(one.duration for one in first.segments) >= live.world.plan.timing.edge_s - 3
    assert later.segments[-1].uri > first.segments[-1].uri
    edge = later.segments[-1].program_date_time.timestamp() + later.segments[-1].duration
    assert time.time() - 4 < edge <= time.time()


async def test_every_live_re_broadcast_serves_media(live: LiveLab) -> None:
    async with client(live) as session:
        for one in live.truth.streams:
            if one.kind not in ("rebroadcast", "partner", "innocent"):
                continue
            async with session.get(one.url) as answer:
                if one.url.endswith(".ts"):
                    assert (await answer.content.readexactly(188))[:1] == b"\x47"
                    continue
                at, listed = str(answer.url), m3u8.loads(await answer.text())
            if listed.playlists:
                at = urljoin(at, listed.playlists[0].uri)
                async with session.get(at) as answer:
                    listed = m3u8.loads(await answer.text())
            assert 1 <= len(listed.segments) <= 6
            async with session.get(urljoin(at, listed.segments[-1].uri)) as answer:
                assert answer.status == 200
                assert len(await answer.read()) > 5000


async def test_a_panel_answers_to_the_test_purchase_alone(live: LiveLab) -> None:
    source = next(one for one in mandate(live)["source"] if one["kind"] == "xtream")
    line = f"username={source['username']}&password={source['password']}"
    url = f"{source['url']}/player_api.php"
    async with client(live) as session:
        async with session.get(f"{url}?{line}") as answer:
            account = await answer.json()
        async with session.get(f"{url}?username=x&password=y") as answer:
            stranger = await answer.json()
    assert account["user_info"]["auth"] == 1
    assert account["server_info"]["https_port"] == str(live.layout.ports[1])
    assert stranger == {"user_info": {"auth": 0}}


async def test_a_storefront_names_price_portal_and_wallet(live: LiveLab) -> None:
    source = next(one for one in mandate(live)["source"] if one["kind"] == "page")
    page = await text(live, source["url"])
    for mark in ("EUR", "1 month", "bc1q", "panel.", "G-", "free trial", "/favicon.ico"):
        assert mark in page


async def test_unknown_names_do_not_exist_and_known_ones_have_no_v6(live: LiveLab) -> None:
    names = LabNames(live)
    assert names.ask("nobody.example").rcode() == dns.rcode.NXDOMAIN
    panel = live.world.plan.networks[0].panel
    assert names.ask(panel, "AAAA").rcode() == dns.rcode.NOERROR
    assert not names.ask(panel, "AAAA").answer


async def test_a_registration_is_answered_in_rdap(live: LiveLab) -> None:
    base = mandate(live)["network"]["rdap"]
    domain = ".".join(live.world.plan.networks[0].panel.split(".")[-2:])
    found = json.loads(await text(live, f"{base}domain/{domain}"))
    assert found["ldhName"] == domain
    assert {one["eventAction"] for one in found["events"]} >= {"registration"}


def test_hosts_of_a_network_show_its_certificate(live: LiveLab) -> None:
    plan = live.world.plan
    edges = [one for one in plan.hosts if one.certificate == "network-A"]

    def shown(name: str, address: str) -> bytes:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection((address, live.layout.ports[1]), 3) as raw,
            context.wrap_socket(raw, server_hostname=name) as line,
        ):
            return line.getpeercert(binary_form=True) or b""

    assert len({shown(one.name, one.address) for one in edges}) == 1


def handed_in(
    live: LiveLab, host: str, territory: str, *, ends: datetime, people: int = 2
) -> bytes:
    """Return a list with one name, under a territory's order, as a watch would send it."""
    lab = read_mandate(live.mandate_path, now=datetime.fromtimestamp(live.t0, UTC))
    key, now = CaseKey(), datetime.now(UTC)
    span = Window(start=now - timedelta(days=1), end=now + timedelta(days=1))
    order = replace(
        next(order for order in lab.orders if order.territory == territory), window=span
    )
    isp = next(to for to in lab.intermediaries if to.territory == territory)
    lab = replace(lab, window=span, orders=(order,))
    here = SignedFor(case=id_of_key(key.public), mandate=digest_of(b"mandate"))
    one = entry(host)
    guard = replace(one.guard, valid_until=ends)
    drafted = Referral(
        id="",
        order=order.id,
        event=None,
        territory=territory,
        window=Window(start=now - timedelta(seconds=1), end=ends),
        entries=(replace(one, valid_until=ends, guard=guard),),
        statement="s",
    )
    referral = replace(drafted, id=referral_id(drafted))
    approvals = [
        sign(
            list_subject(referral, order),
            approver=person,
            key=load_approver(live.run_dir / "keys" / f"{person.role}.pem"),
            at=now,
            signed_for=here,
        )
        for person in lab.approvers
    ]
    standing = StandingList(key=key.public, to=isp)
    standing.add(approve(referral, approvals, mandate=lab, signed_for=here, now=now), order)
    version = standing.next_version(now)
    body = json.loads(standing.signed(version, key.sign_list(version.text)).body())
    body["referrals"][0]["approvals"] = body["referrals"][0]["approvals"][:people]
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


async def test_a_provider_blocks_what_is_listed_until_it_expires(live: LiveLab) -> None:
    provider = next(one for one in mandate(live)["intermediary"] if one["territory"] == "FR")
    host = live.world.plan.networks[1].panel
    url = f"http://{host}:{live.layout.ports[0]}/"
    body = handed_in(live, host, "FR", ends=datetime.now(UTC) + timedelta(seconds=4.5))
    seen = []
    async with client(live) as session:
        async with session.put(provider["list_url"], data=body) as answer:
            said = await answer.json()
        for wait in (0.0, 2.2, 3.0):
            await asyncio.sleep(wait)
            async with session.get(url, proxy=provider["proxy"]) as answer:
                seen.append(answer.status)
    assert said["effect"] == "pending", said
    assert seen == [200, 451, 200]


async def test_a_list_with_one_approval_is_rejected(live: LiveLab) -> None:
    provider = next(one for one in mandate(live)["intermediary"] if one["territory"] == "GB")
    soon = datetime.now(UTC) + timedelta(seconds=9)
    body = handed_in(live, "one.example", "GB", ends=soon, people=1)
    async with client(live) as session, session.put(provider["list_url"], data=body) as answer:
        assert answer.status == 400
        said = await answer.json()
    assert said["effect"] == "rejected"
    assert said["reason"].startswith("two-people")


async def test_the_lab_remembers_what_was_asked(live: LiveLab) -> None:
    await text(live, mandate(live)["source"][0]["url"] + "/c/")
    asked = json.loads(await text(live, f"{live.control_url}/__lab__/asked"))
    assert any(one["path"] == "/c/" for one in asked)


def test_the_truth_on_disk_is_the_truth_of_the_run(live: LiveLab) -> None:
    body = json.loads(live.truth_path.read_text())
    assert body["t0"] == live.t0
    assert len(body["streams"]) == len(live.truth.streams)
    assert all(f":{live.layout.ports[0]}/" in one["url"] for one in body["streams"])


def test_a_window_longer_than_the_media_is_refused(small_world: World, tmp_path) -> None:
    with pytest.raises(InputError, match="lasts"):
        start_lab(small_world, tmp_path, window_s=500)


async def test_nothing_is_listed_before_kick_off(small_world: World, tmp_path) -> None:
    with start_lab(small_world, tmp_path, lead_s=20, window_s=16) as lab:
        for source in mandate(lab)["source"]:
            if source["kind"] == "m3u":
                assert "EXTINF" not in await text(lab, source["url"])
    assert not lab.alive
