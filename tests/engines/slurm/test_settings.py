"""The engine's settings: what is wrong is named, with where and what would be right."""

from typing import Any

import pytest

from fabrica.engines.slurm.settings import read_slurm_settings
from fabrica.wire.agents import AgentSettingsRefused

_GPU = {"name": "gpu", "resource_class": "gpu.h100", "accelerator": "H100-80G-SXM"}


def test_the_smallest_table_is_one_partition() -> None:
    settings = read_slurm_settings({"partitions": [{"name": "batch"}]})
    assert settings.partitions[0].slurm_name == "batch"
    assert settings.partitions[0].stack == "cpu"


def test_an_accelerator_says_its_software_stack() -> None:
    assert read_slurm_settings({"partitions": [_GPU]}).partitions[0].stack == "cuda-x86"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "'partitions' is missing"),
        ({"partitions": []}, "partitions"),
        ({"partitions": [{"name": "a"}, {"name": "a"}]}, "two partitions have one name"),
        ({"partitions": [{"name": "a", "quos": "x"}]}, "'partitions.0.quos' is not a known key"),
        ({"partitions": [{"name": "a; rm"}]}, "partitions.0.name"),
        ({"partitions": [{"name": "a", "options": ["--wrap=x y"]}]}, "partitions.0.options.0"),
        ({"partitions": [{"name": "a", "constraint": "x --uid=0"}]}, "partitions.0.constraint"),
        ({"partitions": [_GPU | {"accelerator": "H900"}]}, "'H900' is not in the reference"),
        ({"partitions": [_GPU | {"resource_class": "gpu.a100"}]}, "H100-80G-SXM is gpu.h100"),
        ({"partitions": [_GPU], "form": "rest"}, "needs rest_url and rest_token_file"),
        ({"partitions": [_GPU], "slurm_conf": "etc/slurm.conf"}, "starts with /"),
    ],
)
def test_a_mistake_is_named(table: dict[str, Any], words: str) -> None:
    with pytest.raises(AgentSettingsRefused) as refused:
        read_slurm_settings(table)
    assert words in str(refused.value)
