"""Tables to download hold what was told, and run nothing."""

from fabrica.server.planning.tables import download


def test_a_cell_is_never_a_formula_and_numbers_stay_numbers() -> None:
    text = download(("a",), (("=1+1",), ("-5.5",), ("-cmd",), ("\tx",)), "a.csv").content.decode()
    assert text.split("\r\n") == ["a", "'=1+1", "-5.5", "'-cmd", "'\tx", ""]
