"""What is left out is counted, however a file names it."""

from cautery.exchange import tally
from cautery.exchange.tally import Tally


def test_rows_are_counted_apart_by_type_field_and_reason_with_their_first_example() -> None:
    count = Tally()
    for noun, example, why in (("b", "1", ""), ("a", "2", ""), ("b", "3", ""), ("b", "4", "x")):
        count.note(noun, "field", example, why)

    rows = [(loss.noun, loss.field, loss.count, loss.example, loss.why) for loss in count.losses()]

    assert rows == [
        ("a", "field", 1, "2", ""),
        ("b", "field", 2, "1", ""),
        ("b", "field", 1, "4", "x"),
    ]


def test_what_a_hostile_file_invents_is_counted_in_one_row(monkeypatch) -> None:
    monkeypatch.setattr(tally, "_MOST_ROWS", 2)
    count = Tally()
    for number in range(5):
        count.note(f"kind {number}", "field", number)

    further, *rows = count.losses()

    assert (further.noun, further.field, further.count) == ("*", "*", 3)
    assert [(loss.noun, loss.count) for loss in rows] == [("kind 0", 1), ("kind 1", 1)]


def test_names_are_short_and_printable() -> None:
    count = Tally()
    count.note("\ud800" * 1_000, "", "\x1b" * 1_000_000)

    (loss,) = count.losses()

    assert loss.noun.isprintable()
    assert loss.field == "*"
    assert len(loss.noun) <= 100
    assert len(loss.example) <= 200
    assert loss.example.isprintable()
