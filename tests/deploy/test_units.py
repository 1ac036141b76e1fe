"""The units run what they name, as a user without rights, and see no more than that needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from cautery.cli import app

from .units import DEPLOY, PROGRAM, UNITS, command, settings

CLOSED = {
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectHome": "yes",
    "ProtectSystem": "strict",
    "ProtectProc": "invisible",
    "RestrictSUIDSGID": "yes",
    "UMask": "0077",
    "User": "cautery",
}
KEYS_OF_CASES = "/var/lib/cautery/keys"
MOST_EXPOSURE = 2.5
"""Of 10, as systemd counts it; a service without any of these has 9.6."""


def verifiable(folder: Path) -> list[Path]:
    """The units with a program that is there."""
    program = shutil.which("true")
    units = []
    for unit in [*UNITS, *(DEPLOY / "systemd").glob("*.timer")]:
        copy = folder / unit.name.replace("@.", "@md34.")
        copy.write_text(unit.read_text().replace(PROGRAM, str(program)))
        units.append(copy)
    return units


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_closed_in(unit: Path) -> None:
    found = settings(unit)
    assert {name: found[name] for name in CLOSED} == {
        name: [value] for name, value in CLOSED.items()
    }
    [capabilities] = found["CapabilityBoundingSet"]
    assert capabilities in {"", "CAP_NET_BIND_SERVICE"}
    assert all(value.startswith("@system-service") for value in found["SystemCallFilter"])


def test_only_a_watch_sees_the_keys_of_cases() -> None:
    assert len(UNITS) == 9
    for unit in UNITS:
        found = settings(unit)
        seen = " ".join(found.get("BindPaths", [])).split()
        hidden = "/var/lib/cautery:ro" in found.get("TemporaryFileSystem", []) or (
            "-/var/lib/cautery" in " ".join(found["InaccessiblePaths"]).split()
        )
        assert hidden, unit
        watches = unit.name.startswith(("cautery-watch", "cautery-season"))
        assert (KEYS_OF_CASES in seen) == watches, unit


def test_only_backups_see_backups_and_only_alerts_see_where_they_go() -> None:
    for unit in UNITS:
        found = settings(unit)
        hidden = " ".join(found.get("InaccessiblePaths", [])).split()
        at_backups = unit.name.startswith("cautery-backup")
        assert ("-/var/backups/cautery" in hidden) == (not at_backups), unit
        if not at_backups and not unit.name.startswith("cautery-alerts"):
            assert {"-/etc/cautery/alerts.toml", "-/etc/cautery/postbox.toml"} <= {*hidden}, unit


def test_a_node_sees_no_key_of_a_case_and_no_credential_of_the_server() -> None:
    found = settings(DEPLOY / "systemd/cautery-node.service")
    assert "BindPaths" not in found
    assert found["EnvironmentFile"] == ["/etc/cautery/node.env"]
    assert "-/etc/cautery/server.env" in found["InaccessiblePaths"][0].split()
    assert found["LoadCredential"] == ["node.key:/etc/cautery/node.key"]


def test_the_public_face_sees_no_case_and_no_credential_of_the_server() -> None:
    found = settings(DEPLOY / "systemd/cautery-lists.service")
    assert found["BindPaths"] == ["/var/lib/cautery/public"]
    assert "EnvironmentFile" not in found
    assert "-/etc/cautery/server.env" in found["InaccessiblePaths"][0].split()


def test_systemd_takes_them_and_finds_little_exposed(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    units = verifiable(tmp_path)
    assert len(units) == 11
    verified = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    for unit in units:
        if unit.suffix != ".service":
            continue
        said = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        [level] = re.findall(r"Overall exposure level for \S+: ([\d.]+)", said)
        assert float(level) <= MOST_EXPOSURE, unit.name


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_command_of_a_unit_is_one_that_there_is(unit: Path) -> None:
    """Every word and option is known; the commands themselves are run in test_running.py."""
    words = [re.sub(r"\$\{\w+\}", "1", word) for word in command(unit, {})]
    group, context = get_command(app), None
    while hasattr(group, "get_command"):
        context = group.make_context("cautery", [words[0], "--help"], resilient_parsing=True)
        found = group.get_command(context, words.pop(0))
        assert found is not None
        group = found
    taken = {option for one in group.params for option in (*one.opts, *one.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= taken


def test_folders_are_made_for_what_the_units_bind() -> None:
    made = {
        line.split()[1]: line.split()[2:]
        for line in (DEPLOY / "systemd/cautery.tmpfiles").read_text().splitlines()
    }
    assert set(map(tuple, made.values())) == {("0700", "cautery", "cautery")}
    for unit in UNITS:
        found = settings(unit)
        bound = " ".join([*found.get("BindPaths", []), *found.get("ReadWritePaths", [])]).split()
        assert {path for path in bound if path not in made} == set(), unit


def test_a_variable_of_a_command_is_in_the_example_of_the_settings() -> None:
    for unit in UNITS:
        [line] = settings(unit)["ExecStart"]
        names = [Path(file).name for file in settings(unit).get("EnvironmentFile", [])]
        example = "".join((DEPLOY / f"{name}.example").read_text() for name in names)
        for name in re.findall(r"\$\{(\w+)\}", line):
            assert name == "CREDENTIALS_DIRECTORY" or f"\n{name}=" in example, name
