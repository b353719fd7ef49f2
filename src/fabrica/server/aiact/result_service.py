"""Results: what the desk finds for a version's facts, found again when the law's data changes."""

from collections.abc import Mapping
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.aiact.intake.comparing import differences
from fabrica.server.aiact import facts, permissions
from fabrica.server.aiact.models import Result, Statement, Version
from fabrica.server.aiact.notice_service import notify_leads
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.verbs import verb
from fabrica.values.ids import VersionId
from fabrica.wire.aiact import Classification
from fabrica.wire.intake import Difference
from fabrica.wire.problems import FabricaError


def find(statement: Statement, answers: Mapping[str, Any]) -> Result:
    """Keep what the desk finds for newly told facts today, inside the verb that keeps them.

    Raises:
        UnknownFact, FactMalformed, FactsContradict: a fact is not right.
    """
    found = classify(answers, clock.now().date())
    return _kept(statement, found.model_dump(mode="json"), ())


@verb(may=permissions.the_service)
def find_again(by: Actor, *, version: VersionId) -> bool:
    """Find a version's result again under the law's data as it is now; return whether it was of other data.

    Who owns the version is told what changed: as a fact, and with the version.
    """
    last = (
        Result.objects.filter(version_id=version).select_related("statement__version__system").order_by("-pk").first()
    )
    if last is None or last.law_sha256 == library.digest():
        return False
    try:
        found = classify(last.statement.body["answers"], clock.now().date())
    except FabricaError as problem:  # the data no longer takes these facts: only a person can say what is meant
        changed: tuple[str, ...] = (f"The facts no longer fit the law's data, so the result stays: {problem}",)
        body = last.body
    else:
        before = Classification.model_validate(last.body)
        changed = tuple(_words(one) for one in differences(before, found))
        body = found.model_dump(mode="json")
    _kept(last.statement, body, changed)
    if changed:
        law = f"{library.about().id}, checked on {library.about().as_of}"
        announce(facts.ResultChanged(version=version, law=law, law_sha256=library.digest(), differences=changed))
        _tell_leads(last.statement.version, len(changed))
    return True


def _tell_leads(version: Version, changes: int) -> None:
    name = f"{version.system.name} {version.label}"
    count = "one thing" if changes == 1 else f"{changes} things"
    notify_leads(
        version.system.project_id,
        key=f"law {library.digest()[:16]} {version.pk}",
        subject=f"{name}: a change of the law's data changed its result",
        words=f"The law's data changed, and with it {count} in what the AI Act desk finds for {name}. Look at it here:",
        page="aiact:version",
        version=version.pk,
    )


def _kept(statement: Statement, body: Mapping[str, Any], changed: tuple[str, ...]) -> Result:
    return Result.objects.create(
        version_id=statement.version_id,
        statement=statement,
        law_sha256=library.digest(),
        as_of=clock.now().date(),
        body=body,
        differences=list(changed),
        found_at=clock.now(),
    )


def _words(one: Difference) -> str:
    if one.before is None:
        return f"New: {one.title} ({one.after})."
    if one.after is None:
        return f"No longer: {one.title} (it was {one.before})."
    return f"{one.title}: {one.before} became {one.after}."
