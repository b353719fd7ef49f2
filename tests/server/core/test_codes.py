"""Codes: what was drawn is read again, however people type it; nothing else is a code."""

from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.core.codes import new_code, read_code


@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=25, max_size=25), st.data())
def test_a_code_is_read_however_it_is_typed(plain_code: str, data: st.DataObject) -> None:
    code = read_code(plain_code)
    assert code is not None
    typed = code.shown
    for plain, misread in (("0", "oO0"), ("1", "iIlL1"), ("-", " -")):
        typed = "".join(data.draw(st.sampled_from(misread)) if letter == plain else letter for letter in typed)
    typed = "".join(data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in typed)
    assert read_code(f" {typed}\n") == code


@given(st.text(max_size=40))
def test_what_was_not_drawn_is_no_code_or_another(text: str) -> None:
    code = read_code(text)
    assert code is None or read_code(code.shown) == code


def test_codes_differ() -> None:
    codes = [new_code() for _ in range(100)]
    assert len({code.shown for code in codes}) == 100
    assert all(read_code(code.shown) == code for code in codes)
