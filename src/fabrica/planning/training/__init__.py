"""What it takes to train a model: step time, memory, layouts, stops, energy, cost and carbon, with intervals."""
