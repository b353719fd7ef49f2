"""What a new server needs before anybody can sign in: its tables and its first operator."""

from pathlib import Path

from django.core.management import call_command

from fabrica.server.core.actors import SYSTEM, NetworkRole
from fabrica.server.people import queries as people_queries
from fabrica.server.people import service as people
from fabrica.values.files import write_private


def migrate_database() -> None:
    """Bring the database to this version's tables."""
    call_command("migrate", verbosity=0, interactive=False)


def add_operator(email: str, name: str, token_file: Path | None = None) -> str:
    """Make a person an operator unless they are known, and return a link that signs them in once.

    With `token_file`, an access token of theirs is written there, mode 600.
    """
    user = people_queries.user_with(email)
    if user is None:
        user = people.add_user(SYSTEM, email=email, name=name, network_role=NetworkRole.OPERATOR)
    if token_file is not None:
        write_private(token_file, people.make_token(SYSTEM, user=user, name="first operator", days=30))
    return people.sign_in_link(SYSTEM, user=user)
