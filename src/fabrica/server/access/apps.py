"""The access slice."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "fabrica.server.access"
    label = "access"
