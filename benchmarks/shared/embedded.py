"""An embedded network of a benchmark's own: started in a temporary home, ended with everything it kept."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from fabrica.cli import embedded


@contextmanager
def embedded_network(*options: str) -> Iterator[embedded.Embedded]:
    """Yield a fresh embedded network of this machine, started with options of `fabrica up`."""
    with tempfile.TemporaryDirectory(prefix="fabrica-benchmark-", ignore_cleanup_errors=True) as home:
        os.environ["FABRICA_HOME"] = home
        try:
            yield embedded.start(options)
        finally:
            embedded.stop()
