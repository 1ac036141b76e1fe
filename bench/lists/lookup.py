"""How long a look-up takes, over HTTP, among 60,000 entries on 300 lists.

    python bench/lists/lookup.py [--lists N] [--entries N] [--questions N]

Half of the questions are about names that are blocked. They come from many addresses of loopback,
since one address may ask once a second. It prints a row for bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import numpy as np

from cautery.adapters.public_folder import PublicFolder
from cautery.canonical import canonical
from cautery.model import digest_of, iso
from cautery.workflows.public.shelf import referral_file

PORT = 18_480
PER_REFERRAL = 100
PER_ADDRESS = 25


def fill(folder: Path, *, lists: int, entries: int) -> None:
    """Write a public folder whose lists all name the same referrals."""
    files = PublicFolder(folder, make=True)
    now = datetime.now(UTC)
    end, names = iso(now + timedelta(hours=3)), []
    for first in range(0, entries, PER_REFERRAL):
        rows = [
            {"lever": "name", "target": f"n{n}.pirate.example", "end": end, "max_stale_s": None}
            for n in range(first, first + PER_REFERRAL)
        ]
        text = canonical(
            {"referral": f"R-{first}", "order": "O", "authority": "Court", "territory": "FR",
             "entries": rows}
        ).decode()  # fmt: skip
        digest = digest_of(text.encode())
        files.write(referral_file(digest), canonical({"text": text, "approvals": []}))
        names.append(digest)
    for number in range(lists):
        version = {"list": f"L-{number:012x}", "version": 1, "made_at": iso(now),
                   "referrals": sorted(names), "withdrawn": []}  # fmt: skip
        head = canonical({"version": canonical(version).decode(), "signature": ""})
        files.write(f"lists/L-{number:012x}.json", head, lasting=False)
    order = {"territory": "FR", "order": "O", "kind": "live", "secret": False}
    files.write("about.json", canonical({"who": "League", "orders": [order]}))


def main() -> None:
    """Print the row."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--lists", type=int, default=300)
    ask.add_argument("--entries", type=int, default=60_000)
    ask.add_argument("--questions", type=int, default=5_000)
    given = ask.parse_args()
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name) / "public", lists=given.lists, entries=given.entries)
        settings = Path(name) / "face.toml"
        settings.write_text(
            'folders = ["public"]\nname = "Bench"\ncontact = "a@b.example"\nurl = "http://x"\n'
            f'[public]\nlisten = "127.0.0.1:{PORT}"\n'
        )
        server = subprocess.Popen(
            [sys.executable, "-m", "cautery", "lists", "serve", str(settings)],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stderr is not None
            print(server.stderr.readline().strip())
            took, wrong = [], 0
            for number in range(given.questions):
                if number % PER_ADDRESS == 0:
                    source = (
                        f"127.1.{number // PER_ADDRESS // 250}.{number // PER_ADDRESS % 250 + 1}"
                    )
                    connection = HTTPConnection("127.0.0.1", PORT, source_address=(source, 0))
                is_blocked = bool(number % 2)
                where = rng.randrange(given.entries) + (0 if is_blocked else given.entries)
                begun = time.perf_counter()
                connection.request("GET", f"/lookup.json?q=n{where}.pirate.example")
                body = json.load(connection.getresponse())
                took.append(time.perf_counter() - begun)
                wrong += bool(body["blocks"]) is not is_blocked
        finally:
            server.terminate()
            server.wait(10)
    first, rest = took[0] * 1_000, np.array(took[1:]) * 1_000
    p50, p95, p99 = np.percentile(rest, [50, 95, 99])
    print(
        f"look-up: N {len(rest)}, median {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, longest "
        f"{rest.max():.0f} ms; the first, which reads the folder, {first:.0f} ms; wrong {wrong}"
    )


if __name__ == "__main__":
    main()
