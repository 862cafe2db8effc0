"""Inputs of capabilities: declared as JSON Schema, compiled once, bound to a request for each call."""

from proxy.inputs.apart import Apart
from proxy.inputs.bound import Bound
from proxy.inputs.compiled import CompiledCapability
from proxy.inputs.compiling import compile_capability
from proxy.inputs.declare import check_any_schema, check_extent, check_schema
from proxy.inputs.files import File
from proxy.inputs.last_used import LastUsed
from proxy.inputs.shapes import check_body_format
from proxy.inputs.simple import SimpleInput, schema_of_simple_inputs, simple_inputs_of
from proxy.inputs.validate import Validator, takes_long

__all__ = [
    "Apart",
    "Bound",
    "CompiledCapability",
    "File",
    "LastUsed",
    "SimpleInput",
    "Validator",
    "check_any_schema",
    "check_body_format",
    "check_extent",
    "check_schema",
    "compile_capability",
    "schema_of_simple_inputs",
    "simple_inputs_of",
    "takes_long",
]
