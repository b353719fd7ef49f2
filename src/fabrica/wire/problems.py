"""Named problems: declared here, raised by the server, sent as RFC 9457, raised again by the SDK as the same class."""

from typing import Any, ClassVar

_REGISTRY: dict[str, type["FabricaError"]] = {}


class FabricaError(Exception):
    """A failure the caller can understand: a stable dotted `code`, an HTTP `status`, words, and facts with numbers.

    `detail` says what is wrong and where; `remedy` says what would be right or what to do next.
    """

    code: ClassVar[str] = "fabrica.problem"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *, remedy: str = "", **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.facts = facts

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        taken = _REGISTRY.setdefault(cls.code, cls)
        if "code" in cls.__dict__ and taken is not cls and taken.__qualname__ != cls.__qualname__:
            raise TypeError(f"problem code {cls.code} is taken by {taken.__qualname__}")

    def __str__(self) -> str:
        return f"{self.detail} {self.remedy}".strip()

    def to_problem(self) -> dict[str, Any]:
        """Return the `application/problem+json` body (RFC 9457)."""
        return {
            "type": f"/problems/{self.code}",
            "code": self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "remedy": self.remedy,
            "facts": self.facts,
        }


def from_problem(body: dict[str, Any]) -> FabricaError:
    """Return the problem a body tells, as its own class when this version knows it, else with the code it names."""
    code = str(body.get("code"))
    if code not in _REGISTRY:
        _declare_all()
    kind = _REGISTRY.get(code, FabricaError)
    facts = body.get("facts") if isinstance(body.get("facts"), dict) else {}
    problem = kind(
        str(body.get("detail") or body.get("title") or "The server answered with an unknown problem."),
        remedy=str(body.get("remedy") or ""),
    )
    problem.facts = {str(key): value for key, value in (facts or {}).items()}
    if kind is FabricaError:  # a newer server's: its own words are better than none
        problem.code, problem.title = code, str(body.get("title") or FabricaError.title)  # type: ignore[misc]
    return problem


def _declare_all() -> None:
    """Import every noun of the wire, so that its problems are known."""
    import importlib
    import pkgutil

    import fabrica.wire

    for module in pkgutil.iter_modules(fabrica.wire.__path__):
        importlib.import_module(f"fabrica.wire.{module.name}")


def all_problems() -> dict[str, type[FabricaError]]:
    """Return every declared problem by code, for the reference pages."""
    _declare_all()
    return dict(sorted(_REGISTRY.items()))


class Malformed(FabricaError):
    code = "request.malformed"
    status = 422
    title = "The request has a mistake"


class NotFound(FabricaError):
    code = "request.not_found"
    status = 404
    title = "There is no such thing, or you may not see it"


class NotAllowed(FabricaError):
    code = "people.not_allowed"
    status = 403
    title = "You may not do this"


class NotSignedIn(FabricaError):
    code = "people.not_signed_in"
    status = 401
    title = "Sign in first"


class IdempotencyConflict(FabricaError):
    code = "request.idempotency_conflict"
    status = 409
    title = "The same idempotency key was used for another request"


class ServerUnreachable(FabricaError):
    code = "server.unreachable"
    status = 503
    title = "The server does not answer"


class TooLarge(FabricaError):
    code = "request.too_large"
    status = 413
    title = "This is larger than allowed"


class TooManyTries(FabricaError):
    code = "request.too_many_tries"
    status = 429
    title = "This was tried too often"


class ServerFailed(FabricaError):
    code = "server.failed"
    status = 500
    title = "The server failed"


class StorageUnavailable(FabricaError):
    code = "server.storage_unavailable"
    status = 503
    title = "The server's storage does not answer"


class StorageFull(FabricaError):
    code = "server.storage_full"
    status = 507
    title = "The server's storage is full"


class PathRefused(FabricaError):
    code = "request.path_refused"
    status = 422
    title = "A path leads outside its folder"
