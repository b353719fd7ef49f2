"""The placement slice."""

from django.apps import AppConfig


class PlacementConfig(AppConfig):
    name = "fabrica.server.placement"
    label = "placement"
