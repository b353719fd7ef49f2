"""`@verb` makes four promises for every change: permission asked, one transaction, facts with it, one audit line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY, Actor
from fabrica.server.core.kept import keep, kept_together
from fabrica.values.ids import Id, SiteId
from fabrica.wire.problems import NotAllowed

P = ParamSpec("P")
R = TypeVar("R")
_actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY)


def verb(
    *, may: Callable[..., bool]
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Make a function a verb. `may(by, **keywords)` answers whether the actor may; nothing else opens a transaction.

    Raises:
        NotAllowed: `may` said no. Nothing was changed; the refusal is in the audit.
    """

    def decorate(act: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        name = f"{act.__module__.removeprefix('fabrica.server.').removesuffix('.service')}.{act.__name__}"

        @wraps(act)
        def asked(by: Actor, *args: P.args, **keywords: P.kwargs) -> R:
            assert not args, "a verb takes the actor, then keywords"
            if not may(by, **keywords):
                _audit(name, by, keywords, "refused")
                raise NotAllowed(
                    f"{by.name} may not do '{name}' here.",
                    remedy="Ask somebody who leads the project, or the network's office, for the role that may.",
                )
            with kept_together(), _acting(by):
                result = act(by, *args, **keywords)
                _audit(name, by, keywords, "done")
            return result

        return cast(Callable[Concatenate[Actor, P], R], asked)

    return decorate


def _audit(name: str, by: Actor, keywords: dict[str, Any], outcome: str) -> None:
    from fabrica.server.core.models import AuditLine

    subjects = {key: str(value) for key, value in keywords.items() if isinstance(value, Id | SiteId)}
    keep(AuditLine(verb=name, actor=by.key, outcome=outcome, subjects=subjects, at=clock.now()))


@contextmanager
def _acting(by: Actor) -> Iterator[None]:
    token = _actor.set(by)
    try:
        yield
    finally:
        _actor.reset(token)


def current_actor() -> Actor:
    """Return who the running verb acts for."""
    return _actor.get()
