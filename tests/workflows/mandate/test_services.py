"""Services of our own: reached by https, and each proves who it is as the mandate says."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from cautery.cli import app
from cautery.errors import MandateError
from cautery.lab.certificates import Authority
from cautery.model import Location
from cautery.workflows.mandate.read import read_mandate

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
BARE = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights"
start = 2026-11-24T20:30:00Z
end = 2026-11-24T23:00:00Z
territories = ["FR"]

[[event]]
id = "home-away"
name = "Home v Away"
kick_off = 2026-11-24T20:45:00Z
"""
TAKES_LISTS = """
[[intermediary]]
name = "Provider"
territory = "FR"
list_url = "https://isp.example/list"
"""
OURS = {
    "a clean feed": 'clean_feed = "{}"\n',
    "a reference": '\n[[channel]]\nid = "c"\nnames = ["C"]\nreference = "{}"\n',
    "a work": '\n[[work]]\nid = "own:1"\ntitle = "Film"\nreference = "{}"\n',
    "a calendar": '\n[[fixtures]]\nurl = "{}"\n',
    "the clean feed of a calendar": '\n[[fixtures]]\nurl = "https://l.example/"\nclean_feed = "{}"\n',
    "an intermediary": '\n[[intermediary]]\nname = "P"\nterritory = "FR"\nlist_url = "{}"\n',
    "a registry": '\n[network]\nrdap = "{}"\n',
}


@pytest.fixture
def read(tmp_path):
    def reading(text, *, lab=False):
        path = tmp_path / "mandate.toml"
        path.write_text(text.replace("territories", "lab = true\nterritories") if lab else text)
        return read_mandate(path, now=NOW)

    return reading


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.mark.parametrize("what", OURS)
def test_a_service_of_ours_over_plain_http_is_refused_with_a_remedy(read, what):
    with pytest.raises(MandateError, match="does not prove the identity of the server") as told:
        read(BARE + OURS[what].format("http://ours.example/x"))
    assert "https" in told.value.hint


@pytest.mark.parametrize("what", OURS)
@pytest.mark.parametrize(
    "url", ["https://ours.example/x", "http://127.0.0.1:8080/x", "http://[::1]/"]
)
def test_https_and_this_machine_are_taken(read, what, url):
    assert read(BARE + OURS[what].format(url)).id == "m"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1.evil.example", "127.1", "2130706433", "10.0.0.1"]
)
def test_what_only_looks_like_this_machine_is_not(read, host):
    with pytest.raises(MandateError, match="does not prove the identity of the server"):
        read(BARE + OURS["an intermediary"].format(f"http://{host}/list"))


def test_a_lab_speaks_http(read):
    assert read(BARE + OURS["an intermediary"].format("http://isp.example/"), lab=True).lab


def test_an_authority_pins_and_our_own_certificate_are_read(read, tmp_path, authority):
    ours = authority.vouch("watch.league.example")
    pin = base64.b64encode(bytes(range(32))).decode()
    text = f"""
[[service]]
host = "ISP.example"
also = ["media.isp.example"]
ca = "authority.pem"
pins = ["sha256//{pin}", "{"ab" * 32}"]
client_cert = "{ours.name}"
client_key = "{ours.name}"
"""
    [service] = read(BARE + TAKES_LISTS + text).services
    assert (service.host, service.also) == ("isp.example", ("media.isp.example",))
    assert service.pins == (bytes(range(32)).hex(), "ab" * 32)
    assert service.ca == Location(str(authority.path))
    assert (service.client_cert, service.client_key) == (Location(str(ours)), Location(str(ours)))


def key_of_another(folder):
    path = folder / "other.key"
    path.touch(mode=0o600)
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def locked_key(folder):
    path = folder / "locked.key"
    path.touch(mode=0o600)
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"geheim"),
        )
    )


FAULTS = {
    "a host that nothing leads to": (
        'host = "ips.example"',
        "no URL of this mandate's own services",
    ),
    "an authority that is not there": ('host = "isp.example"\nca = "no.pem"', "no such file"),
    "an authority that is none": (
        'host = "isp.example"\nca = "none.pem"',
        "no readable PEM certificate",
    ),
    "a pin that is none": ('host = "isp.example"\npins = ["sha1:abc"]', "not the SHA-256"),
    "a certificate without its key": (
        'host = "isp.example"\nclient_cert = "signed-1.pem"',
        "client_cert without client_key",
    ),
    "a key without its certificate": (
        'host = "isp.example"\nclient_key = "signed-1.pem"',
        "client_key without client_cert",
    ),
    "a key that other users can read": (
        'host = "isp.example"\nclient_cert = "signed-1.pem"\nclient_key = "open.key"',
        "other users can read",
    ),
    "the key of another certificate": (
        'host = "isp.example"\nclient_cert = "signed-1.pem"\nclient_key = "other.key"',
        "not an unencrypted PEM private key",
    ),
    "a key with a password": (
        'host = "isp.example"\nclient_cert = "signed-1.pem"\nclient_key = "locked.key"',
        "not an unencrypted PEM private key",
    ),
    "a host that is described twice": (
        'host = "isp.example"\n[[service]]\nhost = "isp.example"',
        "already has a \\[\\[service\\]\\]",
    ),
    "a URL for a host": ('host = "https://isp.example/"', "is not a valid host name"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_service_is_refused_with_line_and_remedy(read, tmp_path, authority, fault):
    authority.vouch("watch.league.example")
    (tmp_path / "none.pem").write_text("-----BEGIN NOTHING-----\n")
    (tmp_path / "open.key").write_bytes((tmp_path / "signed-1.pem").read_bytes())
    (tmp_path / "open.key").chmod(0o640)
    key_of_another(tmp_path)
    locked_key(tmp_path)
    text, said = FAULTS[fault]
    with pytest.raises(MandateError, match=f"line [0-9]+: service.*{said}") as told:
        read(BARE + TAKES_LISTS + f"\n[[service]]\n{text}\n")
    assert told.value.hint
    assert "geheim" not in str(told.value)


def test_a_service_that_is_reached_by_http_has_nothing_to_prove(read):
    local = TAKES_LISTS.replace("https://isp.example", "http://127.0.0.1")
    with pytest.raises(MandateError, match="shows no certificate"):
        read(BARE + local + '\n[[service]]\nhost = "127.0.0.1"\n')


def test_a_forward_proxy_by_https_is_refused(read):
    with pytest.raises(MandateError, match="must begin with http"):
        read(BARE + TAKES_LISTS + 'proxy = "https://proxy.isp.example:3128"\n')


def test_mandate_show_names_how_each_service_proves_itself(read, tmp_path, authority):
    to_come = BARE.replace("2026-11-24T23", "2099-11-24T23")
    read(to_come + TAKES_LISTS + '\n[[service]]\nhost = "isp.example"\nca = "authority.pem"\n')
    shown = CliRunner().invoke(app, ["mandate", "show", str(tmp_path / "mandate.toml"), "--json"])
    [service] = [row for row in map(json.loads, shown.stdout.splitlines()) if row.get("service")]
    assert (service["service"], service["ca"]) == ("isp.example", "authority.pem")


@pytest.mark.parametrize(
    "url", ["b\u00fccher.example", "xn--bcher-kva.example", "B\u00dcCHER.example."]
)
@pytest.mark.parametrize(
    "host", ["b\u00fccher.example", "xn--bcher-kva.example", "B\u00dccher.EXAMPLE"]
)
def test_a_host_of_any_script_is_the_one_that_is_connected_to(read, url, host):
    takes = TAKES_LISTS.replace("isp.example", url)
    service = f'\n[[service]]\nhost = "{host}"\nalso = ["fu\u00df.example"]\n'
    [one] = read(BARE + takes + service).services
    assert one.host == "xn--bcher-kva.example"
    assert one.also == ("xn--fu-hia.example",)


@pytest.mark.parametrize(
    "host",
    ["a b.example", "\uff11.1.1.1", "0x7f.1", "2130706433", "a\u20ac/b"],
)
def test_a_host_that_is_met_under_another_name_is_refused(read, host):
    text = f'\n[[service]]\nhost = "isp.example"\nalso = ["{host}"]\n'
    with pytest.raises(MandateError):
        read(BARE + TAKES_LISTS + text)
