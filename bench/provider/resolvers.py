"""Real resolvers and a real packet filter on loopback, for the trial and for tests.

BIND, unbound and PowerDNS Recursor ask an authoritative BIND, which signs the zone `example`: every
name below it has an address. Each has a response policy zone `rpz.cautery` as the agent's README
sets it up. nft works in a network namespace of its own.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import dns.flags
import dns.message
import dns.query
import dns.rcode

TOOLS = {
    "nft": "nftables",
    "named": "bind9",
    "rndc": "bind9-utils",
    "unbound": "unbound",
    "pdns_recursor": "pdns-recursor",
    "unshare": "util-linux",
}
"""Commands, and Debian's packages that bring them."""
ZONE = "rpz.cautery"
SECRET = "c2VjcmV0IG9mIHRoZSBsYWIgYWxvbmU="
RESOLVERS = ("bind", "bind-file", "unbound", "powerdns")
"""The second BIND reads its zone from a file, the first takes dynamic updates."""


def missing() -> list[str]:
    """Return which tools this machine lacks."""
    return [command for command in TOOLS if shutil.which(command) is None]


def free_port() -> int:
    """Return a port of loopback that nobody uses, for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", 0))
            port: int = udp.getsockname()[1]
            with socket.socket() as tcp, contextlib.suppress(OSError):
                tcp.bind(("127.0.0.1", port))
                return port


class Resolvers:
    """The three resolvers, their authority, and a namespace for nft."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("authority", "rndc", *RESOLVERS)}
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.key_file = folder / "cautery.key"
        self.key_file.write_text(
            f'key "cautery" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n'
        )
        self.nft = ("nft",)
        for name in ("authority", *RESOLVERS):
            (folder / name).mkdir()
            self.start(name)
        self.start_namespace()
        for name in RESOLVERS:
            self.wait_for(name)

    # -- what the agent's configuration needs

    def zone_file(self, name: str) -> Path:
        """Return the file of a resolver's zone."""
        return self.folder / name / "rpz.zone"

    def control(self, name: str) -> tuple[str, ...]:
        """Return the command that controls a resolver."""
        if name == "bind-file":
            return ("rndc", "-c", str(self.folder / "bind-file" / "rndc.conf"))
        if name == "unbound":
            return ("unbound-control", "-c", str(self.folder / "unbound" / "unbound.conf"))
        return ("rec_control", f"--socket-dir={self.folder / 'powerdns'}")

    def drivers_toml(self) -> str:
        """Return the drivers of a configuration that drives all of them."""
        return (
            f'[[driver]]\nkind = "nftables"\ncommand = {json.dumps(self.nft)}\n\n'
            f'[[driver]]\nkind = "bind"\nzone = "{ZONE}"\nkey_file = "{self.key_file}"\n'
            f"port = {self.ports['bind']}\n\n"
        ) + "".join(
            f'[[driver]]\nkind = "{name}"\nzone = "{ZONE}"\nfile = "{self.zone_file(name)}"\n'
            f"command = {json.dumps(self.control(name))}\n\n"
            for name in RESOLVERS[1:]
        )

    # -- what a subscriber sees

    def answer(self, resolver: str, name: str, *, dnssec: bool = False) -> dns.message.Message:
        """Ask a resolver for a name's address."""
        query = dns.message.make_query(name, "A", use_edns=0, want_dnssec=dnssec)
        return dns.query.udp(query, "127.0.0.1", port=self.ports[resolver], timeout=3)

    def is_blocked(self, resolver: str, name: str, *, dnssec: bool = False) -> bool:
        """Tell whether a name has no address for a subscriber."""
        answer = self.answer(resolver, name, dnssec=dnssec)
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise RuntimeError(f"{resolver}: {dns.rcode.to_text(answer.rcode())} for {name}")
        return answer.rcode() == dns.rcode.NXDOMAIN

    def blocked_addresses(self) -> set[str]:
        """Return what the packet filter holds."""
        found = set()
        for version in (4, 6):
            done = subprocess.run(
                [*self.nft, "-j", "list", "set", "inet", "cautery", f"blocked{version}"],
                capture_output=True,
                text=True,
                check=False,
            )
            for part in json.loads(done.stdout or '{"nftables": []}')["nftables"]:
                for element in part.get("set", {}).get("elem", ()):
                    inner = element.get("elem", element) if isinstance(element, dict) else element
                    found.add(inner["val"] if isinstance(inner, dict) else inner)
        return found

    # -- processes

    def start_forwarder(self, resolver: str) -> str:
        """Start an unbound that only forwards to a resolver and caches, as one in a home does."""
        name = f"home-{resolver}"
        self.ports[name] = free_port()
        (self.folder / name).mkdir(exist_ok=True)
        self.start(name)
        self.wait_for(name)
        return name

    def start(self, name: str) -> None:
        """Start a server; its zones stay as they are on disk."""
        folder, port = self.folder / name, self.ports[name]
        starts: dict[str, Callable[[Path, int], Sequence[str]]] = {
            "authority": self._authority,
            "bind": self._bind,
            "bind-file": self._bind_file,
            "unbound": self._unbound,
            "powerdns": self._powerdns,
        }
        command = starts.get(name, self._forwarder)(folder, port)
        with (folder / "log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def stop(self, name: str) -> None:
        """Stop a server."""
        child = self.children.pop(name)
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def wait_for(self, name: str) -> None:
        """Wait until a resolver answers."""
        last = time.monotonic() + 60
        while True:
            try:
                self.is_blocked(name, "open.example")
                return
            except Exception as error:  # whatever it is, time decides
                if time.monotonic() > last:
                    log = (self.folder / name / "log").read_text(errors="replace")[-2_000:]
                    raise RuntimeError(f"{name} does not answer:\n{log}") from error
                time.sleep(0.1)

    def start_namespace(self) -> None:
        """Make the network namespace in which nft works."""
        child = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.children["namespace"] = child
        ours = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{child.pid}/ns/net").readlink() == ours:
            time.sleep(0.01)
        self.nft = ("nsenter", f"--net=/proc/{child.pid}/ns/net", "nft")

    def close(self) -> None:
        """Stop everything."""
        for name in list(self.children):
            self.stop(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _authority(self, folder: Path, port: int) -> Sequence[str]:
        (folder / "example.zone").write_text(
            "$TTL 300\n@ IN SOA ns.example. h.example. 1 300 300 3600 300\n"
            "@ IN NS ns.example.\nns IN A 127.0.0.1\n* IN A 192.0.2.80\n"
            "signed IN A 192.0.2.81\n*.signed IN A 192.0.2.82\n"
        )
        (folder / "named.conf").write_text(
            f'options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; '
            "listen-on-v6 { none; }; recursion no; pid-file none; session-keyfile none; "
            f'key-directory "{folder}"; }};\ncontrols {{ }};\n'
            'zone "example" { type primary; file "example.zone"; dnssec-policy default; '
            "inline-signing yes; };\n"
        )
        return ["named", "-g", "-c", str(folder / "named.conf")]

    def _bind(self, folder: Path, port: int) -> Sequence[str]:
        return self._named(
            folder,
            port,
            "controls { };\nlogging { category update { null; }; };\n",
            ' allow-update { key "cautery"; }; allow-transfer { key "cautery"; };',
        )

    def _bind_file(self, folder: Path, port: int) -> Sequence[str]:
        where = f"127.0.0.1 port {self.ports['rndc']}"
        (folder / "rndc.conf").write_text(
            self.key_file.read_text()
            + 'options { default-server 127.0.0.1; default-key "cautery"; '
            + f"default-port {self.ports['rndc']}; }};\n"
        )
        controls = f'controls {{ inet {where} allow {{ 127.0.0.1; }} keys {{ "cautery"; }}; }};\n'
        return self._named(folder, port, controls, "")

    def _named(self, folder: Path, port: int, more: str, zone: str) -> Sequence[str]:
        self._empty_zone(folder.name)
        (folder / "named.conf").write_text(
            self.key_file.read_text()
            + f'options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }};\n'
            "listen-on-v6 { none; }; recursion yes; pid-file none; session-keyfile none;\n"
            "dnssec-validation no; empty-zones-enable no;\n"
            f'response-policy {{ zone "{ZONE}" ede censored; }}\n'
            "  break-dnssec yes min-update-interval 1 qname-wait-recurse no;\n};\n"
            f'{more}zone "example" {{ type forward; forward only; '
            f"forwarders {{ 127.0.0.1 port {self.ports['authority']}; }}; }};\n"
            f'zone "{ZONE}" {{ type primary; file "rpz.zone"; notify no;\n {zone} }};\n'
        )
        return ["named", "-g", "-c", str(folder / "named.conf")]

    def _unbound(self, folder: Path, port: int) -> Sequence[str]:
        self._empty_zone("unbound")
        (folder / "unbound.conf").write_text(
            f"server:\n interface: 127.0.0.1@{port}\n directory: {folder}\n"
            ' chroot: ""\n username: ""\n pidfile: ""\n do-daemonize: no\n use-syslog: no\n'
            ' module-config: "respip iterator"\n do-not-query-localhost: no\n'
            ' local-zone: "example." nodefault\n'
            f"stub-zone:\n name: example\n stub-addr: 127.0.0.1@{self.ports['authority']}\n"
            f"rpz:\n name: {ZONE}\n zonefile: {self.zone_file('unbound')}\n"
            f"remote-control:\n control-enable: yes\n control-interface: {folder}/control\n"
        )
        return ["unbound", "-c", str(folder / "unbound.conf")]

    def _forwarder(self, folder: Path, port: int) -> Sequence[str]:
        upstream = self.ports[folder.name.removeprefix("home-")]
        (folder / "unbound.conf").write_text(
            f"server:\n interface: 127.0.0.1@{port}\n directory: {folder}\n"
            ' chroot: ""\n username: ""\n pidfile: ""\n do-daemonize: no\n use-syslog: no\n'
            ' module-config: "iterator"\n do-not-query-localhost: no\n'
            ' local-zone: "example." nodefault\n'
            f"forward-zone:\n name: .\n forward-addr: 127.0.0.1@{upstream}\n"
            "remote-control:\n control-enable: no\n"
        )
        return ["unbound", "-c", str(folder / "unbound.conf")]

    def _powerdns(self, folder: Path, port: int) -> Sequence[str]:
        self._empty_zone("powerdns")
        (folder / "recursor.yml").write_text(
            f"incoming:\n  listen: ['127.0.0.1:{port}']\n"
            f"recursor:\n  socket_dir: {folder}\n  daemon: false\n  threads: 1\n"
            "  forward_zones:\n    - zone: example\n"
            f"      forwarders: ['127.0.0.1:{self.ports['authority']}']\n"
            f"  rpzs:\n    - name: {self.zone_file('powerdns')}\n"
            "      extendedErrorCode: 16\n      extendedErrorExtra: blocked by order\n"
            "dnssec:\n  validation: process-no-validate\n"
            "packetcache:\n  negative_ttl: 3\n"
        )
        return ["pdns_recursor", f"--config-dir={folder}"]

    def _empty_zone(self, name: str) -> None:
        path = self.zone_file(name)
        if not path.exists():
            path.write_text(
                f"$TTL 5\n$ORIGIN {ZONE}.\n@ IN SOA localhost. hostmaster.localhost. 1 5 5 3600 5\n"
                "@ IN NS localhost.\n"
            )
