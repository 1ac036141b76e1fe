"""The settings of a log name services that prove who they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cautery.errors import InputError
from cautery.lab.stamping import LabAuthority
from cautery.lab.vouched_world import KICK_OFF, World
from cautery.workflows.timing.settings import LogSettings, read_settings


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("tsa")
    return LabAuthority(
        folder, "one.example", begins=KICK_OFF, ends=KICK_OFF.replace(year=2036)
    ).root


def read(url: str, root: bytes) -> LogSettings:
    text = f'origin = "x"\n[[authority]]\nname = "one"\nurl = "{url}"\nroots = "root.pem"\n'
    return read_settings(text.encode(), file=lambda name: (f"/{name}", root))


@pytest.mark.parametrize(
    "url",
    ["https://tsa.example/tsr", "http://127.0.0.1:8080/", "http://[::1]/", "http://127.9.9.9/"],
)
def test_https_and_plain_http_to_loopback_are_taken(url: str, root: bytes) -> None:
    [authority] = read(url, root).authorities
    assert authority.url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/tsr", "http://localhost.example/", "http://127.0.0.1.example/",
        "http://192.0.2.1/", "http://127.0.0.1@example.com/", "http://localhost/", "ftp://a.example/",
        "https:///x", "x", "http://[::1", "http://[::ffff:192.0.2.1]/",
    ],
)  # fmt: skip
def test_plain_http_to_others_is_refused(url: str, root: bytes) -> None:
    with pytest.raises(InputError, match=r"log\.toml: authority 'one': .* is not a"):
        read(url, root)


def test_plain_http_to_a_co_signer_is_refused(world: World, root: bytes) -> None:
    def policy(url: str) -> LogSettings:
        [line] = [x for x in world.policy_text.splitlines() if x.startswith("witness a")]
        key = line.split()[2]
        text = f"witness a {key} {url}\nquorum a\n".encode()
        return read_settings(
            b'origin = "x"\ncosigners = "p"\n', file=lambda name: (f"/{name}", text)
        )

    assert policy("http://127.0.0.1:9/").cosigners is not None
    with pytest.raises(InputError, match="is not an https URL"):
        policy("http://cosigner.example/")


def test_plain_http_to_an_authority_of_a_dossier_is_refused(tmp_path: Path, root: bytes) -> None:
    from cautery.wiring.dossiers import vouching_of

    (tmp_path / "root.pem").write_bytes(root)
    with pytest.raises(InputError, match=r"--authority: .* is not an https URL"):
        vouching_of(None, "http://example.com/", tmp_path / "root.pem")
