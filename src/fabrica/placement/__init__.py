"""Which site takes a run, and why: filter, score, explain. Pure; used live and by the digital twin.

Start with `rank.rank`. `kernel.choose` is the decision itself, on arrays.
"""
