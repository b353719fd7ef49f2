"""AI Factories, antennas, clusters, agents and their last word."""
