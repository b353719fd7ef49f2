"""Two what-ifs of the network on the same made-up jobs, as a result to keep: what the second one changes."""

import tomllib
from dataclasses import replace

from fabrica.planning.answers import network
from fabrica.planning.progress import Progress, of_part
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.planning.scenarios.scenario import Scenario
from fabrica.values.toml import write_value
from fabrica.wire.scenarios import Figure, Result, ScenarioRefused, Table

ENDS = ("first", "second")


def write_pair(first: str, second: str) -> str:
    """Return the texts of two scenarios as the text of a pair."""
    return f"first = {write_value(first)}\nsecond = {write_value(second)}\n"


def check(text: str) -> None:
    """Read both scenarios and look whether a server runs them as a pair.

    Raises:
        ScenarioRefused: it is no pair, or the two have other days or replications.
        ScenarioMalformed, NetworkImpossible, CompilerMissing: one of them cannot be run.
    """
    _read(text)


def _read(text: str) -> tuple[Scenario, Scenario]:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ScenarioRefused(f"The pair is no valid TOML: {error}.", remedy=_FORM) from None
    if set(document) != set(ENDS) or not all(isinstance(document[end], str) for end in ENDS):
        raise ScenarioRefused("A pair holds 'first' and 'second' alone.", remedy=_FORM)
    for end in ENDS:
        network.check(document[end])
    one, two = (parse_scenario(document[end], f"the {end} scenario") for end in ENDS)
    if (one.period.days, one.period.replications) != (two.period.days, two.period.replications):
        raise ScenarioRefused(
            "The two have other days or replications, so they make no pairs.", remedy="Give both the same [period]."
        )
    return one, two


_FORM = "Write the text of one scenario as first, of the other as second."


def answer(text: str, seed: int, progress: Progress) -> Result:
    """Run both on the work that is made for the network of the first.

    Raises:
        ScenarioRefused, ScenarioMalformed, NetworkImpossible, CompilerMissing: as `check`.
    """
    one, two = _read(text)
    from fabrica.planning.compare import compare
    from fabrica.planning.compare_report import as_rows, sections
    from fabrica.planning.network.figures import figures
    from fabrica.planning.network.runs import run_scenario

    one = replace(one, period=replace(one.period, seed=seed))
    two = replace(two, period=replace(two.period, seed=seed), base=one)
    ran = []
    for place, scenario in enumerate((one, two)):
        tell = of_part(progress, place / 2, (place + 1) / 2, f"the {ENDS[place]}")
        outcome = run_scenario(scenario, cores=1, progress=tell)
        ran.append((outcome, figures(outcome)))
    found = compare(ran[0], ran[1])
    changes = []
    for row in found.network:
        made = row.found
        low, value, high = (made.low, made.mean, made.high) if made else (None, None, None)
        changes.append(Figure(key=row.label, label=row.label, low=low, value=value, high=high, words=row.difference))
    head, rows = as_rows(found)
    cells = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)
    return Result(
        words=" ".join(found.sentences),
        figures=tuple(changes),
        report="".join(sections(found)),
        tables=(Table(name="differences", title="Every difference", head=tuple(head), rows=cells),),
    )
