"""The evidence slice."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "fabrica.server.evidence"
    label = "evidence"
