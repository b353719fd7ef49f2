"""The aiact slice."""

from django.apps import AppConfig


class AiActConfig(AppConfig):
    name = "fabrica.server.aiact"
    label = "aiact"
