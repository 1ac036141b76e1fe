"""Tools of others poll the room over a socket, and our own client does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from tests.console import taxii
from typer.testing import CliRunner

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock, SystemClock
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.taxii import TaxiiServer, authorization
from cautery.cli import app
from cautery.console.app import room_app
from cautery.errors import AbsentError, ForbiddenAddressError, RefusedError
from cautery.json_text import parsed_json
from cautery.model import NetworkPolicy
from cautery.workflows.case.open import open_case
from cautery.workflows.exchange.polling import Poll, poll

AMBER = "TLP:AMBER PAP:AMBER"
LOOPBACK = NetworkPolicy(allow=("127.0.0.0/8",), rate_per_host=1000.0)


@pytest.fixture
def partner(room_at: Callable[..., Any], season: Path, tmp_path: Path) -> Any:
    partner = taxii.partner_of(room_at, season, tmp_path)
    giving = partner.giving
    giving.put(*(giving.block(f"{name}.example", "TLP:AMBER") for name in "abc"))
    return partner


@pytest.fixture
def root(partner: Any) -> Iterator[str]:
    """Serve the room over a socket; yield the URL of the case's API root."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(room_app(partner.room.desk), lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/taxii2/night-1/"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def secret(partner: Any) -> str:
    return str(taxii.new_secret(partner.room, marking="TLP:AMBER", cases=("night-1",)))


def polled(root: str, secret: str, clock: FixedClock, **asked: Any) -> Poll:
    async def work() -> Poll:
        async with PoliteClient(LOOPBACK, DnsNames(None), clock) as client:
            server = TaxiiServer(root, client, authorization=authorization(token=secret))
            (collection,) = await server.collections()
            assert collection.can_read
            return await poll(server, collection.id, clock=clock, **asked)

    return asyncio.run(work())


def objects_in(result: Poll) -> dict[str, Any]:
    return {one["id"]: one for one in parsed_json(result.bundle)["objects"]}


def test_the_client_of_oasis_is_told_of_a_withdrawal_at_its_next_poll(
    partner: Any, root: str, secret: str
) -> None:
    taxii2client = pytest.importorskip("taxii2client.v21")
    with taxii2client.Server(
        root.removesuffix("night-1/"), user="opencti", password=secret
    ) as server:
        (api_root,) = server.api_roots
        (collection,) = api_root.collections
        assert collection.title == AMBER
        pages = list(taxii2client.as_pages(collection.get_objects, per_request=3, type="indicator"))
        whole = [one for page in pages for one in page["objects"]]
        assert {one["pattern"] for one in whole} == {
            f"[domain-name:value = '{name}.example']" for name in "abc"
        }
        manifest = collection.get_manifest()
        seen = manifest["objects"][-1]["date_added"]
        partner.giving.withdraw("b.example")
        news = collection.get_objects(added_after=seen, type="indicator")["objects"]
        (old,) = [one for one in whole if "b.example" in one["pattern"]]
        assert [one["id"] for one in news] == [old["id"]]
        assert news[0]["revoked"]
        assert collection.get_object(old["id"])["objects"] == news
        assert collection.object_versions(old["id"])["versions"] == [news[0]["modified"]]
        api_root.close()


def test_our_client_polls_our_server_and_then_only_what_is_new(
    partner: Any, root: str, secret: str
) -> None:
    clock = FixedClock(partner.room.desk.cases.clock.now().replace(year=2030))
    first = polled(root, secret, clock, since=None)
    assert sum(one["type"] == "indicator" for one in objects_in(first).values()) == 3
    nothing = polled(root, secret, clock, since=first.newest)
    assert (nothing.objects, nothing.newest) == (0, first.newest)
    partner.giving.withdraw("b.example")
    second = polled(root, secret, clock, since=first.newest)
    changed = objects_in(second)
    (revoked,) = [one for one in changed.values() if one["type"] == "indicator"]
    assert revoked["revoked"]
    # What it refers to comes along, though the first poll had it.
    assert set(revoked["object_marking_refs"]) <= changed.keys()
    assert revoked["created_by_ref"] in changed
    assert second.newest > first.newest


def test_who_may_not_read_is_told_so(partner: Any, root: str, secret: str) -> None:
    clock = partner.room.desk.cases.clock
    with pytest.raises(RefusedError, match="does not let you read"):
        polled(root, secret[:-1] + "x", clock, since=None)
    with pytest.raises(AbsentError, match="no such API root"):
        polled(root.replace("night-1", "night-2"), secret, clock, since=None)


def test_a_private_address_is_asked_only_if_somebody_allows_it(root: str, partner: Any) -> None:
    async def work() -> None:
        clock = partner.room.desk.cases.clock
        async with PoliteClient(NetworkPolicy(), DnsNames(None), clock) as client:
            await TaxiiServer(root, client).collections()

    with pytest.raises(ForbiddenAddressError):
        asyncio.run(work())


@pytest.fixture
def command(secret: str, tmp_path: Path, root: str) -> Callable[..., tuple[int, str, str]]:
    """Run ``cautery import --taxii`` with the partner's token."""
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(f"{secret}\n")

    def run(*options: str | Path) -> tuple[int, str, str]:
        words = ["import", "--taxii", root, "--token-file", str(token), *map(str, options)]
        result = CliRunner().invoke(app, words)
        said = f"{result.exception} {getattr(result.exception, 'hint', '')}"
        return result.exit_code, result.stdout, result.stderr + said

    return run


@pytest.mark.usefixtures("partner")
def test_the_command_lists_collections_and_asks_no_private_address_by_itself(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, _ = command("--allow", "127.0.0.0/8", "--json")
    assert code == 0
    assert parsed_json(out)["title"] == AMBER
    code, _, said = command()
    assert code != 0
    assert "--allow" in said


def test_the_command_takes_a_poll_into_a_case_and_then_only_what_is_new(
    partner: Any, command: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    keys, path = tmp_path / "keys", tmp_path / "ours"
    case = open_case(path, store=FolderStore(KeyFolder(keys)), clock=SystemClock())
    case.leave()
    _, out, _ = command("--allow", "127.0.0.0/8", "--json")
    options = (
        "--allow", "127.0.0.0/8", "--collection", parsed_json(out)["id"], "--case", path,
        "--source", "Liga", "--evaluation", "B2", "--keys", keys, "--json",
    )  # fmt: skip
    code, out, said = command(*options)
    assert code == 0, said
    first = parsed_json(out)["imported"]
    assert first["polled"]["collection"] == options[3]
    assert {"kind": "block", "count": 3, "revoked": 0} in first["items"]
    code, out, said = command(*options)
    assert (code, out) == (0, "")
    assert "nothing is new" in said
    partner.giving.withdraw("b.example")
    code, out, said = command(*options)
    assert code == 0, said
    assert {"kind": "block", "count": 1, "revoked": 1} in parsed_json(out)["imported"]["items"]
    assert parsed_json(out)["imported"]["revoked"] == 1
