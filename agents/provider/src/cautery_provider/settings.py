"""The one file of configuration, read strictly: an unknown key is an error, not a wish."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cautery_provider.blocks import Rules
from cautery_provider.drivers import Driver
from cautery_provider.drivers.bgp import Bgp
from cautery_provider.drivers.bind import Bind, read_key
from cautery_provider.drivers.bind_file import BindFile
from cautery_provider.drivers.nftables import Nftables
from cautery_provider.drivers.powerdns import PowerDns
from cautery_provider.drivers.rpz import MOST_TTL_S, TTL_S
from cautery_provider.drivers.unbound import Unbound
from cautery_provider.ed25519 import read_public_key
from cautery_provider.files import whole
from cautery_provider.form import PASSKEY
from cautery_provider.keys import Trust, marks_of
from cautery_provider.passkeys import Passkey, read_passkey
from cautery_provider.targets import is_address, is_host_name

_T = TypeVar("_T")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}")
_MISSING = object()


class ConfigError(Exception):
    """The configuration cannot be used: where, and what is wanted there."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How the agent proves who it is, and whom it believes; None leaves it to the system."""

    certificate: Path | None
    key: Path | None
    authorities: Path | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says."""

    trust: Trust
    feeds: tuple[str, ...]
    ack: str | None
    state: Path
    poll_s: int
    tls: Tls
    rules: Rules
    drivers: tuple[Driver, ...]


class _Table:
    """A table of the file that tells which of its keys nobody asked for."""

    def __init__(self, rows: Mapping[str, Any], where: str) -> None:
        self._rows = dict(rows)
        self._where = where

    def take(self, key: str, read: Callable[[Any], _T], default: Any = _MISSING) -> _T:
        """Return a key's value, read; the default stands as it is.

        Raises
        ------
        ConfigError
            If it is missing, or `read` raises ValueError.
        """
        value = self._rows.pop(key, _MISSING)
        if value is _MISSING:
            if default is _MISSING:
                raise ConfigError(f"{self._where}: {key} is missing")
            return default  # type: ignore[no-any-return]
        try:
            return read(value)
        except (ValueError, OSError) as error:
            raise ConfigError(f"{self._where}: {key}: {error}") from error

    def table(self, key: str) -> _Table:
        """Return a table below this one; an empty one if it is not there."""
        rows = self._rows.pop(key, {})
        if not isinstance(rows, dict):
            raise ConfigError(f"{self._where}: [{key}] is not a table")
        return _Table(rows, f"{self._where}, [{key}]")

    def tables(self, key: str) -> list[_Table]:
        """Return the tables of an array of tables."""
        rows = self._rows.pop(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ConfigError(f"{self._where}: write each {key} as [[{key}]]")
        return [_Table(row, f"{self._where}, [[{key}]] {n}") for n, row in enumerate(rows, 1)]

    def end(self) -> None:
        """Raise ConfigError if a key is left that nobody asked for."""
        if self._rows:
            raise ConfigError(f"{self._where}: unknown key {', '.join(map(repr, self._rows))}")


_MOST_BYTES = 1 << 20
_MOST_PASSKEY = 2_500  # characters; the id of a credential has up to 1,023 bytes


def read_settings(path: Path) -> Settings:
    """Read and check a configuration.

    Raises
    ------
    ConfigError
        If it is not there, not TOML, or says something that cannot be used.
    """
    try:
        rows = tomllib.loads(whole(path, _MOST_BYTES).decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    top = _Table(rows, str(path))
    names = (top.take("list", _text), top.take("provider", _text), top.take("territory", _text))
    state = top.take("state", _absolute)
    approvers = _approvers(top, str(path))
    trust = Trust(names, top.take("list_key", _key), approvers)
    if any(trust.list_key.public_bytes_raw() in marks_of(key) for key in approvers):
        raise ConfigError(f"{path}: the list's key is an approver's key, too; they must differ")
    drivers = tuple(_driver(table, owner=names[0], state=state) for table in top.tables("driver"))
    levers = frozenset(lever for driver in drivers for lever in driver.levers)
    feeds, ack = top.take("feeds", _feeds), top.take("ack", _url, None)
    settings = Settings(
        trust=trust,
        feeds=feeds,
        ack=ack,
        state=state,
        poll_s=top.take("poll_s", _whole(2, 20), 10),
        tls=_tls(top.table("tls")),
        rules=_rules(top.table("limits"), levers, hosts=_hosts((*feeds, ack or ""))),
        drivers=drivers,
    )
    top.end()
    return settings


def _approvers(top: _Table, where: str) -> tuple[Ed25519PublicKey | Passkey, ...]:
    keys, marks = [], set[object]()
    for table in top.tables("approver"):
        table.take("name", _text)  # for the people who read the file
        key = table.take("key", _approver_key)
        table.end()
        if not marks.isdisjoint(marks_of(key)):
            raise ConfigError(f"{where}: two approvers have the same key")
        keys.append(key)
        marks |= marks_of(key)
    if len(keys) < 2:
        raise ConfigError(f"{where}: want two or more [[approver]], each with name and key")
    return tuple(keys)


def _tls(table: _Table) -> Tls:
    tls = Tls(
        table.take("certificate", _file, None),
        table.take("key", _file, None),
        table.take("authorities", _file, None),
    )
    table.end()
    if tls.key and not tls.certificate:
        raise ConfigError("[tls]: a key without its certificate")
    return tls


def _hosts(urls: Sequence[str]) -> tuple[str, ...]:
    """Return the hosts of URLs: to block one of them would cut off what unblocks."""
    hosts = (urlsplit(url).hostname or "" for url in urls)
    return tuple(host for host in hosts if is_host_name(host) or is_address(host))


def _rules(table: _Table, levers: frozenset[str], *, hosts: Sequence[str]) -> Rules:
    never = table.take("never_block", _texts, ())
    names, networks = set(), []
    for text in (*never, *hosts):
        if is_host_name(text):
            names.add(text)
            continue
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError as error:
            raise ConfigError(
                f"[limits]: never_block: {text!r} is no name in lower case, address or network"
            ) from error
    rules = Rules(
        frozenset(names),
        tuple(networks),
        table.take("max_changes", _whole(1, 10**6), 1_000),
        table.take("max_entries", _whole(1, 10**6), 100_000),
        levers,
    )
    table.end()
    return rules


def _driver(table: _Table, *, owner: str, state: Path) -> Driver:
    kind = table.take("kind", _text)
    if kind not in _DRIVERS:
        raise ConfigError(f"[[driver]]: kind {kind!r}; want one of {', '.join(_DRIVERS)}")
    driver = _DRIVERS[kind](table, owner, state)
    table.end()
    return driver


def _nftables(table: _Table, owner: str, _state: Path) -> Driver:
    return Nftables(
        owner=owner,
        table=table.take("table", _word, "cautery"),
        command=table.take("command", _texts, ("nft",)),
    )


def _bind(table: _Table, _owner: str, _state: Path) -> Driver:
    return Bind(
        zone=table.take("zone", _host_name),
        key=table.take("key_file", lambda value: read_key(_file(value))),
        server=table.take("server", _address, "127.0.0.1"),
        port=table.take("port", _whole(1, 65_535), 53),
        ttl_s=table.take("ttl_s", _whole(1, MOST_TTL_S), TTL_S),
    )


def _bind_file(table: _Table, _owner: str, _state: Path) -> Driver:
    return BindFile(
        zone=table.take("zone", _host_name),
        file=table.take("file", _absolute),
        ttl_s=table.take("ttl_s", _whole(1, MOST_TTL_S), TTL_S),
        command=table.take("command", _texts, ("rndc",)),
    )


def _unbound(table: _Table, _owner: str, _state: Path) -> Driver:
    return Unbound(
        zone=table.take("zone", _host_name),
        file=table.take("file", _absolute),
        ttl_s=table.take("ttl_s", _whole(1, MOST_TTL_S), TTL_S),
        command=table.take("command", _texts, ("unbound-control",)),
    )


def _powerdns(table: _Table, _owner: str, _state: Path) -> Driver:
    return PowerDns(
        zone=table.take("zone", _host_name),
        file=table.take("file", _absolute),
        ttl_s=table.take("ttl_s", _whole(1, MOST_TTL_S), TTL_S),
        command=table.take("command", _texts, ("rec_control",)),
        reload=table.take("reload", _one_of("reload-yaml", "reload-lua-config"), "reload-yaml"),
    )


def _bgp(table: _Table, _owner: str, state: Path) -> Driver:
    return Bgp(
        pipe=table.take("pipe", _absolute),
        kept=state / "announced.json",
        next_hop4=table.take("next_hop4", _address),
        next_hop6=table.take("next_hop6", _address, None),
        communities=table.take("communities", _communities, ()),
        most_prefixes=table.take("max_prefixes", _whole(1, 100_000), 1_000),
    )


_DRIVERS: dict[str, Callable[[_Table, str, Path], Driver]] = {
    "nftables": _nftables,
    "bind": _bind,
    "bind-file": _bind_file,
    "unbound": _unbound,
    "powerdns": _powerdns,
    "bgp": _bgp,
}


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 1_000 or not value.isprintable():
        raise ValueError(f"want a text, got {value!r:.60}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"want an array of texts, got {value!r:.60}")  # noqa: TRY004 - a user's fault
    return tuple(_text(item) for item in value)


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"want a whole number from {least} to {most}, got {value!r:.60}")
        return value

    return read


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"want {' or '.join(words)}, got {value!r:.60}")
        return str(value)

    return read


def _word(value: Any) -> str:
    if not _WORD.fullmatch(_text(value)):
        raise ValueError(f"{value!r:.60} is no name of an nftables table")
    return str(value)


def _communities(value: Any) -> tuple[str, ...]:
    texts = _texts(value)
    if not all(re.fullmatch(r"[0-9]{1,5}:[0-9]{1,5}", text) for text in texts):
        raise ValueError("want communities such as 65535:666")
    return texts


def _host_name(value: Any) -> str:
    if not is_host_name(_text(value)):
        raise ValueError(f"{value!r:.60} is not a name in lower case, without a final dot")
    return str(value)


def _address(value: Any) -> str:
    if not is_address(_text(value)):
        raise ValueError(f"{value!r:.60} is not an address")
    return str(value)


def _key(value: Any) -> Ed25519PublicKey:
    return read_public_key(_text(value) if "\n" not in str(value) else str(value))


def _approver_key(value: Any) -> Ed25519PublicKey | Passkey:
    if isinstance(value, str) and value.startswith(f"{PASSKEY} ") and len(value) < _MOST_PASSKEY:
        return read_passkey(value)
    return _key(value)


def _absolute(value: Any) -> Path:
    path = Path(_text(value))
    if not path.is_absolute():
        raise ValueError(f"{value!r:.60} is not an absolute path")
    return path


def _file(value: Any) -> Path:
    path = _absolute(value)
    if not path.is_file():
        raise ValueError(f"{path} is not there")
    return path


def _url(value: Any) -> str:
    parts = urlsplit(_text(value))
    loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        if parts.username or parts.query or parts.fragment:
            raise ValueError("a URL without user, query and fragment, please")
        return parts.geturl()
    raise ValueError(f"{value!r:.80} is not an https URL")


def _feed(value: Any) -> str:
    parts = urlsplit(_text(value))
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return parts.geturl()
    return _url(value)


def _feeds(value: Any) -> tuple[str, ...]:
    urls = tuple(_feed(item) for item in _texts(value))
    if len(urls) < 2 or len(set(urls)) != len(urls):
        raise ValueError("want two or more different URLs: an unblocking has a second path")
    return urls
