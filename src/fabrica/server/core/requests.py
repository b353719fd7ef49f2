"""What an endpoint or a page receives: a request whose caller is known."""

from django.http import HttpRequest

from fabrica.server.core.actors import Actor


class Asked(HttpRequest):
    """A request to the API after authentication: `auth` is the actor."""

    auth: Actor


class Viewed(HttpRequest):
    """A request for a page: `actor` is who reads it, `NOBODY` when nobody is signed in."""

    actor: Actor
