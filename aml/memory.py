"""Memory as the kernels see it: arrays at addresses that others own, and small ones on the stack.

Apart from the kernels because neither counts references: counting costs more than the work between two counts. So
nothing here may outlive its owner: an array at an address the array behind it, one on the stack the kernel it is in.
"""

import mmap
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it has no types
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numpy.typing import DTypeLike, NDArray

from aml.kernels import Number, Records

_intrinsic: Any = intrinsic
_cgutils: Any = cgutils
_types: Any = types
_make_array: Any = make_array
_populate_array: Any = populate_array


def _filled(context: Any, builder: Any, kind: Any, data: Any, extents: list[Any]) -> Any:
    """LLVM for the array of a numba array type over `data`, in C order."""
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides = [size]
    for extent in reversed(extents[1:]):
        strides.insert(0, builder.mul(strides[0], extent))
    array = _make_array(kind)(context, builder)
    _populate_array(array, data=data, shape=extents, strides=strides, itemsize=size, meminfo=None)
    return array._getvalue()


def _array_at(typing: Any, address: Any, shape: Any, dtype: Any) -> Any:
    kind = types.Array(dtype.dtype, len(shape), "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], context.get_data_type(dtype.dtype).as_pointer())
        return _filled(context, builder, kind, pointer, _cgutils.unpack_tuple(builder, arguments[1], len(shape)))

    return kind(types.int64, _types.UniTuple(types.intp, len(shape)), dtype), generate


def _scratch(typing: Any, length: Any) -> Any:
    if not isinstance(length, types.IntegerLiteral):
        raise numba.errors.RequireLiteralValue("the length of scratch memory is a constant")
    kind = types.Array(types.int32, 1, "C")
    number = length.literal_value

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory = _cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(32), number))
        pointer = builder.bitcast(memory, ir.IntType(32).as_pointer())
        return _filled(context, builder, kind, pointer, [context.get_constant(types.intp, number)])

    return kind(length), generate


def _prefetch(typing: Any, array: Any, place: Any, offset: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = _make_array(array)(context, builder, arguments[0])
        start = builder.ptrtoint(given.data, ir.IntType(64))
        stride = builder.extract_value(given.strides, 0)
        element, away = (
            context.cast(builder, value, kind, types.int64)
            for value, kind in zip(arguments[1:], (place, offset), strict=True)
        )
        byte = builder.inttoptr(builder.add(builder.add(start, builder.mul(element, stride)), away), _cgutils.voidptr_t)
        number = ir.IntType(32)
        form = ir.FunctionType(ir.VoidType(), [_cgutils.voidptr_t, number, number, number])
        function = _cgutils.get_or_insert_function(builder.module, form, "llvm.prefetch.p0i8")
        builder.call(function, [byte, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, place, offset), generate


array_at: Callable[[int, tuple[int, ...], Any], Records] = _intrinsic(_array_at)
"""In a kernel: the array that lies at an address, of this shape and dtype, in C order."""
scratch: Callable[[int], NDArray[np.int32]] = _intrinsic(_scratch)
"""In a kernel: int32[length] on the stack, holding whatever was there before. The length is a constant."""
prefetch: Callable[[Records, Number, int], None] = _intrinsic(_prefetch)
"""In a kernel: ask for the cache line of an element's byte, which is needed soon. Any place is allowed, also none."""

_LINE = 64
_HUGE = 1 << 21
"""Bytes of a huge page, of x86 and of most ARM."""


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> Records:
    """Zeros whose first element begins a cache line, so that an element of a line's size costs one line. Arrays of half
    a huge page and more lie in huge pages where the system has them: the kernels read anywhere in them, and would wait
    for the table of small pages each time."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape)) * kind.itemsize
    boundary = _LINE
    if 2 * size >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
        boundary = _HUGE
        pages = mmap.mmap(-1, size + 2 * _HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):  # a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)
        memory = np.frombuffer(pages, np.uint8)
    else:
        memory = np.zeros(size + _LINE, np.uint8)
    start = -memory.ctypes.data % boundary
    return memory[start : start + size].view(kind).reshape(shape)
