"""Reads and writes of memory by its address, compiled or plain: for loops over many runs.

Nothing is checked here: an address that is no memory of ours ends the process.
"""

from __future__ import annotations

import ctypes

import numpy as np

from cautery.kernels import Instruction, instruction


def _loaded(width: int) -> Instruction:
    """Return what reads an unsigned integer of ``width`` bits at an address."""
    held, number = getattr(ctypes, f"c_uint{width}"), getattr(np, f"uint{width}")

    @instruction(lambda address: number(held.from_address(int(address)).value))
    def load(ir, types):  # type: ignore[no-untyped-def]
        def load(_typing, _address):  # type: ignore[no-untyped-def]
            def code(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
                pointer = builder.inttoptr(arguments[0], ir.IntType(width).as_pointer())
                return builder.load(pointer, align=1)

            return getattr(types, f"uint{width}")(types.int64), code

        return load

    return load


def _stored(width: int) -> Instruction:
    """Return what writes the low ``width`` bits of an integer at an address."""
    held = getattr(ctypes, f"c_uint{width}")

    def stored(address: int, value: int) -> None:
        held.from_address(int(address)).value = int(value)

    @instruction(stored)
    def store(ir, types):  # type: ignore[no-untyped-def]
        def store(_typing, _address, _value):  # type: ignore[no-untyped-def]
            def code(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
                pointer = builder.inttoptr(arguments[0], ir.IntType(width).as_pointer())
                builder.store(builder.trunc(arguments[1], ir.IntType(width)), pointer, align=1)
                return _context.get_dummy_value()

            return types.void(types.int64, types.int64), code

        return store

    return store


@instruction(lambda _address: None)
def prefetch(ir, types):  # type: ignore[no-untyped-def]
    """Have an address's line of memory fetched, and do not wait for it."""

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


u8 = _loaded(8)
u32 = _loaded(32)
u64 = _loaded(64)
put_u8 = _stored(8)
put_u32 = _stored(32)
