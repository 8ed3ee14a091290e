"""The import graph of the house: arrows point down, torch stays upstairs, and tasks do not know each other.

Every import statement counts, also inside functions and under TYPE_CHECKING, and so do literal names handed to
``import_module`` and ``require``.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "gatelet"

# Which floor a package lives on; one may import only from lower floors, or from itself.
FLOORS = {
    "__main__": 12,
    "cli": 11,
    "bench": 10,
    "server": 9,
    "loading": 8,
    "chat": 7,
    "study": 7,
    "tasks": 6,
    "training": 5,
    "deploy": 5,
    "nn": 4,
    "stream": 4,
    "kernels": 3,
    "runtime": 3,
    "features": 3,
    "reference": 1,
    "plan": 2,
    "metrics": 2,
    "datasets": 2,
    "folders": 1,
    "progress": 1,
    "errors": 0,
}
TORCH_ROOMS = {"kernels", "nn", "training", "tasks", "study", "chat", "bench", "server", "cli"}
TORCH = {"torch", "lightning", "pytorch_lightning", "torchmetrics"}
IMPORTERS = {"import_module", "__import__", "require"}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def absolute(node: ast.ImportFrom, module: str, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def called_name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def imports(module: str, path: Path, known: set[str]) -> Iterator[tuple[str, int]]:
    """Yield (imported module, line); ``from package import submodule`` counts as the submodule."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, module, path)
            for alias in node.names:
                full = f"{source}.{alias.name}"
                yield (full if full in known else source), node.lineno
        elif isinstance(node, ast.Call) and called_name(node) in IMPORTERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value, node.lineno


def room(module: str) -> str:
    """The part of the house a gatelet module belongs to; "" for the front door ``gatelet`` itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def task(module: str, tasks: set[str]) -> str:
    """The task a module belongs to; "" for the ground that all tasks share."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["gatelet", "tasks"] and len(parts) > 2 and parts[2] in tasks else ""


def fault(module: str, imported: str, tasks: set[str]) -> str | None:
    here, top = room(module), imported.split(".")[0]
    if top in TORCH:
        return None if here in TORCH_ROOMS else f"imports {top}, which belongs only in {sorted(TORCH_ROOMS)}"
    if top != "gatelet" or not here:
        return None
    there = room(imported)
    if not there:
        return None if here in {"cli", "bench", "study", "tasks"} else "imports the front door gatelet"
    if there not in FLOORS:
        return f"imports {imported}, which has no floor in this test"
    if here != there and FLOORS[there] >= FLOORS[here]:
        return f"imports {imported}, which is not on a lower floor"
    ours, theirs = task(module, tasks), task(imported, tasks)
    if ours and theirs and ours != theirs:
        return f"imports {imported}, another task"
    return None


def all_faults(files: dict[str, Path], tasks: set[str]) -> list[str]:
    return [
        f"{path.name}:{line}: {module} {problem}."
        for module, path in files.items()
        for imported, line in imports(module, path, set(files))
        if (problem := fault(module, imported, tasks))
    ]


def test_imports_point_down() -> None:
    tasks = {folder.name for folder in (PACKAGE / "tasks").glob("*/") if (folder / "__init__.py").exists()}
    files = modules()
    assert files, f"no modules under {PACKAGE}"
    assert all_faults(files, tasks) == []


def test_every_module_has_a_floor() -> None:
    rooms = {room(module) for module in modules()} - {""}
    assert rooms <= set(FLOORS), f"give these a floor: {sorted(rooms - set(FLOORS))}"


@pytest.mark.parametrize(
    ("module", "imported", "wrong"),
    [
        ("gatelet.features.table", "gatelet.tasks.forecasting", True),
        ("gatelet.features.table", "torch.nn", True),
        ("gatelet.metrics", "gatelet.datasets", True),
        ("gatelet.tasks.forecasting.model", "gatelet.tasks.classification.model", True),
        ("gatelet.tasks.forecasting.model", "gatelet.tasks.saving", False),
        ("gatelet.tasks.forecasting.model", "gatelet.features", False),
        ("gatelet.nn.gru", "torch", False),
        ("gatelet.nn.gru", "numpy", False),
        ("gatelet.kernels", "gatelet", True),
    ],
)
def test_the_rule_itself(module: str, imported: str, wrong: bool) -> None:
    assert bool(fault(module, imported, {"forecasting", "classification"})) is wrong


def test_hidden_imports_are_found(tmp_path: Path) -> None:
    path = tmp_path / "table.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from gatelet import nn\n"
        "def f():\n    import torch.nn\n    importlib.import_module('lightning')\n    require('matplotlib', 'report')\n"
        "    from ..training import loop\n"
    )
    found = {name for name, _ in imports("gatelet.features.table", path, {"gatelet.nn"})}
    assert {"gatelet.nn", "torch.nn", "lightning", "matplotlib", "gatelet.training"} <= found


LIGHT = [
    "gatelet",
    "gatelet.errors",
    "gatelet.plan",
    "gatelet.reference",
    "gatelet.metrics",
    "gatelet.features",
    "gatelet.datasets",
    "gatelet.deploy",
]


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_nothing_heavy(module: str) -> None:
    heavy = "{'torch', 'lightning', 'polars', 'matplotlib', 'jinja2', 'pandas', 'onnx'}"
    code = f"import sys, {module}; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [], "")
