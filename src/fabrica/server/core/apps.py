"""The core app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "fabrica.server.core"
    label = "core"
