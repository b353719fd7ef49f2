"""Users, organisations, projects, memberships, roles, tokens."""
