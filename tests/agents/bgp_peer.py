"""A router: it takes routes by BGP and remembers them (RFC 4271, 4760, 6793, 1997)."""

import ipaddress
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass

NO_EXPORT = 0xFFFFFF01
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4
NEXT_HOP, COMMUNITIES, REACHED, UNREACHED = 3, 8, 14, 15
_MARKER = b"\xff" * 16
_CAPABILITIES = (b"\x01\x04\x00\x01\x00\x01", b"\x01\x04\x00\x02\x00\x01")  # IPv4 and IPv6 routes


@dataclass(frozen=True)
class Route:
    next_hop: str
    communities: frozenset


class Router(threading.Thread):
    """Listens on loopback; `routes` is what its neighbour announces now, by prefix."""

    def __init__(self, *, system=65_001):
        super().__init__(daemon=True)
        self.system = system
        self.routes = {}
        self.updates = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                with suppress(OSError, EOFError):  # the session is over
                    self._speak(connection)
                self.routes = {}  # as a router does when a session ends

    def close(self):
        self._listening.close()

    def _speak(self, connection):
        kind, _ = _received(connection)
        assert kind == OPEN
        offers = (*_CAPABILITIES, b"\x41\x04" + struct.pack("!I", self.system))
        options = b"".join(bytes((2, len(offer))) + offer for offer in offers)
        head = struct.pack("!BHH4sB", 4, self.system, 180, b"\x7f\0\0\x09", len(options))
        _send(connection, OPEN, head + options)
        _send(connection, KEEPALIVE)
        while kind != NOTIFICATION:
            kind, body = _received(connection)
            if kind == UPDATE:
                self._take(body)
            elif kind == KEEPALIVE:
                _send(connection, KEEPALIVE)

    def _take(self, body):
        gone, body = _counted(body)
        attributes, new = _counted(body)
        withdrawn, announced = list(_prefixes(gone, 4)), list(_prefixes(new, 4))
        next_hop, communities = None, frozenset()
        for code, value in _attributes(attributes):
            if code == NEXT_HOP:
                next_hop = str(ipaddress.ip_address(value))
            elif code == COMMUNITIES:
                communities = frozenset(struct.unpack(f"!{len(value) // 4}I", value))
            elif code == REACHED:
                end = 4 + value[3]
                next_hop = str(ipaddress.ip_address(value[4:end][:16]))
                announced += _prefixes(value[end + 1 :], 16)
            elif code == UNREACHED:
                withdrawn += _prefixes(value[3:], 16)
        routes = {prefix: way for prefix, way in self.routes.items() if prefix not in withdrawn}
        self.routes = routes | dict.fromkeys(announced, Route(next_hop, communities))
        self.updates += 1


def _send(connection, kind, body=b""):
    connection.sendall(_MARKER + struct.pack("!HB", 19 + len(body), kind) + body)


def _received(connection):
    size, kind = struct.unpack("!HB", _read(connection, 19)[16:])
    return kind, _read(connection, size - 19)


def _read(connection, size):
    parts = b""
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts


def _counted(body):
    (size,) = struct.unpack("!H", body[:2])
    return body[2 : 2 + size], body[2 + size :]


def _attributes(body):
    while body:
        flags, code = body[:2]
        if flags & 0x10:  # a length of two bytes
            value, rest = _counted(body[2:])
        else:
            value, rest = body[3 : 3 + body[2]], body[3 + body[2] :]
        yield code, value
        body = rest


def _prefixes(body, width):
    while body:
        bits, size = body[0], (body[0] + 7) // 8
        address = ipaddress.ip_address(body[1 : 1 + size].ljust(width, b"\0"))
        yield f"{address}/{bits}"
        body = body[1 + size :]
