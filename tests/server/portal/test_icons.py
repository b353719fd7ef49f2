"""Icons are decoration in the size of the text beside them."""

import pytest

from fabrica.server.portal.icons import ICONS, icon


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_that_no_style_sizes_is_as_high_as_the_text_and_is_not_read_aloud(name: str) -> None:
    drawn = icon(name)
    assert 'width="1em"' in drawn
    assert 'height="1em"' in drawn
    assert 'aria-hidden="true"' in drawn
