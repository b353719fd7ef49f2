"""The people slice."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "fabrica.server.people"
    label = "people"
