"""What all tests share: the folder of public data sets, and settings that keep runs repeatable."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("gatelet", deadline=None, derandomize=True)
settings.load_profile("gatelet")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder that GATELET_DATA names; a test that needs it is skipped, visibly, where there is none."""
    folder = os.environ.get("GATELET_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("GATELET_DATA does not name a folder of data sets, which this test needs.")
    return Path(folder)
