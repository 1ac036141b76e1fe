"""Our services in a mandate file: their https URLs and how each proves its identity."""

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
_NOT_OWNER = 0o077


class ServiceChecks(Checks):
    """Reads what a mandate says of your own services: who takes lists, and whose word counts."""

    def services(self, file: MandateFile) -> tuple[OwnService, ...]:
        """Return the services that prove who they are in a way of their own.

        Each URL of our services is https, so that nobody else can take what is sent or be believed;
        plain http leads to this machine alone, or lies in a lab.
        """
        web_urls = [(where, url) for where, url in _own_urls(file) if _is_web(url)]
        if not file.mandate.lab:
            for where, url in web_urls:
                self._check_proven(where, url)
        for at, intermediary in enumerate(file.intermediary):
            proxy = intermediary.proxy
            if proxy is not None and urlsplit(proxy).scheme.lower() != "http":
                raise self.wrong(
                    ("intermediary", at, "proxy"),
                    "the URL of a forward proxy must begin with http",
                    'Write it as "http://proxy.example:3128"; the proxy also carries https.',
                )
        schemes: dict[str, set[str]] = {}
        for _, url in web_urls:
            schemes.setdefault(_met_as(url), set()).add(urlsplit(url).scheme.lower())
        first_lines: dict[str, int] = {}
        services = []
        for at, row in enumerate(file.service):
            self._check_host(row, ("service", at), schemes)
            for host in (row.host, *row.also):
                if host in first_lines:
                    raise self.wrong(
                        ("service", at, "host"),
                        f"{host!r} already has a [[service]], in line {first_lines[host]}",
                        "Describe each host once.",
                    )
                first_lines[host] = self.lines.of(("service", at))
            services.append(self._service(row, ("service", at)))
        return tuple(services)

    def _check_proven(self, where: _Where, url: str) -> None:
        if urlsplit(url).scheme.lower() == "https" or _is_loopback(urlsplit(url).hostname or ""):
            return
        raise self.wrong(
            where,
            "this is the URL of a service of your own, and plain http does not prove the identity "
            "of the server",
            "Give its https URL. If the service has no TLS, reach it through a TLS proxy on this "
            'machine, as "http://127.0.0.1:PORT/...".',
        )

    def _check_host(self, row: ServiceTable, table: _Where, schemes: dict[str, set[str]]) -> None:
        if row.host not in schemes:
            raise self.wrong(
                (*table, "host"),
                f"no URL of this mandate's own services leads to {row.host!r}",
                f"Their hosts: {some(schemes)}. List the hosts that playlists lead to in also.",
            )
        if schemes[row.host] != {"https"}:
            raise self.wrong(
                (*table, "host"),
                f"{row.host!r} is reached by http, so it shows no certificate",
                "Give its https URL, or remove this [[service]].",
            )

    def _service(self, row: ServiceTable, table: _Where) -> OwnService:
        ca = None if row.ca is None else self._pem(row.ca, (*table, "ca"))
        cert = None
        key = None
        if (row.client_cert is None) != (row.client_key is None):
            has, lacks = ("client_cert", "client_key")[:: 1 if row.client_cert else -1]
            raise self.wrong(
                (*table, has), f"{has} without {lacks}", f"Add {lacks}, or remove {has}."
            )
        if row.client_cert is not None and row.client_key is not None:
            cert = self._pem(row.client_cert, (*table, "client_cert"))
            key = self._key(row.client_key, cert, (*table, "client_key"))
        return OwnService(
            host=row.host,
            also=tuple(row.also),
            ca=None if ca is None else Location(ca),
            pins=tuple(row.pins),
            client_cert=None if cert is None else Location(cert),
            client_key=None if key is None else Location(key),
        )

    def _pem(self, value: str, where: _Where) -> str:
        """Return the path of a file with certificates in it."""
        path = self.file(value, where)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
        except (ssl.SSLError, OSError) as error:
            raise self.wrong(
                where,
                f"{path} contains no readable PEM certificate",
                'Give a file that contains "-----BEGIN CERTIFICATE-----" and no private key.',
            ) from error
        return path

    def _key(self, value: str, cert: str, where: _Where) -> str:
        """Return the path of a certificate's key that nobody else can read."""
        path = self.file(value, where)
        if Path(path).stat().st_mode & _NOT_OWNER:
            raise self.wrong(where, "other users can read this private key", f"chmod 600 {path}")
        if not os.access(path, os.R_OK):
            raise self.wrong(
                where,
                f"{path} cannot be read",
                "Make the user who runs the watch the owner of the file.",
            )
        try:
            # An empty password: a key that has one is refused, not asked for in a terminal.
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert, path, password=b"")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise self.wrong(
                where,
                "the file is not an unencrypted PEM private key that belongs to client_cert",
                "Give the key that belongs to client_cert.",
            ) from error
        return path


def _own_urls(file: MandateFile) -> Iterator[tuple[_Where, str]]:
    """Yield each location of a service that is ours or believed, and its place in the file."""
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
    # As it is written, not as it is met: no other spelling of this machine has to be trusted.
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
