"""Questions about the Act, answered by passages of its data and of imported texts; no model writes an answer."""
