"""Countries on the wire."""

from typing import Annotated

from pydantic import AfterValidator, Field

from fabrica.reference.countries import check_country


def _known_or_empty(text: str) -> str:
    return check_country(text) if text else text


CountryOrEmpty = Annotated[
    str, AfterValidator(_known_or_empty), Field(description="ISO code; empty: not told", max_length=60)
]
