"""An answer as one paragraph in words, and figures as people read them."""

from fabrica.planning.training.answer import Answer
from fabrica.planning.training.figures import Span
from fabrica.values.time import show_duration

LEGEND = (
    "TP: devices that share the matrices of a layer. PP: stages of layers. CP: devices that share a sequence. "
    "EP: devices that share the experts, among those of DP. DP: copies that share the batch. "
    "TP, PP, CP and DP multiplied are the devices in use."
)
"""What the letters of a layout mean, for somebody who has not laid one out."""

_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def paragraph(answer: Answer, queue: str | None = None) -> str:
    """Return what it takes, how sure that is, what was assumed and what is not known, in whole sentences.

    `queue`: what is known of the wait before it starts, where the answer itself does not tell.
    """
    figures, best = answer.figures, answer.layouts[0]
    said = [
        f"{answer.model_name} has {amount(answer.parameters)} parameters"
        + (
            f", of which {amount(answer.active_parameters)} work on each token"
            if answer.active_parameters < 0.8 * answer.parameters
            else ""
        )
        + f". Trained on {amount(answer.tokens)} tokens in {answer.precision} on {answer.pool.words}, it would take "
        f"{lasting(figures.days)} and {span(figures.device_hours)} device-hours, from its first step to its last.",
        f"The best layout is {best.words}: {best.tokens_per_s_per_gpu:,.0f} tokens a second and device, "
        f"{best.model_flop_share:.0%} of the peak, with {best.memory_free_share:.0%} of the memory free."
        + (" Memory is predicted to about a tenth, so have a layout with more of it ready." if _tight(answer) else ""),
        _stops(answer),
        _energy(answer),
        _money(answer),
        queue or _queue(answer),
    ]
    if answer.pool.planned:
        said.append(f"The system does not run yet ({answer.pool.planned}).")
    if answer.assumed:
        said.append(f"Assumed: {'; '.join(answer.assumed)}.")
    if answer.prediction.extrapolates:
        said.append(f"This reaches beyond the published runs: {'; '.join(answer.prediction.extrapolates)}.")
    return " ".join(sentence for sentence in said if sentence)


def _tight(answer: Answer) -> bool:
    return answer.layouts[0].memory_free_share < 0.1


def _stops(answer: Answer) -> str:
    good = answer.goodput[0]
    hours = good.mean_seconds_between_stops / 3600
    every = f"{hours:,.0f} hours" if hours >= 3 else f"{hours * 60:,.0f} minutes"
    spares = good.devices_held - answer.pool.devices
    held = f" and {spares:,} spare devices" if spares else ""
    if not spares and "hot spares" in good.name:
        held = " and no spare node, for stops are rare"
    return (
        f"At published rates something stops it every {every}; with a checkpoint every "
        f"{show_duration(round(good.interval_seconds))}{held}, {good.useful_share:.1%} of the "
        f"device time advances the training.{_lacking(answer, spares)}"
    )


def _lacking(answer: Answer, spares: int) -> str:
    beside = answer.pool.spare_devices
    if beside is None or spares <= beside:
        return ""
    fewer = answer.pool.devices - (spares - beside)
    return f" The machine lacks {spares - beside:,} of these spares; plan with {fewer:,} devices, or without spares."


def _energy(answer: Answer) -> str:
    figures = answer.figures
    if figures.it_megawatt_hours is None:
        return "Its energy is not known, for the power of the device is not published."
    if figures.megawatt_hours is None:
        energy = f"It uses {span(figures.it_megawatt_hours)} MWh before cooling; the site's PUE is not known"
    else:
        energy = f"It uses {span(figures.megawatt_hours)} MWh with cooling"
    if figures.tonnes_co2e is None:
        return f"{energy}, and neither is the place, so carbon is not told."
    least = "at least " if figures.megawatt_hours is None else ""
    return (
        f"{energy}. On the country's grid, {figures.carbon_grams_per_kilowatt_hour:.0f} g/kWh in a year's mean, that "
        f"is {least}{span(figures.tonnes_co2e)} t CO2e."
    )


def _queue(answer: Answer) -> str:
    wait = answer.queue_wait
    if wait is None:
        return "How long it would wait in the queue before it starts is not known here."
    least, median, most = (show_duration(one) for one in (wait.least_seconds, wait.median_seconds, wait.most_seconds))
    return (
        f"Among the jobs of {wait.trace_name} on {wait.capacity:,} devices, replayed by the twin from {wait.moments} "
        f"moments, it would wait {median} before it starts, {least} to {most}."
    )


def _money(answer: Answer) -> str:
    figures = answer.figures
    if figures.eur is None:
        return "No market price of this device is known, so its value in euro is not told."
    low, high = figures.prices_eur_per_hour or (0.0, 0.0)
    return (
        f"At European market prices of {low:.2f} to {high:.2f} EUR an hour the hours are worth {span(figures.eur)} "
        "EUR; access through a EuroHPC call costs no such price."
    )


def amount(value: float) -> str:
    """Return a count as people read it: `70.6 B`, `15 T`."""
    for scale, letter in _SCALES:
        if abs(value) >= scale:
            return f"{value / scale:,.3g} {letter}" if abs(value) < 1e15 else f"{value:.2e}"
    return f"{value:,.0f}"


def lasting(days: Span) -> str:
    """Return how long it takes with its interval, in days, hours or minutes: `49 (38 to 63) days`."""
    scaled, unit = in_days_or_less(days)
    return f"{span(scaled)} {unit}"


def in_days_or_less(days: Span) -> tuple[Span, str]:
    """Return a time in the unit that people count so much in."""
    for scale, unit in ((1.0, "days"), (24.0, "hours")):
        if days.value * scale >= 1:
            return days.times(scale), unit
    return days.times(1440.0), "minutes"


def span(figure: Span) -> str:
    """Return a figure with its interval: `49 (38 to 63)`, `4.8 (3.67 to 6.27) million`."""
    value, between, word = span_parts(figure)
    return f"{value} ({between}){word}"


def span_parts(figure: Span) -> tuple[str, str, str]:
    """Return a figure, its interval and the word for its scale: `4.8`, `3.67 to 6.27`, ` million`."""
    scale, word = (1e6, " million") if figure.value >= 1e6 else (1.0, "")
    value, low, high = (_plain(one / scale) for one in (figure.value, figure.low, figure.high))
    return value, f"{low} to {high}", word


def _plain(value: float) -> str:
    """Return a number with the two or three digits that mean something."""
    if value >= 1000:
        return f"{round(value, 3 - len(f'{value:.0f}')):,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 10 else f"{value:.2g}"
