"""A partner's file is read in a child that can be killed: a package comes back, or a sentence."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.exchange.packages import AMBER, sample_package

from cautery.adapters import reading as adapter
from cautery.errors import InputError
from cautery.exchange import shape
from cautery.exchange.catalogue import format_named
from cautery.exchange.shape import Assumed
from cautery.model import Marking
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Pap, Tlp
from cautery.wiring import importing
from cautery.workflows.exchange import reading

from . import plain

pytestmark = pytest.mark.usefixtures("plain_format")


def file_of(folder, package=None, **more):
    package = package or sample_package()
    body = json.loads(b"".join(plain.FORMAT.write(package))) | more
    path = folder / "partner.json"
    path.write_text(json.dumps(body))
    return path


def test_a_file_comes_back_as_it_was_sent(tmp_path):
    read = importing.read(file_of(tmp_path, malware=True))

    assert read.reading.package == sample_package()
    assert [(loss.noun, loss.count) for loss in read.reading.left_out] == [("malware", 2)]
    assert read.format.name == "plain"


def test_what_bears_no_marking_bears_the_one_that_is_assumed(tmp_path):
    path = file_of(tmp_path)
    body = json.loads(path.read_text())
    for item in body["plain"]["items"]:
        del item["marking"]
    path.write_text(json.dumps(body))

    read = importing.read(path, assumed=Assumed(marking=AMBER))

    assert {item.marking for item in read.reading.package.items} == {AMBER}
    with pytest.raises(InputError, match="marking"):
        importing.read(path)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("spin", r"takes more than \d+ s; its process was ended"),
        ("eat", "more memory than allowed|crashed its process"),
        ("crash", "crashed its process"),
    ],
)
def test_a_reader_that_goes_wild_costs_a_bounded_time_and_is_a_sentence(
    tmp_path, monkeypatch, does, said
):
    monkeypatch.setattr(importing, "BUDGET", adapter.Budget(least_cpu_s=1.0, cpu_s_per_mb=0.0))

    with pytest.raises(InputError, match=f"partner.json: as Plain, .*({said})"):
        importing.read(file_of(tmp_path, do=does))


def test_a_file_that_is_too_long_is_refused_before_anything_reads_it(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)

    def never():
        raise AssertionError("a child was asked for")

    path = tmp_path / "long.json"
    path.write_bytes(b'{"plain"' + b" " * 2000)
    with pytest.raises(InputError, match=r"long.json: more than 1,000 bytes"):
        reading.read_file(path, never)
    with pytest.raises(InputError, match=r"long.json: more than"):
        reading.read_bytes(path.read_bytes(), "long.json", never)


def test_more_items_than_are_read_are_refused(tmp_path, monkeypatch):
    from cautery.workflows.exchange import jobs

    monkeypatch.setattr(jobs, "MOST_ITEMS", 3)
    asked = {
        "format": "plain",
        "file": "many.json",
        "assumed": {"marking": None, "by": "", "at": None},
    }
    with pytest.raises(InputError, match=r"many.json: it has 34 items and relations; at most 3"):
        jobs.JOBS[jobs.READ](asked, file_of(tmp_path).read_bytes())
    assert shape.MOST_ITEMS == 250_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x7fELF" + bytes(100), "no format of exchange"),
    ],
)
def test_what_is_no_format_is_a_sentence(tmp_path, content, said):
    path = tmp_path / "what.bin"
    path.write_bytes(content)

    with pytest.raises(InputError, match=said):
        importing.read(path)


def test_a_format_that_there_is_not_is_said_before_anything_is_read(tmp_path):
    with pytest.raises(InputError, match="there is no format 'word'"):
        importing.read(tmp_path / "not-there", named="word")


def test_a_child_that_lies_is_a_sentence(tmp_path):
    class Liar:
        def work(self, job, asked, data):
            return b"\x00" * 8 + b"lies"

    with pytest.raises(InputError, match="the answer of the reading process is not valid"):
        reading.read_file(file_of(tmp_path), Liar)


def test_a_conversion_says_what_is_lost_and_strict_refuses(tmp_path, monkeypatch):
    package = sample_package()
    same = importing.convert(package, "plain", strict=True)
    assert same.losses == ()
    assert json.loads(same.raw)


def test_a_conversion_names_what_is_in_force_now_whenever_the_file_was_made():
    green = Marking(tlp=Tlp.GREEN, pap=Pap.GREEN)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    block = Item(
        kind=ItemKind.BLOCK, id="a.example", by="liga", marking=green, at=at,
        valid_until=at + timedelta(hours=3),
    )  # fmt: skip
    package = Package(
        id="theirs", name="Theirs", by="liga", made_at=at, marking=green, items=(block,)
    )

    assert b'"to_ids":true' in b"".join(format_named("misp").write(package))
    assert b'"to_ids":true' not in importing.convert(package, "misp", strict=True).raw
