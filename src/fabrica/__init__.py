"""Fabrica: the open-source system that runs a network of AI Factories."""

__version__ = "0.1.0"
