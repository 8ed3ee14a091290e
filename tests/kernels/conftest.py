"""What the tests of kernels share: one run per instruction set, poisoned memory, a number of threads of one's own."""

from collections.abc import Iterator

import pytest
import torch

from gatelet.kernels import native


@pytest.fixture(params=native.isas() or ["none"])
def isa(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test once per instruction set."""
    monkeypatch.setenv("GATELET_ISA", request.param)
    return str(request.param)


@pytest.fixture
def poisoned() -> Iterator[None]:
    """Fill fresh memory with NaN, so that what a kernel forgets to write shows."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def threads() -> Iterator[None]:
    """Put the number of threads back after the test."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
