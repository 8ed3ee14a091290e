"""Runs `triton_cases.py` in a process of its own: without a GPU, Triton must know before it is loaded to interpret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gatelet.kernels.inputs import Inputs
from gatelet.kernels.triton import recurrent
from gatelet.kernels.triton.rows import row_table


def test_the_triton_kernels_compute_the_equations() -> None:
    pytest.importorskip("triton", reason="Triton is not installed, so its kernels are not tested.")
    interpreted = {} if torch.cuda.is_available() else {"TRITON_INTERPRET": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", str(Path(__file__).with_name("triton_cases.py"))]
    done = subprocess.run(command, env=os.environ | interpreted, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_on_a_cpu_nothing_goes_to_triton() -> None:
    x, h0, w_ih, w_hh = torch.rand(3, 2, 4), torch.rand(2, 5), torch.rand(15, 4), torch.rand(15, 5)
    assert not recurrent.handles("gru", Inputs(x, h0, None, w_ih, w_hh))
    code = (
        "import sys, torch\n"
        "from gatelet import nn\n"
        "nn.MinGRU(3, 4)(torch.rand(5, 2, 3))\n"
        "nn.GRU(3, 4, dtype=torch.float64)(torch.rand(5, 2, 3).double(), resets=torch.ones(5, 2, dtype=torch.bool))\n"
        "assert not [name for name in sys.modules if name.startswith('gatelet') and name.endswith('_kernels')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_rows_of_every_layout() -> None:
    device = torch.device("cpu")
    assert row_table(2, 3, None, False, device).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert row_table(2, 3, None, True, device).tolist() == [[0, 2, 4], [1, 3, 5]]
    assert row_table(2, 3, torch.tensor([0, 3, 4]), False, device).tolist() == [[0, 1, 2], [3, -1, -1]]
