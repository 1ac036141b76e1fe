"""A configuration, and a server that sends lists, for tests of the whole."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from provider_lists import ANNA, BRUNO, LIST_KEY, NAMES

FOLDER = Path(__file__).resolve().parents[2] / "agents" / "provider"


def public(key):
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


CONFIG = f"""
list = "{NAMES[0]}"
provider = "{NAMES[1]}"
territory = "{NAMES[2]}"
list_key = "{public(LIST_KEY)}"
state = "STATE"
feeds = ["file:///dev/null", "file:///dev/zero"]

[[approver]]
name = "Anna"
key = "{public(ANNA)}"

[[approver]]
name = "Bruno"
key = "{public(BRUNO)}"

[limits]
never_block = ["bank.example", "198.51.100.0/24"]

[[driver]]
kind = "unbound"
zone = "rpz.x"
file = "STATE/zone"
command = ["sh", "-c", "echo ok; echo rpz.x >&2"]
"""


class Feed(ThreadingHTTPServer):
    """A server that answers as a test says, and remembers what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.accepted = []
        self.posted = []
        self.status, self.headers, self.body = 200, {}, b""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path="/L-1"):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("If-None-Match")))
        self.server.accepted.append(self.headers.get("Accept-Encoding"))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in self.server.headers:
            self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        self.server.posted.append((self.path, json.loads(self.rfile.read(size))))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass
