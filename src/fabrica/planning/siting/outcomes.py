"""What runs of the network with each candidate gave, kept as a JSON file so that the draws need no new run."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from fabrica.planning.siting.criteria import CRITERIA, OUTCOMES, Measure, Measures
from fabrica.reference.sources import Source
from fabrica.wire.siting import OutcomesRefused

BYTES_MAX = 2**22
ALL_KNOWN = frozenset({"low", "high", "value"})


def read_outcomes(path: Path, candidates: Collection[str]) -> dict[str, Measures]:
    """Return outcomes by candidate from a file: `source`, and `sites.NAME.CRITERION` with low, high and value.

    Raises:
        OutcomesRefused: not readable, no JSON, or a site, a criterion or a figure that cannot be.
    """
    try:
        if path.stat().st_size > BYTES_MAX:
            raise OutcomesRefused(f"{path} is larger than {BYTES_MAX:,} bytes.", remedy="Give the outcomes alone.")
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise OutcomesRefused(f"{path} cannot be read: {error.strerror}.", remedy="Name a JSON file.") from None
    except (ValueError, RecursionError) as error:
        raise OutcomesRefused(f"{path} is no JSON: {error}.", remedy="Write it as the how-to shows.") from None
    if not isinstance(document, dict) or not isinstance(document.get("sites"), dict):
        raise OutcomesRefused(f"{path} has no table 'sites'.", remedy="Write it as the how-to shows.")
    source = document.get("source")
    if not isinstance(source, str) or not source.strip():
        raise OutcomesRefused(f"{path} has no 'source'.", remedy="Say which runs the outcomes come from.")
    unknown = [name for name in document["sites"] if name not in candidates]
    if unknown:
        raise OutcomesRefused(f"{path}: {unknown[0]!r:.60} is no candidate.", remedy="Use the candidates' own names.")
    told = Source((source.strip()[:500],), None, None)
    return {name: _measures(path, name, row, told) for name, row in document["sites"].items()}


def _measures(path: Path, name: str, row: Any, source: Source) -> Measures:
    if not isinstance(row, dict) or any(key not in OUTCOMES for key in row):
        raise OutcomesRefused(f"{path}: {name} has an unknown outcome.", remedy=f"Known are {', '.join(OUTCOMES)}.")
    return {key: _measure(path, f"{name}.{key}", key, figure, source) for key, figure in row.items()}


def _measure(path: Path, where: str, key: str, figure: Any, source: Source) -> Measure:
    one = CRITERIA[key]
    right = isinstance(figure, dict) and {"low", "high"} <= set(figure) <= ALL_KNOWN
    if not right or any(isinstance(number, bool) or not isinstance(number, int | float) for number in figure.values()):
        raise OutcomesRefused(f"{path}: {where} is {figure!r:.60}.", remedy="Write low, high and, if known, value.")
    low, high = float(figure["low"]), float(figure["high"])
    value = float(figure["value"]) if "value" in figure else None
    if not one.least <= low <= (low if value is None else value) <= high <= one.most:
        raise OutcomesRefused(
            f"{path}: {where} must go from low over value to high, inside {one.least:g} to {one.most:g}.",
            remedy=f"Write {one.unit_words}.",
        )
    return Measure(low, high, source, value)


def write_outcomes(outcomes: Mapping[str, Measures], source: str) -> str:
    """Return outcomes as the text that `read_outcomes` reads."""
    sites = {
        name: {key: {"low": one.low, "high": one.high, "value": one.shown} for key, one in row.items()}
        for name, row in outcomes.items()
    }
    return json.dumps({"source": source, "sites": sites}, indent=2) + "\n"
