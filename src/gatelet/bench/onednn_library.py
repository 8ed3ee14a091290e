"""The few functions of oneDNN's C interface that a GRU needs, through ctypes, on the libraries that its wheel brings.

That build computes on DPC++, whose processor is found through OpenCL: OCL_ICD_FILENAMES must name libintelocl.so before
the first library is loaded. Numbers are those of dnnl_types.h.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import math
import os
from collections.abc import Mapping, Sequence
from ctypes import POINTER, byref, c_int, c_int64, c_size_t, c_uint, c_void_p
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TAGS = {"any": 1, "tnc": 4, "ldgo": 5, "ldigo": 6}
QUERIES = {"weights": 131, "workspace": 135}
CPU, FLOAT32, LEFT_TO_RIGHT, BACKWARD = 1, 3, 1, 128
ALLOCATE = c_void_p(-1)
# Whoever needs none of the others comes first: nothing tells the loader where they are.
LIBRARIES = ("libintlc.so.5", "libirng.so", "libimf.so", "libsvml.so", "libtbb.so.12", "libsycl.so", "libdnnl.so")


class _Argument(ctypes.Structure):
    _fields_ = (("number", c_int), ("memory", c_void_p))


@dataclass(frozen=True)
class Layout:
    """How an array lies in memory: a const_dnnl_memory_desc_t."""

    handle: c_void_p
    shape: tuple[int, ...] | None = None  # None where only oneDNN knows the order


@dataclass(frozen=True)
class Memory:
    """An array of oneDNN's, and the same bytes for NumPy."""

    handle: c_void_p
    layout: Layout
    array: NDArray[np.float32]  # flat where only oneDNN knows the layout


def folder() -> Path:
    """Where pip put the libraries.

    Raises:
        PackageNotFoundError: the wheel is not installed.
    """
    files = importlib.metadata.files("onednn") or []
    found = next(file for file in files if file.name == "libdnnl.so")
    return Path(str(found.locate())).resolve().parent


def _load() -> ctypes.CDLL:
    place = folder()
    os.environ.setdefault("OCL_ICD_FILENAMES", str(place / "libintelocl.so"))
    loaded = None
    for name in LIBRARIES:
        path = next(iter(sorted(place.glob(f"{name}*"))), place / name)
        loaded = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    assert loaded is not None
    return loaded


class Library:
    """An engine on the CPU, a stream, and what is made on them; all of it lives as long as the process."""

    def __init__(self) -> None:
        self._dll = _load()
        self._engine, self._stream = c_void_p(), c_void_p()
        self._call("engine_create", byref(self._engine), c_int(CPU), c_size_t(0))
        self._call("stream_create", byref(self._stream), self._engine, c_uint(1))
        self._dll.dnnl_version.restype = POINTER(c_int)
        self.version = ".".join(map(str, self._dll.dnnl_version()[:3]))
        self._dll.dnnl_primitive_desc_query_md.restype = c_void_p
        self._dll.dnnl_memory_desc_get_size.restype = c_size_t

    def _call(self, name: str, *arguments: object) -> None:
        status = getattr(self._dll, f"dnnl_{name}")(*arguments)
        if status:
            raise RuntimeError(f"oneDNN's {name} must return 0; it returned {status}.")

    def layout(self, shape: tuple[int, ...], tag: str) -> Layout:
        """float32 of this shape in the order that `tag` names; "any" leaves the order to the primitive."""
        made = c_void_p()
        sizes = (c_int64 * 12)(*shape)
        self._call("memory_desc_create_with_tag", byref(made), c_int(len(shape)), sizes, c_int(FLOAT32), TAGS[tag])
        return Layout(made, None if tag == "any" else shape)

    def empty(self, layout: Layout) -> Memory:
        """A new array."""
        memory, address = c_void_p(), c_void_p()
        self._call("memory_create", byref(memory), layout.handle, self._engine, ALLOCATE)
        self._call("memory_get_data_handle", memory, byref(address))
        size = self._dll.dnnl_memory_desc_get_size(layout.handle)
        buffer = (ctypes.c_char * size).from_address(address.value or 0)
        shape = layout.shape or (size // 4,)
        return Memory(memory, layout, np.frombuffer(buffer, np.float32, math.prod(shape)).reshape(shape))

    def filled(self, array: NDArray[np.float32], tag: str) -> Memory:
        """A copy of an array whose axes lie as `tag` says."""
        memory = self.empty(self.layout(array.shape, tag))
        memory.array[...] = array
        return memory

    def reordered(self, source: Memory, layout: Layout) -> Memory:
        """A copy in another layout."""
        target, description, primitive = self.empty(layout), c_void_p(), c_void_p()
        ends = (source.layout.handle, self._engine, layout.handle, self._engine)
        self._call("reorder_primitive_desc_create", byref(description), *ends, None)
        self._call("primitive_create", byref(primitive), description)
        self.execute(primitive, {1: source, 17: target})
        return target

    def lbr_gru_forward(self, kind: int, layouts: Mapping[str, Layout]) -> tuple[c_void_p, c_void_p]:
        """The primitive and its description; `kind` is the prop_kind. No initial state, no last state."""
        return self._made("lbr_gru_forward", kind, [*_handles(layouts), c_uint(0), None])

    def lbr_gru_backward(
        self, layouts: Mapping[str, Layout], gradients: Mapping[str, Layout], forward: c_void_p
    ) -> tuple[c_void_p, c_void_p]:
        """The primitive that goes with the description of a forward one, and its own description."""
        handles = [*_handles(layouts), *_handles(gradients)]
        return self._made("lbr_gru_backward", BACKWARD, [*handles, c_uint(0), forward, None])

    def _made(self, name: str, kind: int, arguments: Sequence[object]) -> tuple[c_void_p, c_void_p]:
        description, primitive = c_void_p(), c_void_p()
        first = (byref(description), self._engine, c_int(kind), c_int(LEFT_TO_RIGHT))
        self._call(f"{name}_primitive_desc_create", *first, *arguments)
        self._call("primitive_create", byref(primitive), description)
        return primitive, description

    def wanted(self, description: c_void_p, what: str, index: int) -> Layout:
        """The layout that a primitive has chosen for its "weights" or "workspace"."""
        return Layout(c_void_p(self._dll.dnnl_primitive_desc_query_md(description, c_int(QUERIES[what]), c_int(index))))

    def execute(self, primitive: c_void_p, memories: Mapping[int, Memory]) -> None:
        """Run a primitive and wait for it."""
        given = (_Argument * len(memories))(*(_Argument(number, memory.handle) for number, memory in memories.items()))
        self._call("primitive_execute", primitive, self._stream, c_int(len(memories)), given)
        self._call("stream_wait", self._stream)


def _handles(layouts: Mapping[str, Layout]) -> list[c_void_p | None]:
    """In the order src, src_iter, weights_layer, weights_iter, bias, dst, dst_iter."""
    names = ("src", "", "weights_layer", "weights_iter", "bias", "dst", "")
    return [layouts[name].handle if name else None for name in names]
