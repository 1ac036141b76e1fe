"""How soon a second machine goes on with a match night, and whether anything is lost or done twice.

Two watches of the lab's small world, each a process with keys of its own, share a case on a server
(PostgreSQL, S3 of moto). At random instants, some of them as people have just approved a referral,
the first one is killed (``kill``), stopped by SIGSTOP and woken after the second has gone on
(``stop``), cut off from its database and healed (``cut``), or killed with its database, of which
the copy is promoted (``database``). What is measured:

- seconds until the second's first record, and until its first look;
- records that the first one told and that do not stand in the case under their number;
- acts twice: referrals published twice at one provider, versions of a list with one number sent
  twice, versions that a provider refused as old or forked;
- how the first one ended, if it woke.

Run: python bench/scale/standby.py [--trials 2] [--faults kill,stop,cut,database] [--seed 1]
     [--within 12] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]
sys.path[:0] = [str(HERE), str(Path(__file__).parent)]

from clusters import Cluster, Line, one_server, two_servers  # noqa: E402
from tests.servers import Bucket, s3_environment, s3_server  # noqa: E402

from cautery.evidence.manifest import LEDGER  # noqa: E402
from cautery.lab import build_world, start_lab, world  # noqa: E402
from cautery.lab.demo import Approvers, Waiting  # noqa: E402
from cautery.lab.spec import Timing  # noqa: E402
from cautery.model import Digest, Entry  # noqa: E402
from cautery.wiring import cases, signing  # noqa: E402
from cautery.workflows.case.referral import filed_referrals  # noqa: E402

CASE = Path("server:night")
WINDOW_S = 75.0
PATIENCE_S = 150.0
ASLEEP_S = 14.0
"""A driver that is stopped or cut off comes back after so long: the second has gone on by then."""
AROUND_ACT_S = 1.5
"""So long after an approval lists are made, signed, sent and recorded."""
PROMOTED_S = 2.0
"""After so long somebody, or a program of his, promotes the copy of a dead database."""


@dataclass
class Watch:
    """A watch as a process, and what it told."""

    process: subprocess.Popen[str]
    told: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    @classmethod
    def start(cls, mandate: Path, keys: Path, database: str, *more: str) -> Watch:
        command = [sys.executable, "-m", "cautery", "watch", str(mandate), "--case", str(CASE)]
        process = subprocess.Popen(
            [*command, "--keys", str(keys), "--json", "--keep-open", *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"CAUTERY_DATABASE": database},
        )
        watch = cls(process)
        for target in (watch._hear, watch._talk):
            watch.threads.append(threading.Thread(target=target, daemon=True))
            watch.threads[-1].start()
        return watch

    def until(self, what: str, wanted: Any) -> dict[str, Any]:
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            for line in list(self.told):
                if wanted(line):
                    return line
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{what} never came: {self.said[-8:]}")

    def until_record(self, kind: str) -> dict[str, Any]:
        return self.until(kind, lambda line: line.get("kind") == kind)

    def end(self) -> int:
        code = self.process.wait(PATIENCE_S)
        for thread in self.threads:
            thread.join(10)
        return code

    def put_away(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(20)

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                self.told.append(json.loads(line))

    def _talk(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.rstrip("\n"))


def desk(lab: Any) -> Approvers:
    """Seat the lab's two approvers at a case on a server."""

    def waiting(signed: Collection[str]) -> list[Waiting]:
        if not cases.reading_store().exists(CASE, LEDGER):
            return []
        with cases.reading(CASE) as held:
            filed = filed_referrals(held.ledger)
        return [
            Waiting(one.referral.id, one.digest, frozenset(a.approver for a in one.approvals))
            for one in filed
            if one.referral.id not in signed
        ]

    def sign(referral: str, digest: Digest, name: str, key: Path) -> None:
        signing.approve(CASE, referral, shown=digest, name=name, key=key)

    return Approvers(lab, waiting=waiting, sign=sign)


@contextlib.contextmanager
def databases(
    fault: str, folder: Path
) -> Iterator[tuple[str, str, Cluster, Cluster | None, Line | None]]:
    """Lend what leads the first and the second watch to their database."""
    if fault == "database":
        with two_servers(folder) as (first, copy):
            first.sql("CREATE DATABASE cases")
            url = (
                f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{copy.port}/cases"
                "?target_session_attrs=read-write"
            )
            yield url, url, first, copy, None
        return
    with one_server(folder) as server:
        server.sql("CREATE DATABASE cases")
        line = Line(server.port)
        try:
            yield (
                f"postgresql://postgres@127.0.0.1:{line.port}/cases",
                f"postgresql://postgres@127.0.0.1:{server.port}/cases",
                server,
                None,
                line,
            )
        finally:
            line.close()


def trial(fault: str, lab_world: Any, run: Path, after: str, wait_s: float) -> dict[str, Any]:
    """Have one night lose its first machine, and look at what is left."""
    with contextlib.ExitStack() as stack:
        near, far, server, copy, line = stack.enter_context(databases(fault, run / "databases"))
        os.environ["CAUTERY_DATABASE"] = far
        subprocess.run(
            [sys.executable, "-m", "cautery", "server", "prepare", "--regime", "gdpr"],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        lab = stack.enter_context(start_lab(lab_world, run / "lab", lead_s=4.0, window_s=WINDOW_S))
        approvers = stack.enter_context(desk(lab))
        keys = run / "keys-1", run / "keys-2"
        first = Watch.start(lab.mandate_path, keys[0], near)
        stack.callback(first.put_away)
        first.until_record("decoder.confined")
        shutil.copytree(keys[0], keys[1])
        keys[1].chmod(0o700)
        second = Watch.start(lab.mandate_path, keys[1], far, "--standby")
        stack.callback(second.put_away)
        second.until("a standby", lambda told: (told.get("standby") or {}).get("driver"))
        first.until_record(after)
        time.sleep(wait_s)
        at = datetime.now(UTC)
        begun_s = time.monotonic()
        if fault in {"kill", "database"}:
            first.process.kill()
        elif fault == "stop":
            first.process.send_signal(signal.SIGSTOP)
        elif line is not None:
            line.cut()
        if copy is not None:
            server.kill()
            time.sleep(PROMOTED_S)
            copy.promote()
        second.until_record("watch.taken-over")
        taken_s = time.monotonic() - begun_s
        woke = None
        if fault in {"stop", "cut"}:
            time.sleep(max(0.0, ASLEEP_S - (time.monotonic() - begun_s)))
            if fault == "stop":
                first.process.send_signal(signal.SIGCONT)
            elif line is not None:
                line.heal()
            woke = first.end()
        try:
            second.until_record("probe.done")
        except RuntimeError as error:
            left_s = lab.kick_off + WINDOW_S - at.timestamp() - taken_s
            raise RuntimeError(
                f"taken over after {taken_s:.1f} s, {left_s:.1f} s before the end: {error}"
            ) from error
        code = second.end()
        with cases.reading(CASE) as held:
            entries = list(held.ledger.read())
        result = judged(entries, first, at)
        return {
            "fault": fault,
            "instant": f"{wait_s:.2f} s after {after}",
            **result,
            "first_ended": woke,
            "first_said": first.said[-2:] if woke is not None else [],
            "second_ended": code,
            "approvers": approvers.failures[:2],
            "second_said": second.said[-3:] if code else [],
        }


def judged(entries: list[Entry], first: Watch, at: datetime) -> dict[str, Any]:
    """Say what the case of such a night holds."""
    kinds = [entry.record.kind for entry in entries]
    taken = kinds.index("watch.taken-over")
    look = next((entry for entry in entries[taken:] if entry.record.kind == "probe.done"), None)
    told = [(line["index"], line["kind"]) for line in first.told if "index" in line]
    lost = [one for one in told if one[0] >= len(kinds) or kinds[one[0]] != one[1]]
    late = [one for one in told if one[0] > taken and "approval" not in one[1]]
    published = Counter(
        (entry.record.body["referral"], entry.record.body["intermediary"])
        for entry in entries
        if entry.record.kind == "referral.published"
    )
    versions = Counter(
        (entry.record.body["list"], entry.record.body["version"])
        for entry in entries
        if entry.record.kind == "list.sent"
    )
    refused = [
        entry.record.body["message"]
        for entry in entries
        if entry.record.kind == "failure" and entry.record.body["what"] == "publish"
    ]
    return {
        "silent_s": entries[taken].record.body["silent_s"],
        "first_record_s": round((entries[taken].record.at - at).total_seconds(), 2),
        "first_look_s": None if look is None else round((look.record.at - at).total_seconds(), 2),
        "records": len(entries),
        "told": len(told),
        "lost": len(lost),
        "written_by_first_later": len(late),
        "published": sum(published.values()),
        "published_before": sum(kind == "referral.published" for kind in kinds[:taken]),
        "lists_sent": sum(versions.values()),
        "twice": sum(count - 1 for count in (*published.values(), *versions.values())),
        "list_refused": [
            message for message in refused if "version-old" in message or "forked" in message
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2, help="of each fault")
    parser.add_argument("--faults", default="kill,stop,cut,database")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--within", type=float, default=12.0, help="latest instant, s")
    parser.add_argument("--media", type=Path, default=Path(tempfile.gettempdir()) / "standby-media")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    # A night of 42 s is over before a second machine has had its say.
    world._TIMINGS["small"] = Timing(edge_s=52.0, after_s=WINDOW_S + 5.0)  # noqa: SLF001
    lab_world = build_world(3, asked.media, size="small")
    chance = random.Random(asked.seed)
    results = []
    with s3_server() as endpoint:
        os.environ |= s3_environment(endpoint)
        for number in range(asked.trials):
            for fault in asked.faults.split(","):
                os.environ["CAUTERY_VAULT"] = Bucket(endpoint).url
                with tempfile.TemporaryDirectory(prefix="standby-") as folder:
                    Path(folder).chmod(0o755)  # the user postgres passes through it
                    after, most_s = chance.choice(
                        [("probe.done", asked.within), ("approval.given", AROUND_ACT_S)]
                    )
                    wait_s = chance.uniform(0.0, most_s)
                    try:
                        result = trial(fault, lab_world, Path(folder), after, wait_s)
                    except (RuntimeError, subprocess.SubprocessError) as error:
                        result = {"fault": fault, "trial": number, "failed": str(error)[:600]}
                results.append(result)
                print(json.dumps(result), flush=True)
    if not asked.json:
        print(summary(results))


def summary(results: list[dict[str, Any]]) -> str:
    lines = ["fault     n  first record s (median, most)  first look s (median, most)  lost  twice"]
    for fault in dict.fromkeys(one["fault"] for one in results):
        good = [one for one in results if one["fault"] == fault and "failed" not in one]
        if not good:
            lines.append(f"{fault:9} 0")
            continue
        records = sorted(one["first_record_s"] for one in good)
        looks = sorted(one["first_look_s"] or 999.0 for one in good)
        lines.append(
            f"{fault:9} {len(good)}  {records[len(records) // 2]:6.1f} {records[-1]:6.1f}"
            f"                  {looks[len(looks) // 2]:6.1f} {looks[-1]:6.1f}"
            f"               {sum(one['lost'] for one in good):4}"
            f"  {sum(one['twice'] + len(one['list_refused']) for one in good):4}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
