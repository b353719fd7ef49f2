"""What every slice stands on, no business word: verbs, facts, reconcilers, claims, clock, audit."""
