"""Whether a model fits a device, before it is trained.

device = parse_device("cortex-m4:64k-flash:16k-ram")
verdict = judge(device, planned, hidden_size=64)    # planned: hidden size -> the plan of an untrained model
print(verdict.text)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from gatelet.deploy.c import Program, program_of
from gatelet.deploy.costs import COSTS, Cost
from gatelet.deploy.quantization import convert
from gatelet.deploy.toolchains import CORES
from gatelet.errors import ExportError, GateletError
from gatelet.plan import Plan

__all__ = ["Asked", "Budget", "Device", "Verdict", "estimate", "judge", "parse_device"]

SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([km]?)-(flash|ram)")
BYTES = {"": 1, "k": 1024, "m": 1024**2}


@dataclass(frozen=True)
class Device:
    """What a model has to fit.

    Attributes:
        core: a name in `gatelet.deploy.toolchains.CORES`.
        flash: bytes, for constants and code; None for as much as it takes.
        ram: bytes, for one state and the stack of a step; None likewise.
    """

    core: str
    flash: int | None = None
    ram: int | None = None

    @property
    def text(self) -> str:
        """As people say it."""
        parts = [f"{size:,} bytes of {name}" for name, size in (("flash", self.flash), ("RAM", self.ram)) if size]
        return f"{CORES[self.core].title}{' with ' if parts else ''}{' and '.join(parts)}"


@dataclass(frozen=True)
class Budget:
    """What a model in C takes, as estimated.

    Attributes:
        flash: bytes of constants and code.
        ram: bytes of one state, and of the stack of a step.
        macs: multiply-adds of a step.
        cost: instructions of a step, or cycles on an AVR.
    """

    flash: int
    ram: int
    macs: int
    cost: int

    def fits(self, device: Device) -> bool:
        """Whether the device has room for it."""
        return self.flash <= (device.flash or self.flash) and self.ram <= (device.ram or self.ram)

    def text(self, device: Device) -> str:
        """As people say it."""
        counts = CORES[device.core].counts
        return f"{self.flash:,} bytes of flash, {self.ram:,} of RAM, about {self.cost:,} {counts} a step"


@dataclass(frozen=True)
class Verdict:
    """Whether a model fits.

    Attributes:
        device: what it has to fit.
        hidden_size: of the model.
        floats: what it takes in floats.
        integers: what it takes once `gatelet quantize` made integers of it; None where it has no integer form.
        largest: the largest hidden size, up to that of the model, that fits, and in which form; None where none does.
    """

    device: Device
    hidden_size: int
    floats: Budget
    integers: Budget | None
    largest: tuple[int, str] | None

    @property
    def fits(self) -> bool:
        """Whether it fits in floats or in integers."""
        return self.largest is not None and self.largest[0] == self.hidden_size

    @property
    def text(self) -> str:
        """One sentence for people."""
        needs = f"in floats it takes {self.floats.text(self.device)}"
        if self.integers:
            needs += f"; in integers {self.integers.text(self.device)}"
        if self.fits:
            form = "" if self.floats.fits(self.device) else " in integers (gatelet quantize), not in floats"
            return f"Hidden size {self.hidden_size} fits {self.device.text}{form}: {needs}."
        advice = "no smaller one fits either"
        if self.largest:
            advice = f"the largest that fits is {self.largest[0]}, in {self.largest[1]}"
        return f"A model of hidden size {self.hidden_size} must fit {self.device.text}; {needs}; {advice}."


@dataclass(frozen=True)
class Asked:
    """A device that a model is to fit, and who is told before the training.

    Attributes:
        device: what it has to fit.
        tell: is called with the verdict where it fits.
    """

    device: Device
    tell: Callable[[Verdict], None] | None = None

    @classmethod
    def of(cls, given: str | Device | Asked | None) -> Asked | None:
        """From what people hand over.

        Raises:
            GateletError: a text does not describe a device.
        """
        if given is None or isinstance(given, Asked):
            return given
        return cls(parse_device(given) if isinstance(given, str) else given)

    def need_fit(self, planned: Callable[[int], Plan], hidden_size: int) -> None:
        """Raise GateletError, with the hidden size that fits, unless the model does."""
        verdict = judge(self.device, planned, hidden_size)
        if not verdict.fits:
            raise GateletError(verdict.text)
        if self.tell:
            self.tell(verdict)


def parse_device(text: str) -> Device:
    """A device as a text: a core, and what there is of flash and RAM, such as "cortex-m4:64k-flash:16k-ram".

    Raises:
        GateletError: it is none.
    """
    core, *parts = text.strip().lower().split(":")
    if core not in COSTS:
        raise GateletError(f"A device must begin with one of {', '.join(COSTS)}; got {text!r:.80}.")
    sizes: dict[str, int] = {}
    for part in parts:
        found = SIZE.fullmatch(part)
        if not found or found[3] in sizes or not float(found[1]):
            raise GateletError(
                f"After its core, a device must have its flash and RAM once each, such as 64k-flash:16k-ram; got "
                f"{text!r:.80}."
            )
        sizes[found[3]] = int(float(found[1]) * BYTES[found[2]])
    return Device(core, sizes.get("flash"), sizes.get("ram"))


def estimate(plan: Plan, core: str) -> Budget:
    """What a plan takes as C on a core: constants, state and values exactly, code and instructions about.

    Raises:
        ExportError: it cannot be exported to C.
    """
    return _budget(program_of(plan, draft=True), COSTS[core])


def _budget(c: Program, cost: Cost) -> Budget:
    plan = c.plan
    return Budget(
        flash=c.flash + cost.code(plan),
        ram=c.state_bytes + c.work_bytes + cost.calls,
        macs=plan.macs,
        cost=cost.step(plan),
    )


def judge(device: Device, planned: Callable[[int], Plan], hidden_size: int) -> Verdict:
    """Estimate a model before it is trained, and find the largest hidden size that fits where it does not.

    Args:
        device: what it has to fit.
        planned: gives the plan of an untrained model of a hidden size.
        hidden_size: the one that is wanted.

    Raises:
        ExportError: the model cannot be exported to C, whatever its size.
    """
    floats, integers = _forms(planned(hidden_size), device)
    largest = _form_that_fits(floats, integers, device)
    if largest:
        return Verdict(device, hidden_size, floats, integers, (hidden_size, largest))
    low, high, form = 0, hidden_size, ""  # `low` fits, or is none; `high` does not
    while high - low > 1:
        middle = (low + high) // 2
        found = _form_that_fits(*_forms(planned(middle), device), device)
        low, high, form = (middle, high, found) if found else (low, middle, form)
    return Verdict(device, hidden_size, floats, integers, (low, form) if low else None)


def _form_that_fits(floats: Budget, integers: Budget | None, device: Device) -> str:
    if floats.fits(device):
        return "floats"
    return "integers" if integers and integers.fits(device) else ""


def _forms(plan: Plan, device: Device) -> tuple[Budget, Budget | None]:
    """In floats, and in integers where there is such a form; of untrained weights any range of values will do."""
    floats = estimate(plan, device.core)
    try:
        made = convert(plan, defaultdict(lambda: 1.0)).plan
    except ExportError:
        return floats, None
    if not any(kind == "int16" for kind in made.kinds.values()):
        return floats, None
    return floats, estimate(made, device.core)
