"""The network as candidates, the choice, and its kept reasons."""
