"""The web shell: base templates, components, charts, the map, home and the problem pages."""
