"""Which account of the site a run executes as: the person's own, as the operator mapped it, or none."""

import pwd
from collections.abc import Mapping
from functools import lru_cache

from fabrica.agent.settings import AgentSettings
from fabrica.wire.agents import WorkOrder, email_sha256


class NoAccount(Exception):
    """The person has no account at this site; the words say whom to ask, where others than its owner can have one."""


def site_account(settings: AgentSettings, order: WorkOrder) -> str | None:
    """Return the account a run executes as; None: the agent's own.

    Raises:
        NoAccount: the settings name none for the person.
    """
    if settings.site_accounts is None:
        return None
    mapped = {_key(person): account for person, account in _table(settings).items()}
    for key in (order.person, order.person_email_sha256):
        if key is not None and key in mapped:
            return mapped[key] or None
    if settings.site_accounts == "own":
        raise NoAccount("This is a personal site: it takes the runs of its owner only.")
    raise NoAccount(f"You have no account at this site yet. Ask {settings.support} for one.")


def people(settings: AgentSettings) -> tuple[str, ...] | None:
    """Return for whom the site has accounts, as the server is told: ids, and SHA-256 of addresses; None: not asked."""
    if settings.site_accounts is None:
        return None
    return tuple(sorted(_key(person) for person in _table(settings)))


def account_name(number: int) -> str:
    """Return what an account of this machine is called, or its number where it has no name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _table(settings: AgentSettings) -> Mapping[str, str]:
    if isinstance(settings.site_accounts, dict):
        return settings.site_accounts
    return {settings.person or "": ""}


@lru_cache(maxsize=10_000)  # every order is looked up among all whom the site knows
def _key(person: str) -> str:
    return email_sha256(person) if "@" in person else person
