"""What is written of a mandate's answers reads back as these answers."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model import Mandate, revealed
from cautery.workflows.mandate.draft import (
    AnswerError,
    Draft,
    sentence_of,
    table_of_option,
    value_of,
)
from cautery.workflows.mandate.file import MandateFile

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
HEAD = {
    "id": "m", "who": "League", "regime": "gdpr", "legal_basis": "rights",
    "start": NOW, "end": NOW + timedelta(days=1), "territories": ["FR"],
}  # fmt: skip
EVENT = {"id": "match", "name": "Home v Away", "kick_off": NOW}

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda text: text == text.strip() and text.strip()
)
ids = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
territories = st.from_regex(r"[A-Z]{2}", fullmatch=True)
seconds = st.integers(1, int(timedelta(days=300_000).total_seconds()))
times = seconds.map(lambda later_s: NOW + timedelta(seconds=later_s))


@st.composite
def answers(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Tables of a whole mandate, with texts of all kinds."""
    end = draw(times)
    names = draw(st.lists(ids, min_size=3, max_size=6, unique=True))
    event, *channels = names
    territory = draw(territories)
    return {
        "mandate": [
            {
                "id": draw(words), "who": draw(words), "regime": draw(st.sampled_from(["gdpr", "led"])),
                "legal_basis": draw(words), "start": NOW, "end": end,
                "territories": draw(st.lists(territories, min_size=1, max_size=3)),
                "collateral_budget": draw(st.integers(0, 10**9)),
            }
        ],
        "event": [{"id": event, "name": draw(words), "kick_off": draw(times)}],
        "channel": [
            {"id": channel, "names": draw(st.lists(words, min_size=1, max_size=3)), "event": event}
            for channel in channels
        ],
        "partner": [{"name": draw(words), "hosts": ["partner.example"], "channels": channels}],
        "order": [
            {
                "id": draw(words), "authority": draw(words), "territory": territory,
                "targets_rule": draw(words), "start": NOW, "end": end,
            }
        ],
        "source": [{"url": "http://lists.example/a.m3u", "kind": "m3u", "revisit_s": draw(st.floats(1, 86_400))}],
        "intermediary": [
            {"name": draw(words), "territory": territory, "list_url": "https://isp.example/l"}
        ],
    }  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(answers())
def test_what_is_written_reads_back_through_the_mandate_reader(
    tables: dict[str, list[dict[str, Any]]],
) -> None:
    draft = Draft(path=Path("mandate.toml"), now=NOW)
    for table, rows in tables.items():
        for row in rows:
            draft.add(table, row)
    read = draft.mandate()
    [head], [event], [order] = tables["mandate"], tables["event"], tables["order"]
    assert (read.id, read.who, read.legal_basis) == (head["id"], head["who"], head["legal_basis"])
    assert (read.window.start, read.window.end) == (head["start"], head["end"])
    assert read.territories == tuple(head["territories"])
    assert read.collateral_budget == head["collateral_budget"]
    assert [(row.name, row.kick_off) for row in read.events] == [(event["name"], event["kick_off"])]
    assert [row.names for row in read.channels] == [
        tuple(row["names"]) for row in tables["channel"]
    ]
    assert read.orders[0].targets_rule == order["targets_rule"]
    assert read.sources[0].revisit_s == tables["source"][0]["revisit_s"]
    assert tomllib.loads(draft.text()) == {
        table: rows[0] if table == "mandate" else rows for table, rows in tables.items()
    }


def test_each_key_has_its_sentence_and_each_absent_table_stands_as_a_comment() -> None:
    draft = Draft(path=Path("mandate.toml"), now=NOW)
    draft.add("mandate", HEAD)
    draft.add("event", EVENT)
    lines = draft.text().splitlines()
    for key in HEAD:
        place = next(at for at, line in enumerate(lines) if line.startswith(f"{key} = "))
        assert sentence_of("mandate", key).startswith(lines[place - 1].removeprefix("# "))
    absent = {line for line in lines if line.startswith("# [")}
    assert len(absent) == len(MandateFile.model_fields) - 2
    assert "# [[order]]" in absent
    order = draft.text().partition("# [[order]]\n")[2].partition("\n\n")[0].splitlines()
    assert [line.partition(" = ")[0] for line in order] == [
        *("# id", "# authority", "# territory", "# start", "# targets_rule"),
        *("# # kind", "# # end", "# # days", "# # particulars"),
    ]


def test_the_comments_of_an_absent_table_need_only_their_values(tmp_path: Path) -> None:
    draft = Draft(path=tmp_path / "mandate.toml", now=NOW)
    draft.add("mandate", HEAD)
    draft.add("event", EVENT)
    text = draft.text()
    start = text.index("# [[work]]")
    block = text[start : text.index("\n\n", start)]
    filled = re.sub(r"(?m)^# ", "", block).replace("= ...", '= "own-1"')
    read = tomllib.loads(text.replace(block, filled))
    assert read["work"] == [{"id": "own-1", "title": "own-1"}]


@pytest.mark.parametrize(
    ("table", "key", "value", "said"),
    [
        ("mandate", "regime", "police", "'gdpr' or 'led'"),
        ("mandate", "territories", ["France"], "not in the format of territories"),
        ("event", "kick_off", "tomorrow", "not a valid time"),
        ("event", "kick_off", NOW.replace(tzinfo=None), "has no time zone"),
        ("intermediary", "list_url", "ftp://isp.example", "not an http(s) URL"),
        ("work", "id", "eidr:10.5240/7791-8534-2C23-9030-8610-6", "check letter"),
    ],
)
def test_a_wrong_answer_is_refused_by_itself(
    table: str, key: str, value: object, said: str
) -> None:
    with pytest.raises(AnswerError) as refused:
        Draft(path=Path("mandate.toml"), now=NOW).check_key(table, key, value)
    assert said in str(refused.value)
    assert refused.value.hint
    assert refused.value.key == key


@pytest.mark.parametrize(
    ("table", "row", "key"),
    [
        ("channel", {"id": "fr", "names": ["Sport"], "event": "other"}, "event"),
        ("channel", {"id": "match", "names": ["Sport"]}, "id"),
        ("source", {"kind": "m3u"}, "source"),
        ("event", {**EVENT, "id": "b", "clean_feed": "http://feeds.example/c"}, "clean_feed"),
        ("network", {"facts": "nowhere"}, "facts"),
    ],
)
def test_a_table_that_contradicts_the_others_is_refused(
    tmp_path: Path, table: str, row: dict[str, Any], key: str
) -> None:
    draft = Draft(path=tmp_path / "mandate.toml", now=NOW)
    draft.add("mandate", HEAD)
    draft.add("event", EVENT)
    before = draft.text()
    with pytest.raises(AnswerError) as refused:
        draft.add(table, row)
    assert refused.value.key == key
    assert "mandate.toml" not in str(refused.value)
    assert draft.text() == before


def test_answers_in_words_become_values() -> None:
    assert value_of("channel", "names", "Sport 1,  Sport 2 ,") == ["Sport 1", "Sport 2"]
    assert value_of("event", "kick_off", "2026-11-24T20:45Z") == NOW + timedelta(minutes=45)
    assert value_of("mandate", "regime", "LED") == "led"
    assert value_of("order", "territory", "fr") == "FR"
    assert value_of("network", "rate_per_host", "2.5") == 2.5
    assert value_of("work", "year", "soon") == "soon"
    assert value_of("approver", "public_key", 'public_key = "abc="') == "abc="


def test_a_table_of_an_option_is_toml() -> None:
    row = table_of_option("event", 'id = "a", name = "Home, Away", kick_off = "2026-11-24T20:45Z"')
    assert row == {"id": "a", "name": "Home, Away", "kick_off": NOW + timedelta(minutes=45)}
    for wrong in ("id = a", 'id = "a" }\n[mandate', "x"):
        with pytest.raises(InputError, match="--event"):
            table_of_option("event", wrong)


def test_no_key_writes_a_table_of_its_own(tmp_path: Path) -> None:
    key = 'a = "1" }\n[[approver]]\nname = "Eve"\nrole = "r"\npublic_key = "k"\n[x]\nb = { c'
    draft = Draft(path=tmp_path / "m.toml", now=NOW)
    order = {"id": "O", "particulars": {key: "2"}, key: 1}
    draft.tables = {"mandate": [dict(HEAD)], "order": [order]}
    parsed = tomllib.loads(draft.text())
    assert parsed.keys() == {"mandate", "order"}
    assert parsed["order"] == [order]


def test_own_places_are_kept(tmp_path: Path) -> None:
    draft = Draft(path=tmp_path / "mandate.toml", now=NOW)
    draft.add("mandate", HEAD)
    draft.add("event", {**EVENT, "clean_feed": "https://us:word@feeds.example/c.m3u8"})
    read: Mandate = draft.mandate()
    assert revealed(read.events[0].clean_feed) == "https://us:word@feeds.example/c.m3u8"
