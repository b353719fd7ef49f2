"""Environments on the wire: what a run's command finds installed."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from fabrica.wire.bodies import Request

RelativePath = Annotated[str, Field(min_length=1, max_length=300)]
IMAGE_OF_DATA = "data:"
_IMAGE = re.compile(r"[^:\s]+\.sif|data:[^/\s]+|(docker|oras)://[^\s@]+@sha256:[0-9a-f]{64}")


def _image_reference(text: str) -> str:
    """Return a reference to an image, which has to name its bytes for all time."""
    if not _IMAGE.fullmatch(text):
        raise ValueError(
            "write a file of the source that ends in .sif, 'data:NAME' of a dataset, or an address of a registry with "
            "its digest, such as 'docker://ghcr.io/example/train@sha256:…'; a tag alone can change"
        )
    return text


ImageReference = Annotated[str, Field(max_length=500), AfterValidator(_image_reference)]


class Environment(Request):
    """The environment of a run: a lock file of Python packages, or an image for Apptainer, or nothing.

    An image is a file inside the source bundle, `data:NAME` for a dataset of the run, or an address of a registry
    with its digest. So it is always the same bytes: those of the bundle, of the dataset, or of the digest.
    """

    lock: RelativePath | None = None
    image: ImageReference | None = Field(
        default=None, description="`PATH.sif`, `data:NAME`, or `docker://…@sha256:…` or `oras://…@sha256:…`"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "Environment":
        if self.lock and self.image:
            raise ValueError("an image brings its own packages: give 'lock' or 'image', not both")
        return self
