"""What every page's shell knows: the theme the reader chose."""

from typing import Any

from django.http import HttpRequest

THEME_COOKIE = "fabrica_theme"
THEMES = ("light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the shell's context: `theme` is light, dark, or empty where the device decides."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": theme if theme in THEMES else ""}
