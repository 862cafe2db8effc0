"""JMESPath over values of strangers: the whole language, within a budget of time and memory.

It stands beside `proxy/inputs` because both read what others declare and know no row; filters and mappings of every
room can use it.
"""

from proxy.expressions.budget import Budget, ExpressionRefused
from proxy.expressions.evaluate import Expressions, evaluate
from proxy.expressions.parse import check_expression
from proxy.expressions.trace import missing_names
from proxy.expressions.values import is_truthy

__all__ = ["Budget", "ExpressionRefused", "Expressions", "check_expression", "evaluate", "is_truthy", "missing_names"]
