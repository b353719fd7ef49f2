"""Decisions about people: tokens, the last lead of a project, the last operator of the network."""

from datetime import datetime

from fabrica.server.core.actors import NetworkRole
from fabrica.wire.people import LastLead, LastOperator, NetworkRoleHeld, TokenRefused

SIGN_IN_SECONDS = 300
"""How long a sign-in link works."""
TOKEN_DAYS_MAX = 366
HOW_TO_COME_IN = "They sign in once, or the network's office adds them: 'fabrica people add'."
HOW_TO_COME_BACK = "Sign in to the portal, and make a new one under 'Access tokens'."
"""What helps whoever has no token that works; 'fabrica token new' asks for one."""


def check_token(expires_at: datetime, withdrawn_at: datetime | None, now: datetime) -> None:
    """Accept a known token that is neither withdrawn nor expired.

    Raises:
        TokenRefused: it is.
    """
    if withdrawn_at is not None:
        raise TokenRefused("This access token was withdrawn.", remedy=HOW_TO_COME_BACK)
    if now >= expires_at:
        raise TokenRefused(f"This access token expired on {expires_at:%Y-%m-%d}.", remedy=HOW_TO_COME_BACK)


def token_works(expires_at: datetime, withdrawn_at: datetime | None, now: datetime) -> bool:
    """Return whether a token is neither withdrawn nor expired."""
    return withdrawn_at is None and now < expires_at


def check_lead_remains(leads: int, was_lead: bool, role: str | None) -> None:
    """Accept a change of role that leaves the project a lead.

    Raises:
        LastLead: it would leave none.
    """
    if was_lead and role != "lead" and leads <= 1:
        raise LastLead("This is the project's only lead.", remedy="Give another member the role 'lead' first.")


def check_operator_remains(operators: int, is_operator: bool) -> None:
    """Accept that somebody is deactivated while `operators` are active.

    Raises:
        LastOperator: they are the only one, and nobody could bring them back.
    """
    if is_operator and operators <= 1:
        raise LastOperator(
            "This is the network's only active operator.", remedy="Make somebody else an operator first."
        )


def check_no_other_role(role: str) -> None:
    """Accept somebody as an adviser who has no other role in the network.

    Raises:
        NetworkRoleHeld: they are an operator, who advises anyway, or an auditor, who changes nothing.
    """
    if role not in ("", NetworkRole.ADVISER):
        raise NetworkRoleHeld(
            f"They are {role} of the network, and nobody is two things in it.",
            remedy="An operator may answer questions without the role; an auditor changes nothing.",
        )
