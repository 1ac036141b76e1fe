"""The command `cautery-provider`: parse, call, print.

Exit codes: 0 done, 1 something is wrong (a driver, a stale list, a refused one), 2 bad use or a
configuration that cannot be used.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cautery_provider.agent import explained
from cautery_provider.clock import Linux
from cautery_provider.drivers import Driver
from cautery_provider.drivers.log import Log
from cautery_provider.service import Service, make_agent, open_store
from cautery_provider.settings import ConfigError, Settings, read_settings
from cautery_provider.store import Hold
from cautery_provider.watchdog import Watchdog, flush

_CONFIG = Path("/etc/cautery-provider.toml")
_LOCK_S = 15.0
_OLD_LIST_S = 120


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(options.config)
        code: int = options.do(settings, options)
    except ConfigError as error:
        _log(str(error))
        return 2
    except OSError as error:
        _log(f"{error.filename or settings.state}: {error.strerror}")
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cautery-provider",
        description="Take block lists that two people signed, block no longer than they signed, "
        "and unblock by itself.",
        epilog="Begin with: cautery-provider check; cautery-provider once --shadow",
    )
    parser.add_argument("--version", action="version", version="cautery-provider 0.1.0")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def verb(name: str, do: Callable[[Settings, Any], int], text: str) -> argparse.ArgumentParser:
        command = verbs.add_parser(name, help=text, description=text)
        command.add_argument(
            "--config", type=Path, default=_CONFIG, metavar="FILE", help=f"default: {_CONFIG}"
        )
        command.add_argument("--json", action="store_true", help="print JSON")
        command.add_argument(
            "--shadow", action="store_true", help="block nothing, log what would be blocked"
        )
        command.set_defaults(do=do)
        return command

    verb("run", _run, "Fetch, check, block and unblock until stopped.")
    verb("once", _once, "Ask each feed once, make the drivers agree, and print the outcome.")
    verb("check", _check, "Check the configuration and the drivers; change nothing.")
    verb("status", _status, "Show the accepted version, what is blocked, and what is wrong.")
    rollback = verb(
        "rollback", _rollback, "Unblock what the last change added, and add nothing until `resume`."
    )
    rollback.add_argument(
        "--to", type=int, metavar="VERSION", help="unblock all that was added after this version"
    )
    verb("flush", _flush, "Unblock everything now, and block nothing until `resume`.")
    resume = verb("resume", _resume, "End what `rollback` or `flush` began.")
    resume.add_argument(
        "--trust-clock",
        action="store_true",
        help="the machine's clock was ahead and is right now: forget the highest time seen",
    )
    explain = verb("explain", _explain, "Say whether a target is blocked, by which order, and why.")
    explain.add_argument("target", metavar="NAME_OR_ADDRESS")
    verb("watchdog", _watchdog, "Unblock everything when the agent gives no sign of life.")
    return parser


def _run(settings: Settings, options: Any) -> int:
    Service(settings, _log, shadow=options.shadow).run(_stopped())
    return 0


def _once(settings: Settings, options: Any) -> int:
    outcome = Service(settings, _log, shadow=options.shadow).once()
    _show(outcome, options)
    return int(_is_bad(outcome))


def _check(settings: Settings, options: Any) -> int:
    found = [problem for driver in settings.drivers for problem in driver.check()]
    if not settings.drivers:
        found.append("no [[driver]] is configured: only --shadow is of use")
    if options.json:
        _print(json.dumps({"problems": found}))
    else:
        _print("\n".join(found) or f"ok: {len(settings.drivers)} drivers answer")
    return int(bool(found))


def _status(settings: Settings, options: Any) -> int:
    store = open_store(settings, shadow=options.shadow)
    beat, machine = store.heartbeat(), Linux()
    outcome = store.outcome()
    lives = beat is not None and beat.boot_id == machine.boot_id()
    hold = store.hold()
    outcome["heartbeat_age_s"] = round(machine.boot_s() - beat.boot_s) if beat and lives else None
    outcome["hold"] = f"{hold.command} since {hold.since}" if hold else None
    made_at = outcome.get("made_at")
    age = datetime.now(UTC) - datetime.fromisoformat(made_at) if made_at else None
    outcome["list_age_s"] = round(age.total_seconds()) if age else None
    _show(outcome, options)
    old = outcome["list_age_s"] is None or outcome["list_age_s"] > _OLD_LIST_S
    return int(_is_bad(outcome) or old or not lives)


def _rollback(settings: Settings, options: Any) -> int:
    store = open_store(settings, shadow=options.shadow)
    with store.lock(wait_s=_LOCK_S):
        hold = store.hold()
        versions = [
            version for version in store.admitted().values() if not hold or version <= hold.keep
        ]
        if not versions:
            _log("nothing is blocked that could be taken back")
            return 1
        keep = max(versions) - 1 if options.to is None else options.to
        _hold(settings, options, Hold(keep, _now(), "rollback"))
    _print(f"what versions after {keep} added is unblocked; nothing is added until `resume`")
    return 0


def _flush(settings: Settings, options: Any) -> int:
    store = open_store(settings, shadow=options.shadow)
    try:
        store.set_hold(Hold(0, _now(), "flush"))
    except OSError as error:  # a full disk must not keep anybody blocked
        _log(f"the hold is written without its time: {error.strerror}")
        store.hold_all()
    errors = flush(store, _drivers(settings, options), _log)
    if not errors:
        _print("everything is unblocked; nothing is blocked until `resume`")
    return int(bool(errors))


def _resume(settings: Settings, options: Any) -> int:
    store = open_store(settings, shadow=options.shadow)
    with store.lock(wait_s=_LOCK_S):
        if options.trust_clock:
            store.forget_time()
        _hold(settings, options, None)
    _print("the list is in force again")
    return 0


def _hold(settings: Settings, options: Any, hold: Hold | None) -> None:
    """Write a hold, or its end, and make the drivers agree, whether or not an agent runs."""
    store = open_store(settings, shadow=options.shadow)
    store.set_hold(hold)
    store.touched_by(hold.command if hold else "resume")
    make_agent(settings, store, _log, shadow=options.shadow).step()


def _explain(settings: Settings, options: Any) -> int:
    store = open_store(settings, shadow=options.shadow)
    agent = make_agent(settings, store, _log, shadow=options.shadow)
    unfit = store.outcome().get("unfit", {})
    rows = list(explained(agent, options.target, agent.clock.now(), unfit=unfit))
    if options.json:
        _print(json.dumps(rows, ensure_ascii=False))
        return 0
    if not rows:
        _print(f"{options.target} is on no list of this provider")
    for row in rows:
        word = "blocked" if row["blocked"] else "not blocked"
        _print(
            f"{row['target']} is {word} ({row['why']}) until {row['until']}, under order "
            f"{row['order']} of {row['authority']} ({row['territory']}), referral {row['referral']}"
        )
    return 0


def _watchdog(settings: Settings, options: Any) -> int:
    store = open_store(settings, shadow=options.shadow)
    drivers = _drivers(settings, options)
    Watchdog(store=store, drivers=drivers, machine=Linux(), say=_log).run(_stopped())
    return 0


def _drivers(settings: Settings, options: Any) -> tuple[Driver, ...]:
    return (Log(_log),) if options.shadow else settings.drivers


def _stopped() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _is_bad(outcome: dict[str, Any]) -> bool:
    return outcome.get("version") is None or any(outcome.get("drivers", {}).values())


def _show(outcome: dict[str, Any], options: Any) -> None:
    if options.json:
        _print(json.dumps(outcome, ensure_ascii=False))
        return
    for key, value in outcome.items():
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for name, item in rows:
            shown = "-" if item is None else "ok" if item == "" else item
            _print(f"{key.replace('_', ' '):<16} {f'{name}: ' if name else ''}{shown}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _print(text: str) -> None:
    # Names of orders come from outside: a terminal gets no control characters.
    sys.stdout.write("".join(c if c.isprintable() or c == "\n" else "?" for c in text) + "\n")


def _log(text: str) -> None:
    sys.stderr.write("".join(c if c.isprintable() else "?" for c in text) + "\n")
    sys.stderr.flush()
