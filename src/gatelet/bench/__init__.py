"""How fast our layers are on this machine, beside PyTorch's and other libraries'."""

from gatelet.bench.measure import BenchSettings, run_bench
from gatelet.bench.results import Bench, Measured
from gatelet.bench.shapes import GRIDS, Shape, grid, parse

__all__ = ["GRIDS", "Bench", "BenchSettings", "Measured", "Shape", "grid", "parse", "run_bench"]
