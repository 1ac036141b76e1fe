"""An identity provider on loopback, for tests: it answers well, or as a test makes it answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from cautery.console.app import room_app
from cautery.wiring.identity import identity_of

CLIENT, SECRET = "cautery-room", "s3cret of the room"
SUBJECT = "248289761001"
ISSUED = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


def coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def number(value: int) -> str:
    return coded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_EC = ec.generate_private_key(ec.SECP256R1())


def rsa_jwk(**more: Any) -> dict[str, Any]:
    public = _RSA.public_key().public_numbers()
    return {"kty": "RSA", "kid": "k1", "use": "sig", "n": number(public.n), "e": number(public.e)} | more  # fmt: skip


def ec_jwk(**more: Any) -> dict[str, Any]:
    public = _EC.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "kid": "k2", "use": "sig", "x": coded(public.x.to_bytes(32, "big")), "y": coded(public.y.to_bytes(32, "big"))} | more  # fmt: skip


def signed(header: dict[str, Any], claims: dict[str, Any], *, secret: bytes = b"") -> str:
    """Sign a token as its header says; of ``HS256`` with any secret, of ``none`` not at all."""
    text = ".".join(coded(json.dumps(part).encode()) for part in (header, claims))
    algorithm, data = header["alg"], text.encode()
    if algorithm == "none":
        made = b""
    elif algorithm == "HS256":
        made = hmac.digest(secret, data, "sha256")
    elif algorithm == "ES256":
        r, s = decode_dss_signature(_EC.sign(data, ec.ECDSA(hashes.SHA256())))
        made = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    elif algorithm == "PS256":
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        made = _RSA.sign(data, pss, hashes.SHA256())
    else:
        made = _RSA.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{coded(made)}"


def _as_it_is(token: str) -> str:
    return token


@dataclass
class Provider:
    """A provider of one person; a test turns what it says."""

    now: Callable[[], Any]
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "k1"})
    claims: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    keys: bytes | None = None
    token: Callable[[str], Any] = _as_it_is
    hmac_secret: bytes = b""
    issuer: str = ""
    sent: dict[str, str] = field(default_factory=dict)
    raw_document: bytes | None = None
    redirect: str = ""

    def begin_anew(self) -> None:
        """Answer well again."""
        self.asked, self.codes, self.claims, self.document, self.sent = [], {}, {}, {}, {}
        self.header, self.keys, self.raw_document = {"alg": "RS256", "kid": "k1"}, None, None
        self.token, self.hmac_secret, self.redirect = _as_it_is, b"", ""

    def __post_init__(self) -> None:
        provider = self

        class Answers(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def do_GET(self) -> None:
                provider.asked.append(self.path)
                if provider.redirect and self.path != "/elsewhere":
                    self.send_response(302)
                    self.send_header("location", provider.redirect)
                    self.send_header("content-length", "0")
                    self.end_headers()
                elif self.path.startswith("/.well-known/") and provider.raw_document is not None:
                    self.answer(provider.raw_document)
                elif self.path.startswith("/.well-known/"):
                    self.answer(json.dumps(provider.whole_document()).encode())
                elif self.path == "/keys":
                    known = json.dumps({"keys": [rsa_jwk(), ec_jwk()]}).encode()
                    self.answer(known if provider.keys is None else provider.keys)
                else:
                    self.answer(b"{}", 404)

            def do_POST(self) -> None:
                provider.asked.append(self.path)
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                fields = {name: value[0] for name, value in parse_qs(body).items()}
                provider.sent = fields | {"authorization": self.headers.get("authorization", "")}
                asked = provider.codes.pop(fields.get("code", ""), None)
                verifier = fields.get("code_verifier", "").encode()
                known = asked is not None and asked["code_challenge"] == coded(
                    hashlib.sha256(verifier).digest()
                )
                if asked is None or not known:
                    self.answer(b'{"error": "invalid_grant"}', 400)
                    return
                claims = provider.whole_claims(asked["nonce"])
                token = signed(provider.header, claims, secret=provider.hmac_secret)
                answer = {"id_token": provider.token(token), "access_token": "x", "token_type": "Bearer"}  # fmt: skip
                self.answer(json.dumps(answer).encode())

            def answer(self, body: bytes, status: int = 200) -> None:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def whole_document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=a&b=c",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        } | self.document

    def whole_claims(self, nonce: str) -> dict[str, Any]:
        at = int(self.now().timestamp())
        usual = {"iss": self.issuer, "sub": SUBJECT, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": nonce}  # fmt: skip
        claims = usual | self.claims
        return {name: value for name, value in claims.items() if value is not None}

    def code(self, place: str) -> dict[str, str]:
        """Let the person log in at the address where the room sent it; return what comes back."""
        query = {name: value[0] for name, value in parse_qs(urlsplit(place).query).items()}
        code = f"code-{len(self.asked)}-{len(self.codes)}"
        self.codes[code] = query
        return {"code": code, "state": query["state"]}


@dataclass
class World:
    """A room with people and an identity provider."""

    room: Any
    provider: Provider
    folder: Path

    def begin(self, client: Any, **fields: str) -> Any:
        form = {"origin": str(client.base_url).rstrip("/")} | {"content-type": "application/x-www-form-urlencoded"}  # fmt: skip
        return client.post("/login/identity", data={"to": "/", **fields}, headers=form)

    def place(self, answer: Any) -> str:
        """Return where a page leads on to."""
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
        assert found, answer.text
        import html

        return html.unescape(found[1])

    def back(self, client: Any, given: dict[str, str]) -> Any:
        return client.get("/login/identity/back", params=given)

    def login(self, client: Any, **fields: str) -> Any:
        """Go there and come back."""
        return self.back(client, self.provider.code(self.place(self.begin(client, **fields))))


def settings(folder: Path, issuer: str, more: str = "", allow: str = '["127.0.0.0/8"]') -> Path:
    secret = folder / "oidc.secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    path = folder / "oidc.toml"
    path.write_text(f'issuer = "{issuer}"\nclient_id = "{CLIENT}"\nclient_secret = "oidc.secret"\nallow = {allow}\n{more}')  # fmt: skip
    path.chmod(0o600)
    return path


def world_of(peopled: Any, folder: Path, more: str = "", allow: str = '["127.0.0.0/8"]') -> World:
    """Give a room with people an identity provider of its own."""
    provider = Provider(peopled.clock.now)
    path = settings(folder, provider.issuer, more, allow)
    peopled.desk = replace(peopled.desk, identity=identity_of(path, peopled.clock))
    peopled.app = room_app(peopled.desk)
    return World(peopled, provider, folder)
