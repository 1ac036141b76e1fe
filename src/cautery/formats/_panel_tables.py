"""Tables of the common panels: which of their columns mean what, and which are left unread.

Names as in dumps of Xtream Codes 2.x and its descendants, of XUI.one, and of Stalker and Ministra.
A table is known by its columns, for the same name means other things in each: ``users`` are lines
in one and resellers in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cautery.formats._sql import Chosen

_ID_COLUMN = ("id",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A kind of table.

    Parameters
    ----------
    names : tuple of str
        What it is called, or begins to be called; empty: anything.
    needs : tuple of tuple of str
        Of each one column at least.
    columns : mapping
        Field to its columns, the best first.
    said : mapping
        Fields that the table's name says.
    """

    kind: str
    names: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...]
    lacks: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]]
    said: Mapping[str, str] = field(default_factory=dict)


_ACCOUNT: Mapping[str, tuple[str, ...]] = {
    "account": _ID_COLUMN, "name": ("username", "login", "name"), "email": ("email",),
    "password": ("password", "pass"), "ip": ("ip", "last_ip"), "owner": ("owner_id", "reseller_id"),
    "group": ("member_group_id", "gid"), "credits": ("credits",),
    "created_at": ("date_registered", "created"), "last_seen_at": ("last_login",),
    "enabled": ("status",), "domain": ("reseller_dns",),
}  # fmt: skip
_EXPIRY = ("exp_date", "expire_billing_date", "tariff_expired_date", "expires", "expiration")

_TABLES = (
    _Table(
        kind="line",
        needs=(_EXPIRY, ("username", "login", "mac")),
        columns={
            "line": _ID_COLUMN, "username": ("username", "login"), "password": ("password", "pass"),
            "email": ("email",), "mac": ("mac",), "ip": ("last_ip", "ip"),
            "account": ("member_id", "reseller_id", "created_by"),
            "created_at": ("created_at", "created"), "expires_at": _EXPIRY,
            "last_seen_at": ("last_active", "last_activity"), "trial": ("is_trial", "trial"),
            "enabled": ("enabled", "admin_enabled"), "restreamer": ("is_restreamer",),
            "connections": ("max_connections",),
            "country": ("forced_country", "country", "country_code"),
        },
    ),
    _Table(
        kind="device",
        names=("mag_devices", "enigma2_devices"),
        needs=(("mac",), ("user_id",)),
        columns={"line": ("user_id",), "mac": ("mac",), "ip": ("ip", "public_ip"),
                 "country": ("country",), "last_seen_at": ("last_active", "last_updated")},
    ),
    _Table(
        kind="account",
        names=("reg_users", "users"),
        needs=(("credits", "member_group_id"), ("username",)),
        columns=_ACCOUNT,
    ),
    _Table(
        kind="account", names=("administrators",), needs=(("login",), ("pass",)),
        columns=_ACCOUNT, said={"role": "administrator"},
    ),
    _Table(
        kind="account", names=("reseller", "resellers"), needs=(("name", "username", "login"),),
        columns=_ACCOUNT, said={"role": "reseller"},
    ),
    _Table(
        kind="group",
        names=("member_groups", "users_groups"),
        needs=(("is_reseller", "is_admin"),),
        columns={"group": ("group_id", "id"), "administrator": ("is_admin",),
                 "reseller": ("is_reseller",)},
    ),
    _Table(
        kind="credit",
        names=("credits_log", "users_credits_logs", "credits_logs"),
        needs=(("target_id",), ("amount",)),
        columns={"account": ("target_id",), "by": ("admin_id",), "amount": ("amount",),
                 "at": ("date",)},
    ),
    _Table(
        kind="category",
        names=("stream_categories", "streams_categories", "tv_genre"),
        needs=(("category_name", "title"),),
        columns={"category": _ID_COLUMN, "title": ("category_name", "title")},
    ),
    _Table(
        kind="stream",
        needs=(("stream_source",), ("stream_display_name",)),
        columns={"stream": _ID_COLUMN, "title": ("stream_display_name",),
                 "sources": ("stream_source",), "category": ("category_id",),
                 "added_at": ("added",), "guide": ("channel_id",), "place": ("order",)},
    ),
    _Table(
        kind="stream",
        names=("itv",),
        needs=(("cmd",), ("name",)),
        columns={"stream": _ID_COLUMN, "title": ("name",), "sources": ("cmd",),
                 "category": ("tv_genre_id",), "added_at": ("added",), "guide": ("xmltv_id",),
                 "place": ("number",)},
    ),
    _Table(
        kind="stream",
        names=("ch_links",),
        needs=(("ch_id",), ("url",)),
        columns={"stream": ("ch_id",), "sources": ("url",)},
    ),
    _Table(
        kind="placement",
        names=("streams_sys", "streams_servers"),
        needs=(("stream_id",), ("server_id",)),
        columns={"stream": ("stream_id",), "server": ("server_id",), "parent": ("parent_id",),
                 "sources": ("current_source",)},
    ),
    _Table(
        kind="server",
        names=("streaming_servers", "servers", "storages"),
        needs=(("server_ip", "storage_ip", "address"),),
        columns={"server": _ID_COLUMN, "domain": ("domain_name",),
                 "address": ("server_ip", "storage_ip", "address"),
                 "second_address": ("vpn_ip", "private_ip"), "parent": ("parent_id",),
                 "clients": ("total_clients_online", "clients"),
                 "most_clients": ("total_clients", "max_sessions"),
                 "port": ("http_broadcast_port",)},
    ),
    _Table(
        kind="activity",
        names=("user_activity", "lines_activity", "lines_live", "client_logs", "lines_logs",
               "user_log", "played_itv", "con_activities"),
        needs=(("user_id", "uid", "mac"), ("date_start", "date", "time", "playtime")),
        lacks=("credits",),
        columns={"line": ("user_id", "uid"), "mac": ("mac",), "stream": ("stream_id", "itv_id"),
                 "server": ("server_id",), "ip": ("user_ip", "ip"),
                 "country": ("geoip_country_code",),
                 "at": ("date_start", "playtime", "date", "time"), "ended_at": ("date_end",)},
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """Which kind a table's rows are, the fields to take, and what its name says of each row."""

    kind: str
    fields: tuple[str, ...]
    said: tuple[tuple[str, str], ...] = ()


def choose(table: str, columns: Sequence[str] | None) -> Chosen[Plan] | None:
    """Return what to take of a table's rows; ``None``: nothing.

    Examples
    --------
    >>> choose("users", ["id", "username", "exp_date", "admin_notes"]).plan.fields
    ('line', 'username', 'expires_at')
    >>> choose("users", ["id", "username", "credits"]).plan.kind
    'account'
    >>> choose("tickets", ["id", "message"]) is None
    True
    """
    if columns is None:
        return None
    at = {name: place for place, name in reversed(list(enumerate(columns)))}
    for shape in _TABLES:
        if shape.names and not any(_is_called(table, name) for name in shape.names):
            continue
        if not all(any(column in at for column in group) for group in shape.needs):
            continue
        if any(lack in at for lack in shape.lacks):
            continue
        places = {
            name: next(at[column] for column in aliases if column in at)
            for name, aliases in shape.columns.items()
            if any(column in at for column in aliases)
        }
        plan = Plan(shape.kind, tuple(places), tuple(shape.said.items()))
        return Chosen(plan, tuple(places.values()))
    return None


def _is_called(table: str, name: str) -> bool:
    """Tell whether a table has the name, or it with a prefix or a suffix of a part of the time."""
    return table == name or table.startswith(name + "_") or table.endswith("_" + name)
