"""A real Apptainer, as for the engines."""

from tests.engines.conftest import real_apptainer  # noqa: F401
