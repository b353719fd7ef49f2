"""The addresses of the server."""

import subprocess
import sys


def test_a_server_knows_its_addresses_without_what_only_planning_needs() -> None:
    code = """
import sys, django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
sys.exit(bool({"numpy", "numba", "pyarrow"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
