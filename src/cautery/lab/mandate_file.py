"""Writes the mandate that a served world gives to a watch, with its approvers' keys."""

from __future__ import annotations

import base64
import json
import shutil
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import ListTrust
from cautery.lab.decoys import DecoyPlaces, mandate_lines
from cautery.lab.encode import Rendered
from cautery.lab.spec import Plan
from cautery.model import digest_of
from cautery.model.signing_keys import key_in
from cautery.workflows.mandate.read import read_with_bytes
from cautery.workflows.mandate.signatures import add_signature, signatures_path

APPROVERS = (("A. Legal", "legal"), ("B. Duty", "duty-officer"))
SIGNERS = (("M. Head", "head of the lab"), ("N. Deputy", "deputy head of the lab"))
"""Invented people who sign the lab's mandate; their private keys are forgotten at once."""


def write_mandate(
    plan: Plan,
    run_dir: Path,
    *,
    media: Path,
    ports: tuple[int, int],
    services: dict[str, str],
    resolver: str,
    now: datetime,
    kick_off: datetime,
    window_s: float,
    log: Path | None = None,
    decoys: DecoyPlaces | None = None,
) -> Path:
    """Write ``mandate.toml`` and ``keys/`` into a run's folder; return the mandate's path.

    It is signed, as a lab's; ``signers.toml`` has the keys that vouch for it. The orders end ten
    seconds before the mandate does, so that entries expire inside the run. ``log`` is the folder of
    the organisation's log; ``None``: it keeps none. ``decoys``: where they stand; ``None``: the
    night has none.
    """
    end = kick_off + timedelta(seconds=window_s)
    order_end = end - timedelta(seconds=10)
    port = ports[0]
    lines = [
        "[mandate]",
        f'id = "lab-{plan.size}-{plan.seed}"',
        'who = "Example League"',
        'regime = "gdpr"',
        'legal_basis = "exclusive rights of the lab\'s season, annex 3"',
        f"start = {_time(now)}",
        f"end = {_time(end)}",
        f"territories = {_strings(_territories(plan))}",
        "lab = true",
        "",
        "[[event]]",
        f"id = {_string(plan.event)}",
        f"name = {_string(plan.event_name)}",
        f"kick_off = {_time(kick_off)}",
        f'clean_feed = "http://{plan.feeds}:{port}/clean/index.m3u8"',
    ]
    licensed = [channel for channel in plan.channels if channel.role in ("licensee", "linear")]
    for channel in licensed:
        lines += ["", "[[channel]]", f"id = {_string(channel.id)}"]
        lines.append(f"names = {_strings([channel.name])}")
        lines.append(f"territory = {_string(channel.territory or 'GB')}")
        if channel.event is not None:
            lines.append(f"event = {_string(channel.event)}")
        lines.append(f'reference = "http://{plan.feeds}:{port}/{channel.id}/index.m3u8"')
    for work in (channel for channel in plan.channels if channel.role == "work"):
        film = run_dir / "film.ts"
        _join(media / work.id, film)
        lines += ["", "[[work]]", f"id = {_string(work.id)}", f"title = {_string(work.name)}"]
        lines += ["year = 2025", 'kind = "film"', 'reference = "film.ts"']
    first = next(channel for channel in licensed if channel.event is not None)
    for host in (host for host in plan.hosts if host.role == "partner"):
        lawful = [host.name] if decoys is None else [host.name, decoys.partner]
        lines += ["", "[[partner]]", 'name = "Lawful Partner"', f"hosts = {_strings(lawful)}"]
        lines.append(f"channels = {_strings([first.id])}")
    lines += _orders(now, order_end) + _approvers(run_dir / "keys") + _sources(plan, port, now)
    for territory in ("FR", "GB"):
        address = services[f"isp-{territory.lower()}.lab.example"]
        lines += [
            "",
            "[[intermediary]]",
            f"name = {_string(_provider(territory))}",
            f'territory = "{territory}"',
            f'list_url = "http://{address}:{port}/list"',
            f'proxy = "http://{address}:{port}"',
        ]
    lines += [
        "",
        "[network]",
        'allow = ["127.0.0.0/8"]',
        "rate_per_host = 25.0",
        'user_agent = "ExampleLeague-monitor/1"',
        f'resolver = "{resolver}"',
        'facts = "facts"',
        f"canary_port = {port}",
        f'rdap = "http://{services["rdap.lab.example"]}:{port}/"',
        "",
    ]
    if decoys is not None:
        lines += [*mandate_lines(decoys), ""]
    if log is not None:
        lines += ["[log]", f"folder = {_string(str(log))}", ""]
    path = run_dir / "mandate.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    _sign(path, run_dir / "signers.toml", now)
    return path


def list_trust(run_dir: Path, territory: str) -> ListTrust:
    """Return whom a lab access provider believes: the approvers of the mandate, and their case."""
    mandate = tomllib.loads((run_dir / "mandate.toml").read_text(encoding="utf-8"))
    return ListTrust(
        provider=_provider(territory),
        territory=territory,
        approvers=[key_in(person["public_key"]) for person in mandate["approver"]],
    )


def _provider(territory: str) -> str:
    return f"Lab access provider {territory}"


def _sign(path: Path, signers: Path, now: datetime) -> None:
    beside = signatures_path(path)
    beside.unlink(missing_ok=True)  # of an earlier run in the same folder
    lines: list[str] = []
    for name, role in SIGNERS:
        key = Ed25519PrivateKey.generate()
        mandate, raw = read_with_bytes(path, now=now)
        add_signature(
            path, mandate, raw=raw, shown=digest_of(raw), name=name, role=role, key=key, now=now
        )
        public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
        lines += ["[[signer]]", f"name = {_string(name)}", f"role = {_string(role)}"]
        lines += [f'public_key = "{public}"', ""]
    signers.write_text("\n".join(lines), encoding="utf-8")


_PARTICULARS = {
    "FR": '{ calendar = "calendar of the lab\'s league", agent = "sworn agent 7 of the lab", '
    'method = "the method of the lab" }',
    "GB": '{ reset = "every two weeks", host_notice = "in each week of a block, after a week", '
    'criteria = "confidential schedule 3 of the lab" }',
}
"""What the live orders of the lab state, as their profiles ask (``cautery mandate rules``)."""


def _orders(now: datetime, end: datetime) -> list[str]:
    lines = []
    courts = (("FR", "TJ-2026-118", "Tribunal judiciaire"), ("GB", "HC-2026-204", "High Court"))
    for territory, order, court in courts:
        lines += [
            "",
            "[[order]]",
            f'id = "{order}"',
            f'authority = "{court} of the lab"',
            f'territory = "{territory}"',
            f"start = {_time(now - timedelta(hours=1))}",
            f"end = {_time(end)}",
            'targets_rule = "services not yet identified, during the calendar\'s matches"',
            f"particulars = {_PARTICULARS[territory]}",
            "",
            "[[order]]",
            f'id = "{order}-S"',
            f'authority = "{court} of the lab"',
            f'territory = "{territory}"',
            'kind = "standing"',
            f"start = {_time(now - timedelta(hours=1))}",
            f"end = {_time(end)}",
            'targets_rule = "services that show the films and channels of the annex"',
        ]
    return lines


def _approvers(folder: Path) -> list[str]:
    """Make a key pair per approver; the private halves stay readable by the owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, role in APPROVERS:
        key = Ed25519PrivateKey.generate()
        path = folder / f"{role}.pem"
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        raw = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        public = base64.b64encode(raw).decode()
        lines += ["", "[[approver]]", f'name = "{name}"', f'role = "{role}"']
        lines.append(f'public_key = "{public}"')
    return lines


def _sources(plan: Plan, port: int, now: datetime) -> list[str]:
    lines = []
    networks = {network.id: network for network in plan.networks}
    for source in plan.sources:
        url = f"http://{source.host}:{port}{source.path}"
        lines += ["", "[[source]]", f'url = "{url}"', f'kind = "{source.kind}"']
        if source.kind == "xtream" and source.network is not None:
            network = networks[source.network]
            receipt = f"test purchase of {now.date().isoformat()}, no. {network.id}-17"
            lines += ['access = "test-purchase"', f'receipt = "{receipt}"']
            lines += [f'username = "{network.username}"', f'password = "{network.password}"']
        else:
            lines.append('access = "public"')
        lines.append(f"revisit_s = {30.0 if source.kind == 'page' else 3.0}")
    return lines


def _join(folder: Path, target: Path) -> None:
    """Join a work's segments into one transport stream: its file."""
    media = Rendered.load(folder)
    assert media is not None
    with target.open("wb") as out:
        for piece in media.pieces:
            with (media.folder / piece.file).open("rb") as file:
                shutil.copyfileobj(file, out)


def _territories(plan: Plan) -> list[str]:
    territories = {
        channel.territory
        for channel in plan.channels
        if channel.territory is not None and channel.mandated
    }
    return sorted(territories | {"FR", "GB"})


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _strings(texts: list[str]) -> str:
    return "[" + ", ".join(_string(text) for text in texts) + "]"
