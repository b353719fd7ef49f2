"""Warn before a run is submitted or time is granted, if either could cross a threshold of compute."""

from typing import TYPE_CHECKING

from fabrica.cli.output import say

if TYPE_CHECKING:
    from fabrica.sdk.client import Client
    from fabrica.values.ids import ProjectId, VersionId
    from fabrica.wire.runs import RunPurpose
    from fabrica.wire.systems import ComputeOutlook


def look_ahead(
    client: "Client",
    project: "ProjectId | None",
    resource_class: str,
    device_seconds: int,
    purpose: "RunPurpose | None" = None,
) -> "ComputeOutlook | None":
    """Return what device time could cross; None: it is not clear of which project, which whoever submits is told."""
    from fabrica.sdk import people, systems
    from fabrica.wire.people import ProjectAmbiguous

    try:
        of = project or people.only_project(client).id
    except ProjectAmbiguous:
        return None
    return systems.compute_outlook(client, of, resource_class, device_seconds, purpose)


def warn(outlook: "ComputeOutlook | None", version: "VersionId | None" = None) -> None:
    """Tell what could be crossed, by model or for one version alone; nothing where no threshold is near."""
    for one in outlook.ahead if outlook else ():
        for words in one.warnings if version in (None, one.version) else ():
            say(f"WARNING, {one.name}: {words}")
