"""Figures as people read them, significant digits and powers of ten, and as they are held against a limit."""

import math

_ROUNDED = 1e-12  # a reckoned amount this near its limit, in parts of it, is the limit but for its rounding
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def settled(amount: float, limit: float) -> float:
    """Return a reckoned amount, or its limit where only rounding parts the two: 1e25 of 3e25 is exactly a third."""
    return limit if math.isclose(amount, limit, rel_tol=_ROUNDED) else amount


def significant(value: float, digits: int) -> str:
    """Return a figure with so many significant digits: plain from 0.001 to a million, else with a power of ten."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = math.floor(math.log10(abs(rounded)))
    if -3 <= exponent < 6:
        places = max(0, digits - 1 - exponent)
        return f"{rounded:,.{places}f}"
    return f"{rounded / 10.0**exponent:.{digits - 1}f} × 10{power(exponent)}"


def power(exponent: int) -> str:
    """Return an exponent in raised digits."""
    return str(exponent).translate(_RAISED)


def magnitude(flop: float) -> str:
    """Return the order of magnitude: the power of ten at or under the figure."""
    if flop <= 0:
        return "0"
    return f"10{power(math.floor(math.log10(flop)))}"
