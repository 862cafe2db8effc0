"""Short ways to make compiled capabilities, and to see why one refuses."""

from __future__ import annotations

import asyncio

import pytest

from models.errors import InvalidInput
from models.vocabulary import CapabilityEffect, HttpMethod
from proxy.inputs import Apart, SimpleInput, compile_capability, schema_of_simple_inputs

TOO_LONG = "It is an integer of more than 64 bits; give it as text."


def compiled(schema, method=HttpMethod.POST, endpoint="/x"):
    return compile_capability(
        method=method, effect=CapabilityEffect.WRITE, endpoint=endpoint, schema=schema, timeout_seconds=30
    )


def simple(*inputs, method=HttpMethod.POST, endpoint="/x", allow_unknown=False):
    return compiled(schema_of_simple_inputs(inputs, allow_unknown), method, endpoint)


def of_type(kind, method=HttpMethod.POST):
    return simple(SimpleInput(name="a", type=kind), method=method)


def bind(capability, values, **how):
    async def bound():
        apart = Apart()
        try:
            return await capability.bind(values, apart, lane="acme", **how)
        finally:
            await apart.close()

    return asyncio.run(bound())


def refused(capability, values, **how):
    with pytest.raises(InvalidInput) as refusal:
        bind(capability, values, **how)
    return {".".join(fault.path): fault.message for fault in refusal.value.violations}
