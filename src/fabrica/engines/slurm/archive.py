"""The archive that runs on the site's nodes: what jobs and images need, and nothing else, the same bytes each time."""

import inspect
import io
import zipfile
from functools import cache
from pathlib import Path

from fabrica.engines import containers, signals
from fabrica.engines.slurm import in_job

_PACKAGE = "fabrica/engines/slurm/in_job"
_NEVER_CHANGED = (1980, 1, 1, 0, 0, 0)


@cache
def archive() -> bytes:
    """Return the archive, which Python executes as it is."""
    files = {"/".join(_PACKAGE.split("/")[:depth]) + "/__init__.py": "" for depth in (1, 2, 3)}
    for path in sorted(Path(in_job.__file__).parent.glob("*.py")):
        files[f"{_PACKAGE}/{path.name}"] = path.read_text(encoding="utf-8")
    for module in (containers, signals):
        files[f"{module.__name__.replace('.', '/')}.py"] = inspect.getsource(module)
    files["__main__.py"] = files.pop(f"{_PACKAGE}/__main__.py")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in files.items():
            zipped.writestr(zipfile.ZipInfo(name, _NEVER_CHANGED), text)
    return content.getvalue()
