"""Django is ready before the server's test modules are read; the other tests never load it."""

import os

import django
from django.conf import settings

if not os.environ.get("FABRICA_DATABASE_URL"):  # a file, as in production: memory knows no waiting writers
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(settings.HOME / "tests.sqlite3")

django.setup()
