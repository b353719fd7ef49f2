"""Property tests without a deadline: how fast the machine is that day says nothing about the promise."""

from hypothesis import settings

settings.register_profile("planning", deadline=None)
settings.load_profile("planning")
