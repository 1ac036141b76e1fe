"""Warning lists of MISP as facts: they can make the guard more careful, and never less."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cautery.adapters.facts_folder import FactsFolder
from cautery.adapters.facts_import import add_fact
from cautery.errors import InputError
from cautery.model import Decision
from cautery.plan.guard.guard import guard

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
NAMES = ["domain", "hostname", "domain|ip", "url"]
ADDRESSES = ["ip-src", "ip-dst", "domain|ip"]


def listed(kind: str, *entries: str, version: int = 20261120, **more: Any) -> str:
    """Return a warning list as misp-warninglists has it."""
    return json.dumps(
        {
            "name": "A list",
            "description": "Event contains one or more entries of a list",
            "type": kind,
            "version": version,
            "matching_attributes": ADDRESSES if kind == "cidr" else NAMES,
            "list": list(entries),
            **more,
        }
    )


def add(folder: Path, content: str, name: str, **said: Any) -> Any:
    file = folder / "list.json"
    file.write_text(content)
    return add_fact(file, folder / "facts", name=name, now=NOW, **said)


@pytest.mark.parametrize("kind", ["hostname", "string"])
def test_names_of_a_warning_list_count_as_popular(kind: str, tmp_path: Path) -> None:
    added = add(tmp_path, listed(kind, ".Drive.example.", "b.example", "no name"), "misp-popular")

    facts = FactsFolder(tmp_path / "facts")
    assert (added.kind, added.rows, added.broken) == ("popular", 2, 1)
    assert facts.popular("drive.example")
    assert facts.popular("www.b.example")
    assert not facts.popular("c.example")


def test_ranges_of_a_warning_list_count_as_shared_and_name_their_list(tmp_path: Path) -> None:
    add(tmp_path, listed("cidr", "198.51.100.0/24", "2001:db8::1"), "misp-telegram-ips")

    shared = FactsFolder(tmp_path / "facts").shared("198.51.100.7")

    assert shared is not None
    assert (shared.provider, shared.kind, shared.fact) == (
        "telegram-ips",
        "service",
        "misp-telegram-ips",
    )


def test_names_can_be_protected_as_what_the_list_is_called(tmp_path: Path) -> None:
    content = listed("hostname", "clinic.example")
    add(tmp_path, content, "misp-hospitals", kind="protected")

    assert FactsFolder(tmp_path / "facts").kinds_of("www.clinic.example") == ("hospitals",)


def test_addresses_can_be_of_a_protected_kind(tmp_path: Path) -> None:
    add(tmp_path, listed("cidr", "192.0.2.0/28"), "misp-sinks", kind="sinkhole")

    assert FactsFolder(tmp_path / "facts").kinds_of("192.0.2.7") == ("sinkhole",)


@pytest.mark.parametrize(
    ("version", "day", "said_by"),
    [
        (20260811, date(2026, 8, 11), "as the file says"),
        (26081010, date(2026, 8, 10), "as the file says"),
        (9, None, "when the file was written"),
        (20269999, None, "when the file was written"),
    ],
)
def test_the_version_of_a_list_is_its_day_where_it_is_one(
    version: int, day: date | None, said_by: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.json"
    file.write_text(listed("cidr", "192.0.2.0/28", version=version))
    later = datetime.now(UTC)

    added = add_fact(file, tmp_path / "facts", name="misp-x", now=later)

    assert added.date == day or (day is None and added.date <= later.date())
    assert added.date_from.startswith(said_by)


@pytest.mark.parametrize(
    ("kind", "words"), [("regex", "2 regular expressions"), ("substring", "2 substrings")]
)
def test_patterns_are_counted_and_not_run(kind: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{words}: none is used"):
        add(tmp_path, listed(kind, "/(a+)+$/", "b"), "misp-x")

    assert not (tmp_path / "facts").exists()


def test_a_list_of_digests_is_refused(tmp_path: Path) -> None:
    content = listed("string", "ab" * 16, matching_attributes=["md5"])

    with pytest.raises(InputError, match="no names and no addresses"):
        add(tmp_path, content, "misp-x")


@pytest.mark.parametrize("name", ["ranges", "popular", "bank-website", "aws"])
def test_a_warning_list_replaces_no_other_fact(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="replaces none"):
        add(tmp_path, listed("cidr", "192.0.2.0/28"), name)


@pytest.mark.parametrize(
    ("of_type", "kind"),
    [
        ("cidr", "hosting"),
        ("cidr", "dynamic-dns"),
        ("cidr", "popular"),
        ("hostname", "dynamic-dns"),
        ("hostname", "cdn-name"),
        ("hostname", "link-in-bio"),
        ("hostname", "parking"),
        ("hostname", "cdn"),
    ],
)
def test_a_kind_that_could_speak_for_a_block_is_refused(
    of_type: str, kind: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="cannot be of the kind"):
        add(tmp_path, listed(of_type, "192.0.2.0/28"), "misp-x", kind=kind)


_HOSTS = ("goals.example", "edge.goals.example", "shop.test", "foo.dyn.example", "dyn.example")
_RANGES = ("198.51.100.0/24", "198.51.100.0/28", "203.0.113.0/24", "0.0.0.0/0", "2001:db8::/32")
_TARGETS = (*_HOSTS, "8.8.4.4", "9.9.9.10", "http://goals.example/live/1.ts", "8.8.4.0/30")
_CARE = (Decision.ALLOW, Decision.NARROW, Decision.REFUSE)
_GIVEN = {
    "popular.csv": "domain,lists\nshop.test,tranco\n",
    "ranges.csv": "cidr,provider,class,source\n9.9.9.0/24,a cloud,cloud,x\n",
    "dynamic-dns.csv": "value\ndyn.example\n",
    "passive-dns.csv": "address,name,first_seen,last_seen\n"
    "8.8.4.4,goals.example,2026-11-01T00:00:00Z,2026-11-30T00:00:00Z\n",
    "dedicated.csv": "address,dedicated_to,evidence,evidence_date\n"
    "8.8.4.4,goals.example,hoster's reply,2026-11-29\n"
    "9.9.9.10,goals.example,hoster's reply,2026-11-29\n",
}


def _folder(folder: Path) -> Path:
    facts = folder / "facts"
    facts.mkdir()
    table = ""
    for name, content in _GIVEN.items():
        (facts / name).write_text(content)
        stem = name.removesuffix(".csv")
        table += f'[facts.{stem}]\npath = "{name}"\ndate = 2026-11-30\n'
    (facts / "facts.toml").write_text(table)
    return facts


@given(
    of_type=st.sampled_from(["cidr", "hostname", "string"]),
    kind=st.sampled_from(
        [
            "",
            "popular",
            "protected",
            "bank",
            "university",
            "cdn",
            "cloud",
            "service",
            "waf",
            "hosting",
            "parking",
            "sinkhole",
            "public-dns",
            "dynamic-dns",
            "cdn-name",
        ]
    ),
    entries=st.lists(
        st.sampled_from(
            (*_HOSTS, *_RANGES, "9.9.9.10", "8.8.4.4", "9.9.9.8/30", "example", "com", ".test")
        ),
        min_size=1,
        unique=True,
    ),
)
@example(of_type="cidr", kind="hosting", entries=["9.9.9.8/30"])
@example(of_type="hostname", kind="dynamic-dns", entries=["example"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_with_a_warning_list_the_guard_allows_nothing_that_it_refused_without(
    of_type: str, kind: str, entries: list[str]
) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        facts = _folder(folder)
        before = [_care(facts, target) for target in _TARGETS]
        try:
            add(folder, listed(of_type, *entries), "misp-x", kind=kind)
        except InputError:
            return
        after = [_care(facts, target) for target in _TARGETS]

    assert all(later >= earlier for earlier, later in zip(before, after, strict=True))


def test_the_worlds_of_the_law_above_allow_some_targets(tmp_path: Path) -> None:
    facts = _folder(tmp_path)

    care = {_care(facts, target) for target in ("goals.example", "8.8.4.4")}

    assert care == {0}


def _care(folder: Path, target: str) -> int:
    facts = FactsFolder(folder)
    verdict = guard(target, facts=facts, at=NOW, suspects=_HOSTS, dedicated=facts.dedicated(target))
    return _CARE.index(verdict.decision)
