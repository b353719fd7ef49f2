"""The attachments slice."""

from django.apps import AppConfig


class AttachmentsConfig(AppConfig):
    name = "fabrica.server.attachments"
    label = "attachments"
