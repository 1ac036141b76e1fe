"""Services of our own in a mandate file: reached by https, and how each proves who it is."""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cautery.model import Location, OwnService, ascii_name, host_of
from cautery.workflows.mandate.checks import Checks, some
from cautery.workflows.mandate.file import MandateFile, ServiceTable

_Where = tuple[str | int, ...]
_OTHERS = 0o077


class ServiceChecks(Checks):
    """Reads what a mandate says of our own services: who takes lists, and whom we believe."""

    def services(self, file: MandateFile) -> tuple[OwnService, ...]:
        """Return the services that prove who they are in a way of their own.

        Every URL of our own is https, so that nobody else can take what is sent or be believed;
        plain http leads to this machine alone, or lies in a lab.
        """
        own = [(where, url) for where, url in _own_urls(file) if _is_web(url)]
        if not file.mandate.lab:
            for where, url in own:
                self._check_proven(where, url)
        for at, intermediary in enumerate(file.intermediary):
            proxy = intermediary.proxy
            if proxy is not None and urlsplit(proxy).scheme.lower() != "http":
                raise self.wrong(
                    ("intermediary", at, "proxy"),
                    "a forward proxy is reached by http",
                    'Write it as "http://proxy.example:3128"; https goes through it, too.',
                )
        schemes: dict[str, set[str]] = {}
        for _, url in own:
            schemes.setdefault(_met_as(url), set()).add(urlsplit(url).scheme.lower())
        seen: dict[str, int] = {}
        found = []
        for at, one in enumerate(file.service):
            self._check_host(one, ("service", at), schemes)
            for host in (one.host, *one.also):
                if host in seen:
                    raise self.wrong(
                        ("service", at, "host"),
                        f"{host!r} has a [[service]] already, in line {seen[host]}",
                        "Describe each host once.",
                    )
                seen[host] = self.lines.of(("service", at))
            found.append(self._service(one, ("service", at)))
        return tuple(found)

    def _check_proven(self, where: _Where, url: str) -> None:
        if urlsplit(url).scheme.lower() == "https" or _is_loopback(host_of(url)):
            return
        raise self.wrong(
            where,
            "a service of our own over plain http: nobody proves who answers there",
            "Give its https URL. One without TLS is reached through a TLS proxy on this machine, "
            'as "http://127.0.0.1:PORT/...".',
        )

    def _check_host(self, one: ServiceTable, table: _Where, schemes: dict[str, set[str]]) -> None:
        if one.host not in schemes:
            raise self.wrong(
                (*table, "host"),
                f"no URL of our own leads to {one.host!r}",
                f"Our own hosts: {some(schemes)}. Hosts that playlists lead to stand in also.",
            )
        if schemes[one.host] != {"https"}:
            raise self.wrong(
                (*table, "host"),
                f"{one.host!r} is reached by http, so it shows no certificate",
                "Give its https URL, or take this [[service]] out.",
            )

    def _service(self, one: ServiceTable, table: _Where) -> OwnService:
        ca = None if one.ca is None else self._pem(one.ca, (*table, "ca"))
        cert = None
        key = None
        if (one.client_cert is None) != (one.client_key is None):
            given, lacks = ("client_cert", "client_key")[:: 1 if one.client_cert else -1]
            raise self.wrong(
                (*table, given), f"{given} without {lacks}", f"Add {lacks}, or take {given} out."
            )
        if one.client_cert is not None and one.client_key is not None:
            cert = self._pem(one.client_cert, (*table, "client_cert"))
            key = self._key(one.client_key, cert, (*table, "client_key"))
        return OwnService(
            host=one.host,
            also=tuple(one.also),
            ca=None if ca is None else Location(ca),
            pins=tuple(one.pins),
            client_cert=None if cert is None else Location(cert),
            client_key=None if key is None else Location(key),
        )

    def _pem(self, told: str, where: _Where) -> str:
        """Return the path of a file with certificates in it."""
        path = self.file(told, where)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
        except (ssl.SSLError, OSError) as error:
            raise self.wrong(
                where,
                f"no certificate in PEM can be read from {path}",
                'Give a file with "-----BEGIN CERTIFICATE-----" in it, without a private key.',
            ) from error
        return path

    def _key(self, told: str, cert: str, where: _Where) -> str:
        """Return the path of a certificate's key that nobody else can read."""
        path = self.file(told, where)
        if Path(path).stat().st_mode & _OTHERS:
            raise self.wrong(where, "others can read this private key", f"chmod 600 {path}")
        if not os.access(path, os.R_OK):
            raise self.wrong(where, f"{path} cannot be read", "Let the watch's user own it.")
        try:
            # An empty password: a key that has one is refused, not asked for in a terminal.
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert, path, password=b"")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise self.wrong(
                where,
                "it is no private key in PEM of client_cert's certificate, without a password",
                "Give the key that belongs to client_cert.",
            ) from error
        return path


def _own_urls(file: MandateFile) -> Iterator[tuple[_Where, str]]:
    """Yield every location that is our own, or that we believe, with where it stands."""
    rows: list[tuple[_Where, str | None]] = []
    for at, event in enumerate(file.event):
        rows.append((("event", at, "clean_feed"), event.clean_feed))
    for at, channel in enumerate(file.channel):
        rows.append((("channel", at, "reference"), channel.reference))
    for at, work in enumerate(file.work):
        rows.append((("work", at, "reference"), work.reference))
    for at, fixture in enumerate(file.fixtures):
        rows += [
            (("fixtures", at, "url"), fixture.url),
            (("fixtures", at, "clean_feed"), fixture.clean_feed),
        ]
    for at, intermediary in enumerate(file.intermediary):
        rows.append((("intermediary", at, "list_url"), intermediary.list_url))
    rows.append((("network", "rdap"), file.network.rdap))
    yield from ((where, url) for where, url in rows if url is not None)


def _met_as(url: str) -> str:
    """Return a URL's host as the client names it when it connects."""
    try:
        return ascii_name(host_of(url))
    except UnicodeError:
        return host_of(url)


def _is_web(location: str) -> bool:
    return location.lower().startswith(("http://", "https://"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
