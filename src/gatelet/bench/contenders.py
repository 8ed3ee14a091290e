"""Who is measured: a layer's name, which module builds it, and what has to be installed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from gatelet.errors import GateletError

_HERE = "gatelet.bench"


@dataclass(frozen=True)
class Contender:
    """One layer of one library.

    Attributes:
        name: in the tables.
        cell: "gru" or "lstm".
        module: which builds it.
        function: of that module; takes a Problem and the number of threads.
        packages: that must be importable.
        install: what brings them.
        pin: whether its threads are limited only by the processors that the process may use.
    """

    name: str
    cell: str
    module: str
    function: str = "build"
    packages: tuple[str, ...] = ()
    install: str = ""
    pin: bool = False

    def missing(self) -> bool:
        """Whether a package of it is not installed."""
        return any(not _installed(package) for package in self.packages)


def _installed(package: str) -> bool:
    """As a module, or, of a package of nothing but libraries, by its name on PyPI."""
    try:
        return find_spec(package) is not None or bool(version(package))
    except PackageNotFoundError:
        return False


_TORCH = f"{_HERE}.torch_layers"
GRU = Contender("GRU", "gru", _TORCH, "ours")
LSTM = Contender("LSTM", "lstm", _TORCH, "ours")
TORCH = (
    Contender("torch GRU", "gru", _TORCH, "pytorch"),
    Contender("torch LSTM", "lstm", _TORCH, "pytorch"),
)
# How --peers names them.
PEERS = {
    "onnxruntime": Contender(
        "ONNX Runtime",
        "gru",
        f"{_HERE}.onnx_runtime",
        packages=("onnxruntime", "onnx"),
        install="pip install onnxruntime onnx",
    ),
    "openvino": Contender(
        "OpenVINO",
        "gru",
        f"{_HERE}.open_vino",
        packages=("openvino", "onnx"),
        install="pip install openvino onnx",
    ),
    "onednn": Contender(
        "oneDNN", "gru", f"{_HERE}.onednn", packages=("onednn",), install="pip install onednn", pin=True
    ),
    "jax": Contender("JAX scan", "gru", f"{_HERE}.jax_scan", packages=("jax",), install="pip install jax", pin=True),
}
EXACT = {cell: Contender(f"float64 {cell}", cell, _TORCH, "exact") for cell in ("gru", "lstm")}
PRODUCTS = (
    Contender("torch product", "gru", f"{_HERE}.products", "torch_product"),
    Contender("NumPy product", "gru", f"{_HERE}.products", "numpy_product"),
)


def chosen(peers: Collection[str] | None) -> tuple[list[Contender], dict[str, str]]:
    """All that are to be measured, and of those that are not installed, name -> what installs them.

    Args:
        peers: names from `PEERS`; None for all.

    Raises:
        GateletError: there is no such peer.
    """
    for name in peers or ():
        if name not in PEERS:
            raise GateletError(f"--peers must be some of {', '.join(PEERS)}, or none; got '{name}'.")
    wanted = [peer for name, peer in PEERS.items() if peers is None or name in peers]
    present = [peer for peer in wanted if not peer.missing()]
    absent = {peer.name: peer.install for peer in wanted if peer not in present}
    return [GRU, TORCH[0], LSTM, TORCH[1], *present], absent
