"""The same people and site as for runs."""

from tests.server.runs.conftest import agent, lead, project  # noqa: F401
