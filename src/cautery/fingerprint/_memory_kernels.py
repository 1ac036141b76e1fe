"""Reads and writes of memory by its address, compiled: for loops over many runs in one call.

Nothing is checked here: an address that is no memory of ours ends the process.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _loaded(width: int, result: Any) -> Any:
    """Make an intrinsic that reads an unsigned integer of ``width`` bits at an address."""

    @intrinsic
    def load(_typing, _address):  # type: ignore[no-untyped-def]
        def code(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            pointer = builder.inttoptr(arguments[0], ir.IntType(width).as_pointer())
            return builder.load(pointer, align=1)

        return result(types.int64), code

    return load


def _stored(width: int) -> Any:
    """Make an intrinsic that writes the low ``width`` bits of an integer at an address."""

    @intrinsic
    def store(_typing, _address, _value):  # type: ignore[no-untyped-def]
        def code(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            pointer = builder.inttoptr(arguments[0], ir.IntType(width).as_pointer())
            builder.store(builder.trunc(arguments[1], ir.IntType(width)), pointer, align=1)
            return _context.get_dummy_value()

        return types.void(types.int64, types.int64), code

    return store


def _prefetching() -> Any:
    """Make an intrinsic that has an address's line of memory fetched and does not wait for it."""

    @intrinsic
    def fetch(_typing, _address):  # type: ignore[no-untyped-def]
        def code(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            name, byte, number = "llvm.prefetch.p0i8", ir.IntType(8).as_pointer(), ir.IntType(32)
            callee = builder.module.globals.get(name) or ir.Function(
                builder.module,
                ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
                name,
            )
            to_read, every_cache, data = number(0), number(3), number(1)
            pointer = builder.inttoptr(arguments[0], byte)
            builder.call(callee, [pointer, to_read, every_cache, data])
            return _context.get_dummy_value()

        return types.void(types.int64), code

    return fetch


prefetch = _prefetching()
u8 = _loaded(8, types.uint8)
u32 = _loaded(32, types.uint32)
u64 = _loaded(64, types.uint64)
put_u8 = _stored(8)
put_u32 = _stored(32)
