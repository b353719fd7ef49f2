"""How the documentation is built: Markdown by MyST, in the furo theme."""

project = "Fabrica"
author = "The Fabrica authors"
project_copyright = "The Fabrica authors"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Fabrica"
exclude_patterns = ["_build"]
