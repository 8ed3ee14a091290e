"""What the machine can do at most: square products of matrices of 2048, by PyTorch and by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatelet.bench.jobs import Jobs
from gatelet.bench.problem import Problem

SIZE = 2048
FLOPS = 2 * SIZE**3


def torch_product(_: Problem, threads: int) -> Jobs:
    """PyTorch's product, on MKL or what else it was built with."""
    import torch

    torch.set_num_threads(threads)
    a, b, out = torch.rand(SIZE, SIZE), torch.rand(SIZE, SIZE), torch.empty(SIZE, SIZE)
    return Jobs(f"torch {torch.__version__}", lambda: torch.mm(a, b, out=out), None)


def numpy_product(_: Problem, threads: int) -> Jobs:
    """NumPy's product, on OpenBLAS as a rule; how many threads it takes was said in the environment."""
    generator = np.random.default_rng(0)
    a, b = generator.random((2, SIZE, SIZE), np.float32)
    out: Any = np.empty_like(a)
    return Jobs(f"NumPy {np.__version__}", lambda: np.matmul(a, b, out=out), None)
