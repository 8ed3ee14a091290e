"""Names as C and C++ allow them, no two the same."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

RESERVED = frozenset(
    "alignas alignof and asm auto bitand bitor bool break case catch char class compl const constexpr continue "
    "decltype default delete do double else enum explicit export extern false final float for friend goto if "
    "import inline int int16_t int32_t int8_t long main module mutable namespace new noexcept not nullptr "
    "operator or override private protected public register reinterpret_cast requires restrict return short "
    "signed sizeof static struct switch template this throw true try typedef typeid typename uint16_t uint32_t "
    "uint8_t union unsigned using virtual void volatile wchar_t while xor state scratch floats doubles wholes "
    "shorts fours j k r stack ticks".split()
)
LONGEST = 40


@dataclass
class Names:
    """Names that were given so far.

    Attributes:
        prefix: of the model, with which only its own names begin.
    """

    prefix: str
    given: set[str] = field(default_factory=set)

    def fresh(self, wanted: str) -> str:
        """An identifier close to a name of the plan."""
        clean = identifier(wanted)
        if clean.startswith((f"{self.prefix}_", "gatelet_", "GATELET_", "golden_")):
            clean = f"x_{clean}"
        found, number = clean, 2
        while found in RESERVED or found in self.given:
            found, number = f"{clean}_{number}", number + 1
        self.given.add(found)
        return found


def identifier(name: str) -> str:
    """A name as C allows it."""
    clean = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:LONGEST]
    return clean if clean and clean[0].isalpha() else f"x_{clean}"
