"""Amounts in a passage: what can answer "how many" and "how much"."""

import re

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# Addresses, provisions and days are no amounts, although they have figures.
_FIGURES_OF_OTHER_THINGS = re.compile(
    r"https?://\S+"
    r"|\d+\w*\([\w()-]*"
    r"|(?:\bArts?\.?|\b[Pp]oints?:?|\bAnnex [IVX]+|\bSections?|\brecitals?|\bRegulation|\bDirective|\bNo|\([CEU]+\))"
    r"(?:(?:,| and| or|-)? ?\d[\w/]*)+"
    r"|\bC\(\d{4}\) \d+"
    rf"|\b\d\d?(?: (?:{_MONTHS})\b|\.\d\d?\.\d{{4}})"
    r"|\b20\d\d\b(?:[ -]\d\d[ -]\d\d)?"
)
_AMOUNT = re.compile(
    r"(?<![\w.(-])\d"
    r"|\b(?:one third|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|hundred|thousand|million)\b"
)


def states_amount(text: str) -> bool:
    """Say whether a text states an amount, in figures or words."""
    return _AMOUNT.search(_FIGURES_OF_OTHER_THINGS.sub(" ", text)) is not None
