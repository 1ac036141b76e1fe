"""The key of an organisation's lists: what it signs, in this process and in one of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.act import StandingList
from cautery.adapters._list_secrets import ListSecrets
from cautery.adapters.signer import SignerProcess
from cautery.canonical import canonical
from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.signing import MANIFEST_TITLE
from cautery.model import Intermediary

ORIGIN, NOON = "league.example", datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Key = ListSecrets | SignerProcess


@pytest.fixture(params=["here", "process"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[bool], Key]:
    def made(new: bool) -> Key:  # noqa: FBT001 - one argument
        if request.param == "here":
            return ListSecrets(tmp_path / "keys", ORIGIN, new=new)
        return SignerProcess(tmp_path / "keys", f"{'new-' if new else ''}lists:{ORIGIN}")

    return made


@pytest.fixture
def key(opened: Callable[[bool], Key]) -> Key:
    return opened(True)


def next_text(key: Key) -> str:
    """Return the next version of a list, as any process makes it."""
    public = NoteVerifier.parse(key.key).public
    standing = StandingList(key=public, to=Intermediary(name="isp", territory="FR"))
    last = key.last_list(standing.id)
    if last is not None:
        standing.version, standing.previous = last[0], last[1]  # type: ignore[assignment]
    return standing.next_version(NOON).text


def test_versions_are_signed_one_after_another_and_go_on_after_a_restart(
    key: Key, opened: Callable[[bool], Key]
) -> None:
    key.sign_list(next_text(key))
    again = opened(False)
    assert again.key == key.key
    text = next_text(again)
    again.sign_list(text)
    assert json.loads(text)["version"] == 2
    name = json.loads(text)["list"]
    assert key.last_list(name) == again.last_list(name)


def test_a_version_that_does_not_follow_the_last_is_not_signed(key: Key) -> None:
    first = next_text(key)
    key.sign_list(first)
    second = json.loads(next_text(key))
    faulty = [
        {"version": 1, "previous": None, "made_at": "2026-11-24T13:00:00Z"},
        {"version": 3},
        {"previous": "sha256:" + "0" * 64},
        {"previous": None},
        {"key": "A" * 43 + "="},
    ]
    for changes in faulty:
        with pytest.raises(EvidenceError):
            key.sign_list(canonical(second | changes).decode())
    assert key.last_list(second["list"])[0] == 1  # type: ignore[index]


@pytest.mark.parametrize("number", ["true", "1.0", "1e0"])
def test_the_number_of_a_version_is_an_integer(key: Key, number: str) -> None:
    """Whoever receives the list refuses true and 1.0, which Python takes for 1."""
    text = next_text(key)
    with pytest.raises((EvidenceError, InputError)):
        key.sign_list(text.replace('"version":1', f'"version":{number}'))
    key.sign_list(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        f"{MANIFEST_TITLE}\ncase 0123456789abcdef\nfiles 0\nbytes 0\n",
        f"cautery.letter/1\nsha256:{'0' * 64}\n",
        f"{ORIGIN}/lists\n3\n{'A' * 43}=\n",
    ],
)
def test_it_signs_nothing_but_lists(key: Key, text: str) -> None:
    with pytest.raises(InputError):
        key.sign_list(text)


def test_a_process_of_lists_signs_no_notes_and_knows_no_subjects(tmp_path: Path) -> None:
    process = SignerProcess(tmp_path / "keys", f"new-lists:{ORIGIN}")
    for ask in (
        lambda: process.sign("rehearsed\n", ()),
        lambda: process.hashes([b"x"]),
        lambda: process.subject_key("x"),
        process.last,
    ):
        with pytest.raises(CauteryError, match="does not know"):
            ask()


def test_processes_that_sign_at_once_fork_no_version(opened: Callable[[bool], Key]) -> None:
    keys = [opened(True), *(opened(False) for _ in range(2))]
    texts: list[str] = []
    refused: list[EvidenceError] = []

    def sign(key: Key) -> None:
        for _ in range(20):
            text = next_text(key)
            try:
                key.sign_list(text)
            except EvidenceError as error:
                refused.append(error)
            else:
                texts.append(text)

    threads = [threading.Thread(target=sign, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [json.loads(text)["version"] for text in texts]
    assert sorted(numbers) == list(range(1, len(texts) + 1))
    assert len(texts) + len(refused) == 60


def test_a_key_is_made_once_and_found_where_it_was_made(
    key: Key, opened: Callable[[bool], Key], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="already"):
        opened(True)
    with pytest.raises(InputError):
        ListSecrets(tmp_path / "elsewhere", ORIGIN)
    with pytest.raises(InputError, match="origin"):
        ListSecrets(tmp_path / "keys", "Not a domain", new=True)
    assert "PRIVATE" not in repr(key)
