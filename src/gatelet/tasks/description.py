"""Values of a saved description, checked: what a damaged or hostile one says is refused before a network is made of it.

What goes wrong is a TypeError or a ValueError; `gatelet.tasks.store.described` says in which file.
"""

from __future__ import annotations

from typing import Any

# far above any model that trains
LARGEST_SIZE = 2**24
MOST_LAYERS = 64
MOST_BEAMS = 1024


def whole(name: str, value: Any, most: int = LARGEST_SIZE) -> int:
    """A whole number from 0 to `most`."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} must be a whole number from 0 to {most}; got {value!r:.80}.")
    return value


def number(name: str, value: Any, most: float = 1.0) -> float:
    """A number from 0 to `most`."""
    if type(value) not in (int, float) or not 0.0 <= value <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g}; got {value!r:.80}.")
    return float(value)


def texts(name: str, values: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{name} must be a list of texts; got {values!r:.80}.")
    return tuple(values)


def check_sizes(config: dict[str, Any]) -> None:
    """Refuse sizes of a network, and beams of a search, that no model could have."""
    network = config["network"]
    for name, value in network.items():
        if type(value) is int:
            whole(name, value)
    for name, value in config.get("sizes", {}).items():
        whole(name, value)
    for name in ("num_layers", "decoder_layers"):
        whole(name, network.get(name, 1), MOST_LAYERS)
    whole("beams", config.get("search", {}).get("beams", 1), MOST_BEAMS)
