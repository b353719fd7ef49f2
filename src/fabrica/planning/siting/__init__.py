"""Where a gigafactory could stand: hard limits, criteria with sources, no single score."""
