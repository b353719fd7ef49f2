"""The ledger slice."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "fabrica.server.ledger"
    label = "ledger"
