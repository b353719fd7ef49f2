"""What-if on paper: a scenario as a TOML file, what it means, and what is wrong with it."""
