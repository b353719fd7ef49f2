"""SVG markup, escaped by construction: the one place where pictures become text."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def element(name: str, *children: object, **attributes: object) -> SafeString:
    """Return one SVG element; children and attribute values are escaped unless they are markup already.

    `class_` is written `class`, `aria_label` as `aria-label`; an attribute that is None is left out.
    """
    written = format_html_join(
        "", ' {}="{}"', ((_attribute(key), _value(value)) for key, value in attributes.items() if value is not None)
    )
    inside = format_html_join("", "{}", ((child,) for child in children))
    return format_html("<{}{}>{}</{}>", SafeString(name), written, inside, SafeString(name))


def _attribute(key: str) -> SafeString:
    return SafeString(key.rstrip("_").replace("_", "-"))


def _value(value: object) -> object:
    """Return a coordinate with at most two decimals; anything else as it is."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return value
