"""The sites slice."""

from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "fabrica.server.sites"
    label = "sites"
