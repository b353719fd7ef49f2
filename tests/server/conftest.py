"""Django is ready before the server's test modules are read; the other tests never load it."""

import os

import django
import pytest
from django.conf import settings
from django.core.cache import cache

if not os.environ.get("FABRICA_DATABASE_URL"):  # a file, as in production: memory knows no waiting writers
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(settings.HOME / "tests.sqlite3")

django.setup()


@pytest.fixture(autouse=True)
def _no_tries_of_other_tests() -> None:
    """Begin each test with no try counted: all come from one address."""
    cache.clear()
