"""A scenario's text in, a result out: one way for every kind, so that a server runs them all alike."""
