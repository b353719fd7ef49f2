"""Adds a member, by e-mail address, to an embedded network's project, as a process of its own. Prints id and token."""

import json
import sys

from fabrica.server.config.start import setup


def main(email: str) -> None:
    setup()
    from fabrica.server.core.actors import SYSTEM
    from fabrica.server.people import service
    from fabrica.server.people.models import Project, User

    user = service.add_user(SYSTEM, email=email, name=email.partition("@")[0].title())
    service.give_role(SYSTEM, project=Project.objects.get().pk, email=email, role="member")
    themself = service.actor_of_user(User.objects.get(pk=user))
    print(json.dumps({"id": user, "token": service.make_token(themself, user=user, name="test")}))


if __name__ == "__main__":
    main(sys.argv[1])
