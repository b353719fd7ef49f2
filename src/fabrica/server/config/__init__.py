"""Settings, URLs, the API root, entry points."""
