"""The register of AI systems and general-purpose AI models: versions, lineage, runs, facts, accounts, release."""

import secrets
from datetime import date

from fabrica.sdk.client import Client
from fabrica.values.ids import ProjectId, RunId, SystemId, VersionId
from fabrica.wire.accounts import Sources
from fabrica.wire.aiact import Classification
from fabrica.wire.intake import Outlook
from fabrica.wire.problems import NotFound
from fabrica.wire.runs import RunPurpose
from fabrica.wire.systems import (
    ChangeAnswers,
    ComputeOutlook,
    LinkRun,
    Modification,
    NewAnswers,
    NewFacts,
    NewLineage,
    NewRelease,
    NewSystem,
    NewVersion,
    System,
    SystemChange,
    Told,
    Version,
    VersionAccount,
    Withdrawal,
)


def systems(client: Client, project: ProjectId | None = None) -> tuple[System, ...]:
    """Return the systems and models that the caller may see."""
    return client.get_list("/systems", System, project=project)


def find(client: Client, text: str) -> System:
    """Return the system that an id or a name means.

    Raises:
        NotFound: none is called so, or several are.
    """
    return _only(systems(client), text)


def _only(known: tuple[System, ...], text: str) -> System:
    found = [one for one in known if text in (one.id, one.name)]
    if len(found) != 1:
        several = f"{len(found)} systems are called {text!r}: {', '.join(one.id for one in found)}."
        raise NotFound(several if found else f"No system is called {text!r}.", remedy="List them: 'fabrica systems'.")
    return found[0]


def find_version(client: Client, text: str) -> Version:
    """Return the version that an id, `NAME:LABEL`, or a system's name means; a name alone means its newest.

    Raises:
        NotFound: there is none.
    """
    if text.startswith(f"{VersionId.prefix}_"):
        return client.get(f"/versions/{text}", Version)
    name, _, label = text.rpartition(":")
    known = systems(client)
    if not name or any(text in (one.id, one.name) for one in known):
        name, label = text, ""
    versions = _only(known, name).versions
    found = next((one for one in versions if label in ("", one.label)), None)
    if found is None:
        labels = ", ".join(one.label for one in versions) or "none yet"
        raise NotFound(
            f"{name} has no version {label!r}; it has: {labels}." if label else f"{name} has no version yet.",
            remedy="Add one with 'fabrica systems version'.",
        )
    return client.get(f"/versions/{found.id}", Version)


def register(client: Client, new: NewSystem) -> System:
    """Register a system or model.

    Raises:
        SystemNameTaken: the project has one of this name.
    """
    return System.model_validate(client.post("/systems", new, idempotency_key=secrets.token_hex(16)))


def amend(client: Client, system: SystemId, told: SystemChange) -> System:
    """Put right what the register says of a system.

    Raises:
        SystemNameTaken: the project has another one of this name.
    """
    return System.model_validate(client.put(f"/systems/{system}", told))


def add_version(client: Client, system: SystemId, new: NewVersion) -> Version:
    """Add a draft version.

    Raises:
        VersionLabelTaken: the system has one of this label.
    """
    key = secrets.token_hex(16)
    return Version.model_validate(client.post(f"/systems/{system}/versions", new, idempotency_key=key))


def state_lineage(client: Client, version: VersionId, new: NewLineage) -> Version:
    """Say what a draft was made from."""
    return Version.model_validate(client.post(f"/versions/{version}/lineage", new))


def link_run(client: Client, version: VersionId, run: RunId) -> Version:
    """Say that a run belongs to a version."""
    return Version.model_validate(client.post(f"/versions/{version}/runs", LinkRun(run=run)))


def unlink_run(client: Client, version: VersionId, run: RunId) -> None:
    """Take a run away from a draft again."""
    client.delete(f"/versions/{version}/runs/{run}")


def facts(client: Client, version: VersionId) -> Outlook:
    """Return the facts that stand of a version, with the result today and the questions still open."""
    return client.get(f"/versions/{version}/facts", Outlook)


def tell_facts(client: Client, version: VersionId, told: NewFacts) -> Classification:
    """Keep the facts of a version and return what the desk finds.

    Raises:
        UnknownFact, FactMalformed, FactsContradict, KindContradicts: a fact is not right.
    """
    return Classification.model_validate(client.put(f"/versions/{version}/facts", told))


def classification(client: Client, version: VersionId, as_of: date | None = None) -> Classification:
    """Return what the Act makes of a version's facts on a day, or today."""
    return client.get(f"/versions/{version}/classification", Classification, as_of=as_of)


def account(client: Client, version: VersionId) -> VersionAccount:
    """Return the compute and energy accounts of a version over everything it was made from."""
    return client.get(f"/versions/{version}/account", VersionAccount)


def tell_sources(client: Client, version: VersionId, told: Sources) -> VersionAccount:
    """Enter compute from outside in the place of what stood."""
    return VersionAccount.model_validate(client.put(f"/versions/{version}/sources", told))


def say(client: Client, version: VersionId, told: NewAnswers) -> None:
    """Say something for documents.

    Raises:
        DocumentAnswersWrong, EvidenceMoved, EvidenceContradicts: nothing of it is kept.
    """
    client.put(f"/versions/{version}/answers", told)


def entered(client: Client, version: VersionId, kind: str) -> tuple[Told, ...]:
    """Return what people entered of one kind of evidence, newest first; only the newest stands.

    Raises:
        NotFound: no such version, or the caller may not see it.
    """
    return client.get_list(f"/versions/{version}/statements", Told, kind="evidence", key=kind)


def modification(
    client: Client, version: VersionId, told: ChangeAnswers, replaces: VersionId | None
) -> Modification | None:
    """Check whether a version modifies another substantially; None: there is nothing it modifies."""
    found = client.put(f"/versions/{version}/modification", told, replaces=replaces)
    return Modification.model_validate(found) if found is not None else None


def release(client: Client, version: VersionId, told: NewRelease) -> Version:
    """Release a draft.

    Raises:
        ModificationUndecided: the check of the change is open, and no reason is given.
    """
    return Version.model_validate(client.put(f"/versions/{version}/release", told))


def withdraw(client: Client, version: VersionId, told: Withdrawal) -> Version:
    """Take a version off the market, or drop a draft."""
    return Version.model_validate(client.post(f"/versions/{version}/withdrawal", told))


def compute_outlook(
    client: Client, project: ProjectId, resource_class: str, device_seconds: int, purpose: RunPurpose | None = None
) -> ComputeOutlook:
    """Return which thresholds a run or a grant to come could cross, by model of the project."""
    return client.get(
        f"/projects/{project}/compute-outlook",
        ComputeOutlook,
        resource_class=resource_class,
        device_seconds=device_seconds,
        purpose=purpose,
    )
