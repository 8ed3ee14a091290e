"""A plan as C for devices, on the functions of `runtime/`: a step is one call after the other, in the plan's order."""

from gatelet.deploy.c.golden import golden_text, main_text, make_golden, outcome
from gatelet.deploy.c.program import Port, Program
from gatelet.deploy.c.runtime_files import needed_files
from gatelet.deploy.c.writing import header_text, program_of, source_text

__all__ = [
    "Port",
    "Program",
    "golden_text",
    "header_text",
    "main_text",
    "make_golden",
    "needed_files",
    "outcome",
    "program_of",
    "source_text",
]
