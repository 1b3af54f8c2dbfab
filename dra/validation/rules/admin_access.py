"""The rule for admin access, which only namespaces with a label have (KEP-5018)."""

from __future__ import annotations

from typing import Final

from dra.validation.checks import Errors
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["ADMIN_ACCESS_LABEL", "admin_access"]

ADMIN_ACCESS_LABEL: Final = "resource.kubernetes.io/admin-access"


def admin_access(at: Path, scope: Scope) -> Errors:
    """A request or result at a path may have admin access, if the labels of the namespace are known."""
    labels = scope.namespace_labels
    if labels is not None and labels.get(ADMIN_ACCESS_LABEL) != "true":
        yield (at / "adminAccess").forbidden(
            f"admin access to devices requires the `{ADMIN_ACCESS_LABEL}: true` label "
            "on the containing namespace"
        )
