"""Inputs of capabilities: declared as JSON Schema, compiled once, bound to a request for each call."""

from proxy.inputs.compiled import Bound, CompiledCapabilities, CompiledCapability, compile_capability
from proxy.inputs.declare import check_any_schema, check_schema
from proxy.inputs.simple import SimpleInput, schema_of_simple_inputs, simple_inputs_of

__all__ = [
    "Bound",
    "CompiledCapabilities",
    "CompiledCapability",
    "SimpleInput",
    "check_any_schema",
    "check_schema",
    "compile_capability",
    "schema_of_simple_inputs",
    "simple_inputs_of",
]
