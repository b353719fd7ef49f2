"""Icons as 24 x 24 line drawings, drawn with the text's own colour."""

from django.utils.safestring import SafeString

from fabrica.server.portal.svg import element

ICONS = {
    # run and attempt states
    "submitted": "M4 14v5h16v-5M12 15V4M8 8l4-4 4 4",
    "held": "M9 5v14M15 5v14",
    "placed": "M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.8 12 21 12 21zM12 11.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
    "staging": "M4 14v5h16v-5M12 4v11M8 11l4 4 4-4",
    "queued": "M5 7h14M5 12h14M5 17h8",
    "running": "M12 4a8 8 0 1 1-7.4 5",
    "succeeded": "M5 12.5l4.5 4.5L19 7.5",
    "failed": "M6.5 6.5l11 11M17.5 6.5l-11 11",
    "cancelled": "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM6.4 6.4l11.2 11.2",
    "timed_out": "M12 21a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 9v4.5l3 1.5M9.5 2.5h5",
    "offered": "M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM12 9v3.5l2.5 1.5",
    "accepted": "M5 12.5l4.5 4.5L19 7.5",
    "ended": "M7 7h10v10H7z",
    # everything else
    "connected": "M12 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2zM8 16a5.6 5.6 0 0 1 0-8M16 8a5.6 5.6 0 0 1 0 8"
    "M5 19a10 10 0 0 1 0-14M19 5a10 10 0 0 1 0 14",
    "simulated": "M10 3h4M11 3v6l-5.5 9.5A1.5 1.5 0 0 0 6.8 21h10.4a1.5 1.5 0 0 0 1.3-2.5L13 9V3M8 15h8",
    "back": "M19 12H5M11 6l-6 6 6 6",
    "write": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "missing": "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
    "print": "M7 9V4h10v5M7 17H4v-7h16v7h-3M7 14h10v6H7z",
    "download": "M12 4v11M7 10.5l5 5 5-5M5 20h14",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "mail": "M4 6h16v12H4zM4 7l8 6 8-6",
    "key": "M8 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 13l9-9M16 8l3 3",
    "notice": "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 11v5M12 8v.5",
    "warning": "M12 4l9 16H3zM12 10v5M12 17.5v.5",
    "light": "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19"
    "M5 19l1.4-1.4M17.6 6.4L19 5",
    "dark": "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
}


def icon(name: str) -> SafeString:
    """Return an icon as high as text, unless styled. It is decoration: beside it stands the word that says the same."""
    path = element("path", d=ICONS[name])
    return element(
        "svg",
        path,
        viewBox="0 0 24 24",
        width="1em",
        height="1em",
        fill="none",
        stroke="currentColor",
        stroke_width="1.9",
        stroke_linecap="round",
        stroke_linejoin="round",
        aria_hidden="true",
        focusable="false",
    )
