"""The runs slice."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "fabrica.server.runs"
    label = "runs"
