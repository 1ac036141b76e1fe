"""Labels of host names: what Python's own codec gives, in a time that does not depend on the letters."""

import encodings.idna

from hypothesis import example, given
from hypothesis import strategies as st

from cautery.model.name_labels import LONGEST, ascii_label, punycode_label

LETTERS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aB-0éßςİ一丁\u0590\u05d0\u0660\u200c\u200d\ufe0f\ufb03ﷺ\U0001d400x"),
    ),
    max_size=70,
)


def by_the_codec(text):
    try:
        return encodings.idna.ToASCII(text).decode("ascii")
    except UnicodeError:
        return None


def by_us(function, text):
    try:
        return function(text)
    except UnicodeError:
        return None


@given(LETTERS)
@example("")
@example("xn--é")
@example("\u00ad")
@example("é" * 59)
@example("一" * 57)
@example("א1")
@example("אa")
def test_a_label_is_what_the_codec_gives_or_refused_as_there(text):
    assert by_us(ascii_label, text) == by_the_codec(text)


@given(LETTERS.filter(lambda text: not text.isascii()))
def test_punycode_is_the_codecs_up_to_the_longest_label(text):
    label = "xn--" + text.encode("punycode").decode("ascii")
    assert by_us(punycode_label, text) == (label if len(label) <= LONGEST else None)
