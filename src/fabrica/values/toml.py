"""Values as TOML text, which Python reads but does not write."""

import json


def write_value(value: object) -> str:
    """Return text, a truth, a number, or a list of these as TOML writes it: as JSON does, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
