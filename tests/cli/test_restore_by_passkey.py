"""`cautery case restore --in-room`: the command lays a text, ends, and uses what the room brought."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.passkeys import CHIEF, LEGAL
from tests.workflows.case.test_restore import lost

from cautery.adapters.requests_folder import RequestsFolder

DEVICES = {"A. Legal": LEGAL, "B. Duty": CHIEF}


def test_a_case_goes_on_once_both_passkeys_have_signed(tmp_path: Path, cautery: Any) -> None:
    lost(
        tmp_path,
        [
            {"name": name, "role": "legal", "public_key": device.text}
            for name, device in DEVICES.items()
        ],
    )
    people = tmp_path / "people"
    people.mkdir(mode=0o700)
    where = ("--people", people, "--keys", tmp_path / "keys", "--why", "the disk broke")
    names = [part for name in DEVICES for part in ("--in-room", name)]
    assert cautery("case", "restore", tmp_path / "case", *names[:2], *where).code == 2
    ran = cautery("case", "restore", tmp_path / "case", *names, *where)
    assert ran.code == 1
    assert "it waits for the passkey of A. Legal and B. Duty" in ran.err
    requests = RequestsFolder(people)
    for request in requests.all():
        assert f"https://room.example/requests/{request.id}" in ran.err
        requests.answer(request.id, DEVICES[request.person].signature(request.text.encode()))
    ran = cautery("case", "restore", tmp_path / "case", *names, *where)
    assert ran.code == 0, ran.err
    assert "A. Legal and B. Duty signed for it" in ran.err
    assert not requests.all()
