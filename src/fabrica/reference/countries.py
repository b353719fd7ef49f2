"""Codes of countries, and what somebody may have meant by one that is none."""

import difflib

from fabrica.reference.grid import load_grid

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
CODES = frozenset(_CODES.split())
"""Every country and territory. Source: ISO 3166-1, alpha-2, as of 2026."""

_OTHERS = {"UK": "GB", "EL": "GR"}
"""Codes that the European Union writes otherwise. Source: Interinstitutional Style Guide, section 7.1.1."""


def check_country(text: str) -> str:
    """Return a country's code.

    Raises:
        ValueError: it is none; names the nearest.
    """
    if text in CODES:
        return text
    near = nearest_country(text)
    right = f"{near} may be meant" if near else "write one such as FI"
    raise ValueError(f"{text!r} is no country's ISO code; {right}")


def nearest_country(text: str) -> str | None:
    """Return the code that somebody may have meant: by a small letter, a name, or another way to write it."""
    plain = text.strip().upper()
    if plain in CODES | _OTHERS.keys():
        return _OTHERS.get(plain, plain)
    names = {one.name.upper(): code for code, one in load_grid().countries.items()}
    near = difflib.get_close_matches(plain, names, n=1, cutoff=0.75)
    return names[near[0]] if near else None
