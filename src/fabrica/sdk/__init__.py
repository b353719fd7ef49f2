"""Python client of the REST API, for people and for the `fabrica` command."""

from fabrica.sdk.client import Client

__all__ = ["Client"]
