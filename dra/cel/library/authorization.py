"""Authorization checks, `authorizer.path("/metrics").check("get").allowed()`: declared, but of no use.

Every environment of an API server has these functions; that of devices has no variable `authorizer` nor
anything else to call them on. They only fit what is not known before it is evaluated, and then fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dra.cel.declarations import (
    LIST_COST,
    NOMINAL,
    STRING_TRAVERSAL,
    STRUCT_COST,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Range,
    fixed,
    member,
)
from dra.cel.types import BOOL, STRING, Type, struct
from dra.cel.values import NO_OVERLOAD, Failure, size_of

__all__ = ["LIBRARY"]

_TYPES: Final = tuple(
    struct(f"kubernetes.authorization.{name}")
    for name in ("Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision")
)
_AUTHORIZER, _PATH, _GROUP, _RESOURCE, _DECISION = _TYPES
_REQUIREMENTS: Final = 0.5  # in a selector, per character
_CHECK: Final = 350_000


def _fail(*_values: object) -> Failure:
    return NO_OVERLOAD


def _selector_cost(length: Range) -> Range:
    """The cost of reading a selector into a list of requirements."""
    requirements = length.times(_REQUIREMENTS).times(LIST_COST + STRUCT_COST)
    return Range.exactly(LIST_COST) + length.times(STRING_TRAVERSAL) + requirements


def _estimate(arguments: Arguments) -> Estimate:
    return Estimate(_selector_cost(arguments.size(1)))


def _charge(values: Sequence[Any], _result: Any) -> int:
    return _selector_cost(Range.exactly(size_of(values[1]))).high


_SELECTOR: Final = Cost(_estimate, _charge)
_CHECKED: Final = Cost(fixed(_CHECK), lambda _values, _result: _CHECK)


def _method(name: str, id_: str, target: Type, texts: int, result: Type, cost: Cost = NOMINAL) -> Function:
    """A method that takes so many texts."""
    return Function(name, member(id_, [target, *[STRING] * texts], result, _fail, cost))


LIBRARY: Final = Library(
    "authorization",
    equality=dict.fromkeys(_TYPES, fixed()),
    functions=(
        _method("path", "authorizer_path", _AUTHORIZER, 1, _PATH),
        _method("group", "authorizer_group", _AUTHORIZER, 1, _GROUP),
        _method("serviceAccount", "authorizer_serviceaccount", _AUTHORIZER, 2, _AUTHORIZER),
        _method("resource", "groupcheck_resource", _GROUP, 1, _RESOURCE),
        _method("subresource", "resourcecheck_subresource", _RESOURCE, 1, _RESOURCE),
        _method("namespace", "resourcecheck_namespace", _RESOURCE, 1, _RESOURCE),
        _method("name", "resourcecheck_name", _RESOURCE, 1, _RESOURCE),
        _method("fieldSelector", "authorizer_fieldselector", _RESOURCE, 1, _RESOURCE, _SELECTOR),
        _method("labelSelector", "authorizer_labelselector", _RESOURCE, 1, _RESOURCE, _SELECTOR),
        Function(
            "check",
            member("pathcheck_check", [_PATH, STRING], _DECISION, _fail, _CHECKED),
            member("resourcecheck_check", [_RESOURCE, STRING], _DECISION, _fail, _CHECKED),
        ),
        _method("allowed", "decision_allowed", _DECISION, 0, BOOL),
        _method("errored", "decision_errored", _DECISION, 0, BOOL),
        _method("error", "decision_error", _DECISION, 0, STRING),
        _method("reason", "decision_reason", _DECISION, 0, STRING),
    ),
)
