"""Rules for node selectors (`core/v1`)."""

from __future__ import annotations

from dra.models.core import NodeSelector, NodeSelectorRequirement
from dra.validation import formats
from dra.validation.checks import Errors, label_key, label_value, matches
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["node_selector"]


def node_selector(selector: NodeSelector, at: Path, scope: Scope) -> Errors:
    """At least one term; an empty term matches nothing, and is valid."""
    if not selector.node_selector_terms:
        yield (at / "nodeSelectorTerms").required("must have at least one node selector term")
    for index, term in enumerate(selector.node_selector_terms or ()):
        here = (at / "nodeSelectorTerms")[index]
        for number, requirement in enumerate(term.match_expressions or ()):
            yield from _expression(requirement, (here / "matchExpressions")[number], scope)
        for number, requirement in enumerate(term.match_fields or ()):
            yield from _field(requirement, (here / "matchFields")[number])


def _expression(requirement: NodeSelectorRequirement, at: Path, scope: Scope) -> Errors:
    values = requirement.values or ()
    match requirement.operator:
        case "In" | "NotIn":
            if not values:
                yield (at / "values").required("must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if values:
                yield (at / "values").forbidden(
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                )
        case "Gt" | "Lt":
            if len(values) != 1:
                yield (at / "values").required(
                    "must be specified single value when `operator` is 'Lt' or 'Gt'"
                )
        case unknown:
            yield (at / "operator").invalid(unknown, "not a valid selector operator")
    yield from label_key(requirement.key, at / "key", scope)
    for index, value in enumerate(values):
        yield from label_value(value, (at / "values")[index], scope)


def _field(requirement: NodeSelectorRequirement, at: Path) -> Errors:
    values = requirement.values or ()
    if requirement.operator not in ("In", "NotIn"):
        yield (at / "operator").invalid(requirement.operator, "not a valid selector operator")
    elif len(values) != 1:
        yield (at / "values").required(
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        )
    if requirement.key != "metadata.name":
        yield (at / "key").invalid(requirement.key, "not a valid field selector key")
        return
    for index, value in enumerate(values):
        yield from matches(value, formats.dns_subdomain, (at / "values")[index])
