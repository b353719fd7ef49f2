"""Immutable values every floor shares: ids, time, quantities, run states. Pure, no framework."""
