"""A table is shown as text and saved as CSV that no spreadsheet runs."""

import base64
import re

from fabrica.planning.tables import download, scrolled, table


def test_a_hostile_cell_is_text() -> None:
    made = table(("name",), [("<script>alert(1)</script>",)])
    assert "<script>" not in made
    assert '<th scope="row">&lt;script&gt;' in made


def test_a_download_holds_the_rows_and_no_formula() -> None:
    made = download('it".csv', "Take it", ("name", "value"), [("=1+1", 2.5), ("plain", None), ("-x", -3)])
    assert 'download="it&quot;.csv"' in made
    coded = re.search(r"base64,([^\"]+)", made)
    assert coded is not None
    assert base64.b64decode(coded[1]).decode() == "name,value\r\n'=1+1,2.5\r\nplain,\r\n'-x,-3\r\n"


def test_a_table_wider_than_the_page_is_reached_by_the_keyboard_and_has_a_name() -> None:
    shown = scrolled("<table></table>", 'Use of "a"')
    assert (
        shown == '<div class="wide" tabindex="0" role="region" aria-label="Use of &quot;a&quot;"><table></table></div>'
    )
