"""Which of Slurm's refusals last for ever. Any other word leaves a doubt, and a doubt is looked into."""

_FOR_EVER = (
    *("invalid partition", "invalid qos", "invalid account", "invalid feature", "invalid gres", "invalid wckey"),
    *("node configuration is not available", "memory specification can not be satisfied", "invalid reservation"),
    *("requested time limit", "more processors requested", "access/permission denied", "user's group not permitted"),
    *("job violates accounting/qos policy", "invalid generic resource", "node count specification invalid"),
    *("requested partition configuration not available", "invalid constraint", "user id is missing"),
    *(
        "invalid user",
        "job size specification",
        "script is empty",
        "failure during parsing",
        "cpu count per node can not be satisfied",
    ),
    "invalid job array specification",
)


def is_for_ever(words: str) -> bool:
    """Say whether asking again would change nothing, and no job was made that could run."""
    return any(one in words.lower() for one in _FOR_EVER)
