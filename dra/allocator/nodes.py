"""Which node a slice or a device is for: node name, all nodes, or a node selector (core/v1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dra.errors import AllocationError
from dra.models.core import Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm
from dra.validation import formats

__all__ = ["node_selector_matches", "selects_node"]

_NAME_FIELD = "metadata.name"
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)


def selects_node(
    node: Node, *, node_name: str | None, all_nodes: bool | None, node_selector: NodeSelector | None
) -> bool:
    """Whether a node is meant; the first of the three that is set decides.

    Raises:
        AllocationError: The node selector is malformed.
    """
    if node_name:
        return node.metadata.name == node_name
    if all_nodes:
        return True
    return node_selector is not None and node_selector_matches(node_selector, node)


def node_selector_matches(selector: NodeSelector, node: Node) -> bool:
    """Whether any term of the selector matches; an empty selector or term matches nothing.

    Every term is checked first: one malformed requirement spoils the whole selector, as in Kubernetes.

    Raises:
        AllocationError: A requirement is malformed; the path is relative to the selector.

    Example:
        >>> node = Node.from_dict({"metadata": {"name": "n1", "labels": {"zone": "a"}}})
        >>> term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}
        >>> node_selector_matches(NodeSelector.from_dict({"nodeSelectorTerms": [term]}), node)
        True
    """
    terms = selector.node_selector_terms or ()
    for index, term in enumerate(terms):
        _check_term(term, f"nodeSelectorTerms[{index}]")
    return any(_term_matches(term, node) for term in terms)


def _term_matches(term: NodeSelectorTerm, node: Node) -> bool:
    expressions, fields = term.match_expressions or (), term.match_fields or ()
    if not expressions and not fields:
        return False
    labels = node.metadata.labels or {}
    name = {_NAME_FIELD: node.metadata.name or ""}
    return all(_requirement_holds(requirement, labels) for requirement in expressions) and all(
        _requirement_holds(requirement, name) for requirement in fields
    )


def _requirement_holds(requirement: NodeSelectorRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    values = requirement.values or []
    match requirement.operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case order:
            if value is None or not _is_integer(value):
                return False
            return int(value) > int(values[0]) if order == "Gt" else int(value) < int(values[0])


def _is_integer(value: str) -> bool:
    return _INTEGER.fullmatch(value) is not None


def _check_term(term: NodeSelectorTerm, path: str) -> None:
    for index, requirement in enumerate(term.match_expressions or ()):
        place = f"{path}.matchExpressions[{index}]"
        _check_operator(requirement.operator, place, ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
        _check_label(requirement, place)
        _check_values(requirement, place)
    for index, requirement in enumerate(term.match_fields or ()):
        place = f"{path}.matchFields[{index}]"
        _check_operator(requirement.operator, place, ("In", "NotIn"))
        if len(requirement.values or ()) != 1:
            raise AllocationError(
                "must have one element", path=f"{place}.values", value=requirement.values or []
            )


def _check_operator(operator: str, path: str, allowed: Sequence[str]) -> None:
    if operator not in allowed:
        raise AllocationError(
            f"unsupported value {operator!r}",
            path=f"{path}.operator",
            value=operator,
            remedy=f"supported values: {', '.join(allowed)}",
        )


def _check_label(requirement: NodeSelectorRequirement, path: str) -> None:
    for fault in formats.label_key(requirement.key):
        raise AllocationError(
            f"{requirement.key!r} is no label key", path=f"{path}.key", value=requirement.key, remedy=fault
        )


def _check_values(requirement: NodeSelectorRequirement, path: str) -> None:
    values = requirement.values or []
    problem = ""
    if requirement.operator in ("In", "NotIn"):
        if not values:
            problem = "must be specified when `operator` is 'In' or 'NotIn'"
        elif any(formats.label_value(value) for value in values):
            problem = "must be label values"
    elif requirement.operator in ("Exists", "DoesNotExist"):
        if values:
            problem = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
    elif len(values) != 1 or not all(_is_integer(value) for value in values):
        problem = "must be one integer when `operator` is 'Gt' or 'Lt'"
    if problem:
        raise AllocationError(problem, path=f"{path}.values", value=values)
