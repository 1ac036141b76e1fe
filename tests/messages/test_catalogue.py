"""Every sentence of a record has one text, and a message survives whatever a record holds."""

from __future__ import annotations

import re
from gettext import NullTranslations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cautery
from cautery.errors import InputError
from cautery.messages import TEXTS, in_language, languages, message, say, tr, tr_n
from cautery.messages.catalogue import places
from cautery.model.message import AS_WRITTEN, Message, as_written
from cautery.model.wire import MISSHAPEN, from_json, to_json

SOURCE = Path(cautery.__file__).parent
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def test_each_id_is_used_and_each_id_that_is_used_has_a_text() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (*SOURCE.rglob("*.py"), *SOURCE.rglob("*.j2"))
        if "messages/texts" not in path.as_posix()
    )
    for name in TEXTS:
        assert ID.fullmatch(name), name
        head = name.rpartition(".")[0]
        enumeration = f"class {head.title().replace('-', '')}(StrEnum)"  # said by word()
        ways = (f'"{name}"', f'f"{head}.{{', f'term("{head}"', f'word("{head}"', enumeration)
        assert any(way in code for way in ways), f"nobody says {name}"
    for name in re.findall(r'\bmessage\(\s*"([\w.-]+)"', code):
        assert name in TEXTS, name


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_filled_by_values_of_its_names(name: str) -> None:
    values = {place: 3 if place == "count" else place.upper() for place in places(TEXTS[name])}
    text = say(message(name, **values))
    assert "%(" not in text
    assert not text.startswith(name)
    assert all(value in text for value in values.values() if isinstance(value, str))


def test_a_message_of_wrong_values_is_a_mistake_that_is_named() -> None:
    with pytest.raises(InputError, match=r"no message watch\.of-tomorrow"):
        message("watch.of-tomorrow")
    with pytest.raises(InputError, match="has the values"):
        message("watch.waits", when="soon")


@given(
    body=st.text(max_size=200)
    | st.fixed_dictionaries(
        {"id": st.sampled_from([*TEXTS, AS_WRITTEN, "unknown"])},
        optional={"values": st.dictionaries(st.text(max_size=12) | st.just("count"), VALUES)},
    )
)
def test_any_message_of_a_record_is_said(body: object) -> None:
    try:
        read = from_json(Message, body)
    except MISSHAPEN:
        return
    assert isinstance(say(read), str)
    assert from_json(Message, to_json(read)) == read


@pytest.mark.parametrize(("number", "text"), [(10**400, "no number"), (1e300, "1e+300")])
def test_a_number_of_any_size_is_said_in_a_few_letters(number: float, text: str) -> None:
    assert say(Message("of-tomorrow", {"cost": number})) == f"of-tomorrow (cost: {text})"
    assert text in say(Message("watch.waits", {"window_at": (number,)}))


def test_a_sentence_of_an_older_record_stays_the_text_that_it_was() -> None:
    old = from_json(Message, "shared with 3 names")
    assert old == as_written("shared with 3 names")
    assert to_json(old) == "shared with 3 names" == say(old)


def test_messages_within_messages_end() -> None:
    nested = Message("watch.waits", {"window_at": "now"})
    for _ in range(60):
        nested = Message("watch.waits", {"window_at": nested})
    assert len(say(nested)) < 2_000


class Shouting(NullTranslations):
    """A language in which everything is upper case but the places."""

    def gettext(self, message: str) -> str:
        return re.sub(
            r"%\(\w+\)s|%%|[^%]+",
            lambda part: part[0] if part[0][0] == "%" else part[0].upper(),
            message,
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def test_what_is_said_follows_the_language_in_use() -> None:
    with in_language(Shouting()):
        assert tr("at %(host)s", host="a.example") == "AT a.example"
        assert tr_n("%(count)s host", "%(count)s hosts", 1200) == "1,200 HOSTS"
        assert say(message("watch.waits", window_at="now")).startswith("THE WATCH")
    assert tr("at %(host)s", host="a.example") == "at a.example"


def test_a_language_that_is_not_there_is_named() -> None:
    assert languages()[0] == "en"
    with pytest.raises(InputError, match="no language 'xx'"), in_language("xx"):
        pass
