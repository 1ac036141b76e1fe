"""The services of compose: without rights, apart from each other, with what prepare.sh makes."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .units import DEPLOY, compose

SERVICES = compose()["services"]
CLUSTER = compose("cluster.compose.yaml")["services"]
NODE = compose("node.compose.yaml")["services"]["node"]
ALL = SERVICES | {"node": NODE, "store-inside": CLUSTER["store-inside"]}
OWN = ("room", "lists", "watch", "backup")


def mounts(service: dict[str, Any]) -> set[str]:
    """Where the service has folders of the machine."""
    return {volume.rsplit("}", 1)[1].split(":")[1] for volume in service.get("volumes", [])}


@pytest.mark.parametrize("name", ALL)
def test_a_service_has_no_rights_and_a_system_that_it_cannot_change(name: str) -> None:
    service = ALL[name]
    user, group = map(int, service["user"].split(":"))
    assert min(user, group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & service.keys()
    assert not [volume for volume in service.get("volumes", []) if "docker.sock" in volume]


def test_database_and_store_are_reached_by_nobody_else() -> None:
    database, store = SERVICES["database"], SERVICES["store"]
    assert database["network_mode"] == "none"
    assert "listen_addresses=" in database["command"]
    assert "ports" not in database
    assert "--auth-local=scram-sha-256" in database["environment"]["POSTGRES_INITDB_ARGS"]
    assert store["command"][:2] == ["--port", "127.0.0.1:7070"]
    assert [port.rsplit(":", 1)[1] for port in store["ports"]] == ["8443"]  # the room's
    for name in OWN:
        assert "ports" not in SERVICES[name] or name == "lists"


def test_the_public_face_has_no_case_no_key_and_no_way_to_them() -> None:
    face = SERVICES["lists"]
    assert mounts(face) == {"/etc/cautery", "/var/lib/cautery/public"}
    assert not {"network_mode", "secrets", "env_file", "environment", "depends_on"} & face.keys()


def test_only_the_watch_has_the_keys_of_cases() -> None:
    assert [name for name in SERVICES if "/var/lib/cautery/keys" in mounts(SERVICES[name])] == [
        "watch"
    ]


def test_a_node_has_no_key_of_a_case_and_nobody_reaches_it() -> None:
    assert mounts(NODE) == {"/var/cache/cautery"}
    assert not {"ports", "network_mode", "depends_on"} & NODE.keys()
    assert NODE["secrets"] == ["node-key", "pgpass", "authority"]
    assert NODE["command"][:2] == ["node", "run"]
    assert NODE["user"] == "10001:10001"
    words = (DEPLOY / "node.env.example").read_text()
    assert {"CAUTERY_NODE=", "CAUTERY_DATABASE=", "CAUTERY_VAULT="} <= {
        f"{line.partition('=')[0]}=" for line in words.splitlines()
    }


def test_a_cluster_lets_other_machines_in_by_tls_alone() -> None:
    database = CLUSTER["database"]
    said = " ".join(database["command"])
    assert "ssl=on" in said
    assert "ssl_min_protocol_version=TLSv1.3" in said
    assert "hba_file=/etc/postgresql/pg_hba.conf" in said
    for name in ("database", "store-inside"):
        for port in CLUSTER[name]["ports"]:
            assert port.startswith("${CAUTERY_INSIDE"), port
    assert {"--cert", "--key"} <= {*CLUSTER["store-inside"]["command"]}
    rules = [
        line.split()
        for line in (DEPLOY / "pg_hba.conf").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert [rule[0] for rule in rules] == ["local", "hostssl", "hostssl", "host"]
    assert {rule[-1] for rule in rules[:-1]} == {"scram-sha-256"}
    assert rules[-1] == ["host", "all", "all", "all", "reject"]


def test_prepare_makes_all_that_is_named_for_its_owner_alone_and_changes_nothing_twice(
    tmp_path: Path,
) -> None:
    where = tmp_path / "data"
    for _ in range(2):
        subprocess.run(["sh", DEPLOY / "prepare.sh", where], check=True)
        made = {
            path.relative_to(where).as_posix(): path.read_bytes()
            for path in where.rglob("*")
            if path.is_file()
        }
    subprocess.run(["sh", DEPLOY / "prepare.sh", where], check=True)
    assert made == {name: (where / name).read_bytes() for name in made}
    assert set(made) == {
        f"secrets/{name}" for name in ("database", "pgpass", "store.env", "vault.env")
    }
    for name in made:
        assert stat.S_IMODE((where / name).stat().st_mode) == 0o600
    prefix = "${CAUTERY_DATA:-./data}/"
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            if volume.startswith(prefix):
                folder = where / volume.removeprefix(prefix).split(":")[0]
                assert folder.is_dir(), volume
        for file in service.get("env_file", []):
            assert (where / file.removeprefix(prefix)).is_file()
    password = made["secrets/database"].decode()
    assert made["secrets/pgpass"].decode() == f"*:*:*:cautery:{password}\n"
    store, vault = (made[f"secrets/{name}.env"].decode() for name in ("store", "vault"))
    assert store.split("SECRET_ACCESS_KEY=")[1] == vault.split("SECRET_ACCESS_KEY=")[1]
    assert len({password, store.split("SECRET_ACCESS_KEY=")[1].strip()}) == 2


def test_the_image_runs_as_the_user_of_compose_from_hashed_packages() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert "--uid 10001" in text
    assert "\nUSER cautery\n" in text
    assert text.index("USER cautery") < text.index("ENTRYPOINT")
    for line in text.splitlines():
        if "pip install" in line:
            assert "--require-hashes" in line or "--no-deps" in line
    for word in ("requirements/server.txt", "requirements/build.txt"):
        assert word in text
        assert (DEPLOY.parent / word).is_file()
    assert {SERVICES[name]["user"] for name in OWN} == {"10001:10001"}
