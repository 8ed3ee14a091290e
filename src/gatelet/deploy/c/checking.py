"""A model in C, compiled and run beside its plan: on this machine, and on every core whose tools are there."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gatelet.deploy import emulate
from gatelet.deploy.c.golden import Outcome, golden_steps, golden_text, main_text, make_golden, outcome
from gatelet.deploy.c.program import Program
from gatelet.deploy.emulate import EmulationError
from gatelet.deploy.toolchains import CORES, Core, missing_tools
from gatelet.errors import ExportError

COMPILERS = ("cc", "gcc", "clang", "clang-14")
# compared on this machine, with frames that are not among the golden ones: steps at most, and their bytes
STEPS, ROOM = 48, 500_000
SPARE = 1024  # bytes of stack for calls, beside the values of a step
OVERFLOW = re.compile(r"overflowed by|will not fit|not within region|relocation truncated|address .* out of range")


@dataclass(frozen=True)
class OnCore:
    """What became of a model on a core.

    Attributes:
        core: which.
        share: the largest difference, as a share of what is allowed; None where it did not run.
        cost: instructions, or cycles, of one step; 0 for not counted.
        remark: what there is to say.
        stack: bytes of stack that a step used; 0 for not measured.
    """

    core: Core
    share: float | None
    cost: float
    remark: str
    stack: int = 0

    @property
    def measured(self) -> dict[str, float]:
        """What was measured, by name and unit."""
        found = {f"{self.core.counts} of a step": self.cost, "bytes of stack": float(self.stack)}
        return {what: number for what, number in found.items() if number}


def host_compilers() -> dict[str, Core]:
    """The compilers of this machine, by what they are.

    Raises:
        ExportError: there is none.
    """
    found = {name: name for name in COMPILERS if shutil.which(name)}
    kinds = {"gcc": found.get("cc") or found.get("gcc"), "clang": found.get("clang") or found.get("clang-14")}
    cores = {kind: replace(CORES["host"], compiler=name) for kind, name in kinds.items() if name}
    if not cores:
        raise ExportError(
            "An export to C needs a C compiler here (cc, gcc or clang), to compare it with the plan; none was found."
        )
    return cores


def check_host(c: Program, folder: Path) -> dict[str, float]:
    """Compile with every compiler of this machine, run, and compare.

    Raises:
        ExportError: it does not compile without a warning, or differs from the plan.
    """
    golden = make_golden(c, golden_steps(c, ROOM, STEPS), seed=1, longest=c.most_steps)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="gatelet-c-") as name:
        fresh = Path(name)
        (fresh / "golden.h").write_text(golden_text(c, golden), encoding="utf-8")
        (fresh / "main.c").write_text(main_text(c, golden), encoding="utf-8")
        for kind, core in host_compilers().items():
            said = _run(core, c, folder, fresh, fresh)
            if said is None or said.share > 1.0:
                share = "no result" if said is None else f"{said.share:.3g} times what is allowed"
                raise ExportError(
                    f"The model in C must be what the plan computes; with {core.compiler} it gives {share}."
                )
            found[f"this machine, {kind}"] = said.share
    return found


def check_cores(c: Program, folder: Path) -> Iterator[OnCore]:
    """Run the golden vectors of an export on every core."""
    for core in CORES.values():
        if core.name == "host":
            continue
        missing = missing_tools(core)
        if missing:
            yield OnCore(core, None, 0.0, f"skipped: {' and '.join(missing)} not found")
            continue
        with tempfile.TemporaryDirectory(prefix="gatelet-c-") as name:
            yield check_core(c, core, folder, Path(name))


def check_core(c: Program, core: Core, folder: Path, work: Path) -> OnCore:
    """Run the golden vectors of an export on one core."""
    need = c.state_bytes + c.work_bytes + SPARE
    if core.flash and c.flash > core.flash:
        return OnCore(core, None, 0.0, f"does not fit: {c.flash} bytes of constants, {core.flash} of flash")
    if core.ram and need > core.ram:
        return OnCore(core, None, 0.0, f"does not fit: {need} bytes of RAM needed, {core.ram} there")
    try:
        said = _run(core, c, folder, folder / "selftest", work)
    except EmulationError as error:
        if OVERFLOW.search(error.output):
            return OnCore(core, None, 0.0, "does not fit: the linker found no room")
        raise
    if said is None:
        raise ExportError(f"The model in C must come to its end on {core.title}; it did not.")
    if said.share > 1.0:
        raise ExportError(
            f"The model in C must be what the plan computes; on {core.title} it differs by {said.share:.3g} times what "
            "is allowed."
        )
    cost = said.ticks * core.per_tick
    remarks = [f"{cost:,.0f} {core.counts} a step"] if cost else []
    remarks += [f"{said.stack:,} bytes of stack"] if said.stack else []
    return OnCore(core, said.share, cost, ", ".join(remarks), said.stack)


def _run(core: Core, c: Program, folder: Path, selftest: Path, work: Path) -> Outcome | None:
    sources = [folder / f"{c.prefix}.c", selftest / "main.c"]
    extra = ("-I", str(folder), "-I", str(selftest))
    program = emulate.build(core, sources, work, extra=extra, runtime=folder / "gatelet")
    try:
        return outcome(emulate.run(core, program))
    except EmulationError as error:
        said = outcome(error.output)  # a self-test that found a difference ends with an error
        if said is None:
            raise
        return said
