"""Make the two cases beside this file: run it with Cautery 0.1.0 (commit b027dc6), not today's.

A film of 40 s at 64 x 36 pixels is the work; a list names a stream that sends it, and one that
answers nothing. One watch ends and closes its case; another is killed and leaves its case open.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cautery.adapters.person_keys import create_approver
from cautery.lab.encode import Rendered, Writer
from cautery.lab.encode_options import Coding
from cautery.lab.pictures import FPS, STYLES, Canvas, Scenes
from cautery.lab.sounds import music

HERE = Path(__file__).parent
HOST = "127.81.2.3"
SEGMENT_S = 2
CODING = Coding(
    fps=FPS, segment_s=SEGMENT_S, width=64, height=36, crf=42, audio_hz=16000,
    layout="mono", audio_bps=16000,
)  # fmt: skip
WINDOW_S = 30.0


def film(folder: Path) -> Rendered:
    """Paint and encode the work."""
    seconds = 60
    sound = music(np.random.default_rng(5), seconds, beat_s=0.3, bright=0.6)
    scenes, canvas = Scenes(5, STYLES["kids"], seconds * FPS), Canvas()
    with Writer(folder, CODING) as out:
        for index in range(seconds * FPS):
            scenes.paint(index, canvas)
            out.picture(canvas.planes)
            if index % FPS == 0:
                at = index // FPS * 16000
                out.sound(sound[at : at + 16000])
    media = Rendered.load(folder)
    assert media is not None
    return media


def serve(media: Rendered, begun: float) -> http.server.ThreadingHTTPServer:
    """Serve the list, the stream as a live playlist, and an access provider's list."""
    pieces = media.pieces[4:]

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            base = f"http://{HOST}:{self.server.server_address[1]}"
            if self.path == "/films.m3u":
                body = (
                    "#EXTM3U\n#EXTINF:-1,The Glass Harbour (2025)\n"
                    f"{base}/live/anna/s3cret/17.m3u8\n"
                    f"#EXTINF:-1,The Glass Harbour 720p\n{base}/gone/18.m3u8\n"
                ).encode()
                self.send(body, "audio/x-mpegurl")
            elif self.path.endswith("/17.m3u8"):
                first = int((time.time() - begun) / SEGMENT_S)
                lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_S}"]
                lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first}")
                for number in range(first, first + 4):
                    lines += [f"#EXTINF:{SEGMENT_S}.0,", f"/s/{number % len(pieces)}.ts"]
                self.send("\n".join(lines).encode() + b"\n", "application/vnd.apple.mpegurl")
            elif self.path.startswith("/s/"):
                number = int(self.path[3:].removesuffix(".ts"))
                self.send((media.folder / pieces[number].file).read_bytes(), "video/mp2t")
            else:
                self.send_error(404)

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            applied = datetime.now(UTC).isoformat()
            self.send(
                json.dumps({"effect": "applied", "applied_at": applied}).encode(), "text/json"
            )

        def send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer((HOST, 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def facts(folder: Path, today: datetime) -> None:
    """Write what the guard wants to know of the one address."""
    folder.mkdir(parents=True)
    day, long_ago = f"{today:%Y-%m-%d}", f"{today - timedelta(days=200):%Y-%m-%d}"
    first = int.from_bytes(bytes(map(int, HOST.split(".")))[:2] + b"\0\0", "big")
    tables = {
        "asn-ipv4": ("asn-ranges", "start,end,asn", f"{first},{first + 65535},64500"),
        "asn-names": ("asn-names", "asn,org", "64500,Example Hosting"),
        "country-ipv4": ("country-ranges", "start,end,country", f"{first},{first + 65535},NL"),
        "ranges": ("shared-ranges", "cidr,provider,class,source", ""),
        "popular": ("popular-names", "domain,lists", "known.example,lab"),
        "bank-website": ("protected-names", "value", "bank.example"),
        "passive-dns": (
            "passive-dns", "address,name,first_seen,last_seen",
            f"{HOST},pirate.example,{long_ago},{day}",
        ),
        "dedicated": ("dedicated-addresses", "address,on,source", f"{HOST},{day},hoster's answer"),
    }  # fmt: skip
    toml = []
    for name, (kind, head, row) in tables.items():
        (folder / f"{name}.csv").write_text(f"{head}\n{row}\n" if row else f"{head}\n")
        toml += [f"[facts.{name}]", f'path = "{name}.csv"', f'kind = "{kind}"']
        toml += [f'date = "{day}"', "valid_days = 30", ""]
    (folder / "facts.toml").write_text("\n".join(toml))


def mandate(run: Path, media: Rendered, port: int, window_s: float) -> Path:
    """Write the mandate with its approvers' keys."""
    now = datetime.now(UTC)
    with (run / "film.ts").open("wb") as out:
        for piece in media.pieces:
            out.write((media.folder / piece.file).read_bytes())
    end = now + timedelta(seconds=window_s)
    lines = [
        "[mandate]", 'id = "small"', 'who = "Example Studio"', 'regime = "gdpr"',
        'legal_basis = "rights in the film"', f"start = {now.isoformat()}",
        f"end = {end.isoformat()}", 'territories = ["FR"]', "lab = true",
        "[[work]]", 'id = "glass-harbour"', 'title = "The Glass Harbour"', "year = 2025",
        'reference = "film.ts"',
        "[[order]]", 'id = "TJ-1"', 'authority = "Court of the lab"', 'territory = "FR"',
        f"start = {(now - timedelta(hours=1)).isoformat()}",
        f"end = {end.isoformat()}", 'targets_rule = "services not yet identified"',
        "[[source]]", f'url = "http://{HOST}:{port}/films.m3u"', 'kind = "m3u"', "revisit_s = 5.0",
        "[[intermediary]]", 'name = "Provider FR"', 'territory = "FR"',
        f'list_url = "http://{HOST}:{port}/list"',
        "[network]", 'allow = ["127.0.0.0/8"]', "rate_per_host = 25.0", 'facts = "facts"',
        f"canary_port = {port}", 'user_agent = "ExampleStudio-monitor/1"',
    ]  # fmt: skip
    approvers = []
    for name, stem in (("A. Legal", "legal"), ("B. Duty", "duty")):
        key = create_approver(run / f"{stem}.pem")
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        approvers += ["[[approver]]", f'name = "{name}"', f'role = "{stem}"']
        approvers += [f'public_key = """{pem.decode()}"""']
    place = lines.index("[[source]]")
    path = run / "mandate.toml"
    path.write_text("\n".join([*lines[:place], *approvers, *lines[place:]]) + "\n")
    facts(run / "facts", now)
    return path


def watch(run: Path, media: Rendered, *, killed_at: str | None, window_s: float) -> Path:
    """Watch once; return the run's folder with its case and keys."""
    run.mkdir()
    server = serve(media, time.time())
    try:
        path = mandate(run, media, server.server_address[1], window_s)
        command = [sys.executable, "-m", "cautery"]
        process = subprocess.Popen(
            [*command, "watch", path, "--case", run / "case", "--keys", run / "case-keys", "--json"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            kind, body = (said := json.loads(line))["kind"], said["body"]
            if kind == "referral.drafted":
                wanted = str(body["id"])
                for name, stem in (("A. Legal", "legal"), ("B. Duty", "duty")):
                    subprocess.run(
                        [*command, "referral", "approve", run / "case", wanted, "--as", name,
                         "--key", run / f"{stem}.pem"], check=True,
                    )  # fmt: skip
            if kind == killed_at:
                time.sleep(6.0)  # a checkpoint comes every five seconds
                process.kill()
        process.wait()
    finally:
        server.shutdown()
    return run


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        media = film(Path(scratch) / "film")
        for name, killed_at, window_s in (
            ("closed", None, WINDOW_S),
            ("open", "verdict", 3600.0),
        ):
            run = watch(Path(scratch) / name, media, killed_at=killed_at, window_s=window_s)
            target = HERE / name
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            ignored = shutil.ignore_patterns(".reserve", "*-shm")
            for what in ("case", "case-keys"):
                shutil.copytree(run / what, target / what, ignore=ignored)
            for what in ("mandate.toml", "legal.pem", "duty.pem"):
                shutil.copy(run / what, target / what)


if __name__ == "__main__":
    os.environ["CAUTERY_KEYS"] = "/nonexistent"
    main()
