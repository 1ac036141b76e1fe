"""The lab's planner: plants decoys among the streams of a night, and knows the truth about them.

The decoys show the lab's own media, on addresses of their own, in a list of their own among those
that the mandate reads. The keeper serves them; the lab's pirates know nothing of it.
"""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.json_text import parsed_json
from cautery.lab.encode import Rendered
from cautery.lab.spec import Plan
from cautery.lab.truth import StreamTruth
from cautery.model.decoys import DecoyKind, DecoyLeaf
from cautery.model.wire import to_json

PLANNER = "P. Lanner"
OWN_STREAMS, LOOK_ALIKES = 5, 5
"""Judgement: each costs the demo 1 % more work. A real night has 20 to 40 of both together."""
LIST = "/sports.m3u"
_DISGUISES = ("none", "mirror", "crop", "logo", "quiet")
_TITLES = ("{event} LIVE HD", "{event} FHD {number}", "SPORT {number} {event}")
_KINDS = {"other-match": DecoyKind.OTHER_MATCH, "room": DecoyKind.FAN_TALK}
"""What the lab's look-alike channels are, by their style."""
_DELAY_S, _APPEARS_S = (3.0, 9.0), (0.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoyPlaces:
    """Where the decoys of a lab's night stand, and where its planner's files are.

    Parameters
    ----------
    night, key, programme : Path
        The folder of the planned night, the planner's key, and the programme.
    hosts : tuple of str
        Addresses of its own hosts, one for each decoy: an act on one meets no other one.
    partner : str
        Address of a licensed partner's host.
    port : int
        Where all of them are served.
    gate : (str, int)
        Where the gate asks the keeper.
    public_key : str
        The planner's, as mandates name it.
    """

    night: Path
    key: Path
    programme: Path
    hosts: tuple[str, ...]
    partner: str
    port: int
    gate: tuple[str, int]
    public_key: str = field(repr=False)

    @property
    def list_url(self) -> str:
        """The list that offers the decoys."""
        return f"http://{self.hosts[0]}:{self.port}{LIST}"


def decoy_places(plan: Plan, run_dir: Path, *, port: int) -> DecoyPlaces:
    """Choose addresses for decoys, and make the planner's key.

    Parameters
    ----------
    run_dir : Path
        Of the run; the planner has a folder in it.
    port : int
        That of the lab's servers: no port tells a decoy from a stream.
    """
    rng = np.random.default_rng([plan.seed, 79])
    taken = {host.address for host in plan.hosts}
    addresses: list[str] = []
    while len(addresses) < OWN_STREAMS + LOOK_ALIKES + 1:
        address = f"127.20.{rng.integers(1, 250)}.{rng.integers(1, 250)}"
        if address not in taken:
            taken.add(address)
            addresses.append(address)
    folder = run_dir / "planner"
    folder.mkdir(mode=0o700, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    path = folder / "planner.pem"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        gate = ("127.0.0.1", int(probe.getsockname()[1]))
    return DecoyPlaces(
        night=run_dir / "night",
        key=path,
        programme=folder / "programme.toml",
        hosts=tuple(addresses[1:]),
        partner=addresses[0],
        port=port,
        gate=gate,
        public_key=base64.b64encode(key.public_key().public_bytes_raw()).decode("ascii"),
    )


def mandate_lines(places: DecoyPlaces) -> list[str]:
    """Return what the mandate says of the decoys: that there are some, their list, their keeper."""
    host, port = places.gate
    return [
        "",
        "[[source]]",
        f"url = {json.dumps(places.list_url)}",
        'kind = "m3u"',
        'access = "public"',
        "revisit_s = 3.0",
        "",
        "[decoys]",
        f"sealed = {json.dumps(str(places.night / 'sealed.json'))}",
        f'keeper = "http://{host}:{port}"',
        f"planner = {json.dumps(places.public_key)}",
        f"own = {json.dumps([*places.hosts, places.partner])}",
    ]


def write_programme(
    places: DecoyPlaces, plan: Plan, media: Path, *, t0: float, kick_off: float, end: float
) -> None:
    """Write the planner's programme for a night of the lab, and the playlists of its media.

    Parameters
    ----------
    media : Path
        Folder of the world's rendered media.
    t0 : float
        When the references' live edge stood at the plan's ``edge_s``, epoch seconds.
    kick_off, end : float
        When the night begins and ends, epoch seconds.
    """
    began = _time(t0 - plan.timing.edge_s)
    lines = [
        f'night = "lab-{plan.seed}"',
        f"planner = {json.dumps(PLANNER)}",
        f"start = {_time(kick_off)}",
        f"end = {_time(end)}",
        f"own = {json.dumps([*places.hosts, places.partner])}",
        f"own_streams = {OWN_STREAMS}",
        f"look_alikes = {LOOK_ALIKES}",
        f"delay_s = {list(_DELAY_S)}",
        f"appears_s = {list(_APPEARS_S)}",
        f"titles = {json.dumps(_TITLES)}",
        f"disguises = {json.dumps(_DISGUISES)}",
    ]
    for address in (*places.hosts, places.partner):
        lines += ["", "[[host]]", f'name = "{address}"', f'address = "{address}"']
        lines.append(f"port = {places.port}")
        if address == places.partner:
            lines.append("partner = true")
    lines += ["", "[[list]]", f'host = "{places.hosts[0]}"', f'path = "{LIST}"']
    for channel in plan.channels:
        is_of_event = channel.role in ("clean", "licensee") and channel.event == plan.event
        if not is_of_event and channel.style not in _KINDS:
            continue
        playlist = places.programme.with_name(f"{channel.id}.m3u8")
        playlist.write_text(_playlist(media / channel.id), encoding="utf-8")
        lines += ["", "[[media]]", f"path = {json.dumps(playlist.name)}", f"begins_at = {began}"]
        if is_of_event:
            lines.append(f"event = {json.dumps(plan.event)}")
        else:
            lines.append(f'kind = "{_KINDS[channel.style].value}"')
        if channel.role == "licensee":
            lines.append(f"licensee = {json.dumps(channel.id)}")
    places.programme.write_text("\n".join([*lines, ""]), encoding="utf-8")


def add_decoys(truth_path: Path, leaves: Iterable[DecoyLeaf]) -> dict[str, Any]:
    """Add the decoys to the truth of a run, as the planner's plan has them, and return it all."""
    truth: dict[str, Any] = parsed_json(truth_path.read_text(encoding="utf-8"))
    truth["streams"] += [to_json(_stream(number, leaf)) for number, leaf in enumerate(leaves)]
    text = json.dumps(truth, indent=1, ensure_ascii=False)
    truth_path.write_text(text, encoding="utf-8")
    return truth


def decoys_of(truth: Mapping[str, Any]) -> dict[str, Any]:
    """Return the truth of the decoys alone."""
    alone = [stream for stream in truth["streams"] if stream["id"].startswith("decoy-")]
    return {**truth, "streams": alone}


def _stream(number: int, leaf: DecoyLeaf) -> StreamTruth:
    decoy = leaf.decoy
    kinds = {DecoyKind.OWN_STREAM: "rebroadcast", DecoyKind.PARTNER: "partner"}
    return StreamTruth(
        id=f"decoy-{number}",
        url=decoy.url,
        host=decoy.host,
        network=None,
        carries=decoy.licensee or decoy.event,
        event=decoy.event,
        licensee=decoy.licensee,
        kind=kinds.get(decoy.kind, "innocent"),
        mandated=decoy.kind is DecoyKind.OWN_STREAM,
        delay_s=decoy.delay_s,
        speed=1.0,
        disguise=(decoy.disguise,),
        appears_at=decoy.appears_at.timestamp(),
        vanishes_at=decoy.vanishes_at.timestamp(),
    )


def _playlist(folder: Path) -> str:
    """Return a playlist of rendered media, whose segments it names where they lie."""
    media = Rendered.load(folder)
    assert media is not None
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:10"]
    if media.init is not None:
        lines.append(f'#EXT-X-MAP:URI="{folder / media.init}"')
    for piece in media.pieces:
        lines += [f"#EXTINF:{piece.seconds:.6f},", str(folder / piece.file)]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _time(epoch_s: float) -> str:
    moment = datetime.fromtimestamp(epoch_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
