"""Parsing: JMESPath's own parser, run only on what it can parse in bounded time, and its tree as typed nodes."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from jmespath.exceptions import JMESPathError, ParseError
from jmespath.lexer import Lexer
from jmespath.parser import Parser

from proxy.expressions.budget import Budget, ExpressionRefused
from proxy.expressions.signatures import SIGNATURES, arity_problem
from proxy.inputs.exact import widened

_OPENING: Final = frozenset({"lbrace", "lbracket", "lparen", "filter"})
_CLOSING: Final = frozenset({"rbrace", "rbracket", "rparen"})
#: Tokens whose right-hand side the parser reads by recursion, up to the end of the operand.
_RECURSIVE: Final = frozenset({"expref", "filter", "flatten", "not", "star", "rbracket"})
#: Tokens that end an operand.
_OPERATORS: Final = frozenset({"and", "eq", "gt", "gte", "lt", "lte", "ne", "or", "pipe"})
_SEPARATING: Final = frozenset({"colon", "comma"})
#: The bound of `_nests_beyond` counts some tokens twice. The parser's stack has room for a few hundred levels.
_COUNTED_PER_LEVEL: Final = 2
_SHOWN: Final = 60
#: Names as people mean them: `a-b`, `$id` and `größe` must be quoted.
_NAME: Final = re.compile(r"[\w$#/~-]+")
_PLAIN_NAME: Final = re.compile(r"[\d-]*|\w+", re.ASCII)
_MOST_TREES: Final = 500
#: A tree takes up to 200 bytes for each character of its expression.
_MOST_CHARACTERS: Final = 100_000
_MISPLACED: Final = "An expression reference, as &name, is allowed only as an argument of a function."


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression, with kind and value of jmespath's tree; a slice's value is its three numbers."""

    kind: str
    value: object
    children: tuple[Node, ...]


def check_expression(text: str, budget: Budget) -> str | None:
    """A sentence that says why an expression is refused; None if it is allowed."""
    try:
        parse(text, budget)
    except ExpressionRefused as refusal:
        return str(refusal)
    return None


class Trees:
    """The trees of the last used expressions, at most 500 and 100,000 characters together. Of one thread."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._kept: OrderedDict[str, Node] = OrderedDict()
        self._characters = 0

    def of(self, text: str) -> Node:
        """The tree of an expression, parsed if it is not kept. Raises ExpressionRefused."""
        tree = self._kept.get(text)
        if tree is not None:
            self._kept.move_to_end(text)
            return tree
        tree = self._kept[text] = parse(text, self._budget)
        self._characters += len(text)
        while len(self._kept) > _MOST_TREES or self._characters > _MOST_CHARACTERS:
            dropped, _ = self._kept.popitem(last=False)
            self._characters -= len(dropped)
        return tree


def parse(text: str, budget: Budget) -> Node:
    """The tree of an expression. Raises ExpressionRefused with a sentence.

    The length comes first, then the depth of the tokens, since the parser calls itself for each level.
    """
    if len(text) > budget.characters:
        raise ExpressionRefused(
            f"An expression has at most {budget.characters} characters; this one has {len(text)}."
        )
    try:
        if _nests_beyond(_COUNTED_PER_LEVEL * budget.depth, Lexer().tokenize(text)):
            raise ExpressionRefused(_too_deep(budget))
        tree = Parser().parse(text).parsed
    except ParseError as error:
        raise ExpressionRefused(f"This is not a JMESPath expression{_place(text, error)}.") from None
    except (JMESPathError, IndexError, KeyError, RecursionError):
        raise ExpressionRefused("This is not a JMESPath expression.") from None
    finally:
        Parser.purge()  # its cache of 512 trees is bounded by number alone
    if _depth(tree) > budget.depth:
        raise ExpressionRefused(_too_deep(budget))
    if tree["type"] == "expref":
        raise ExpressionRefused(_MISPLACED)
    return _node(tree)


def _nests_beyond(limit: int, tokens: Iterable[Any]) -> bool:
    """Whether the parser would call itself in more than `limit` levels: open brackets, and recursive tokens in them.

    An upper bound: an operand ends at an operator, but the operand of `&` at the end of its argument.
    """
    runs, references = [0], [False]
    for token in tokens:
        kind = token["type"]
        if kind in _CLOSING and len(runs) > 1:
            runs.pop()
            references.pop()
        elif kind in _SEPARATING or (kind in _OPERATORS and not references[-1]):
            runs[-1], references[-1] = 0, False
        if kind in _RECURSIVE:
            runs[-1] += 1
            references[-1] |= kind == "expref"
        if kind in _OPENING:
            runs.append(0)
            references.append(False)
        if len(runs) - 1 + sum(runs) > limit:
            return True
    return False


def _depth(tree: Any) -> int:
    """The levels of a tree, without recursion: `a || b || …` is as deep as it is long."""
    level, depth = [tree], 0
    while level:
        depth += 1
        level = [child for node in level if node["type"] != "slice" for child in node["children"]]
    return depth


def _node(tree: Any) -> Node:
    """The tree as nodes. Raises ExpressionRefused for a fault that the parser does not see."""
    kind, value, children = tree["type"], tree.get("value"), tree["children"]
    if kind == "slice":
        if children[2] == 0:
            raise ExpressionRefused("The step of a slice must not be 0.")
        return Node(kind, tuple(children), ())
    if kind == "function_expression":
        _require_signature(value, [child["type"] == "expref" for child in children])
    elif any(child["type"] == "expref" for child in children):
        raise ExpressionRefused(_MISPLACED)
    if kind == "literal" and isinstance(value, int) and not isinstance(value, bool):
        value = widened(value)
    return Node(kind, value, tuple(map(_node, children)))


def _require_signature(name: str, references: list[bool]) -> None:
    if name not in SIGNATURES:
        raise ExpressionRefused(f"There is no function {name[:_SHOWN]}; there are {', '.join(sorted(SIGNATURES))}.")
    if problem := arity_problem(name, references):
        raise ExpressionRefused(problem)


def _too_deep(budget: Budget) -> str:
    return f"An expression has at most {budget.depth} levels of parts within parts; divide it or leave some out."


def _place(text: str, error: ParseError) -> str:
    position = getattr(error, "lexer_position", error.lex_position)
    if not isinstance(position, int):
        return ""
    name = next((one[0] for one in _NAME.finditer(text) if one.start() <= position < one.end()), "")
    is_odd = not _PLAIN_NAME.fullmatch(name)
    quoted = f'; quote names with other signs than letters, digits and _: "{name[:_SHOWN]}"' if is_odd else ""
    return f": it breaks at character {position + 1}{quoted}"
