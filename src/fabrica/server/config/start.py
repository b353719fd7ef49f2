"""Start Django for a program that is not a web server: migrations, reconcilers, the embedded network."""

import os


def setup() -> None:
    """Load the settings and the apps, once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.server.config.settings")
    import django

    django.setup()
