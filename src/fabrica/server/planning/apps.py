"""The planning slice."""

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "fabrica.server.planning"
    label = "planning"
