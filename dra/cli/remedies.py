"""What to do about an expression that is no selector, which cel-go's words leave open."""

from __future__ import annotations

from dra.errors import DraError

__all__ = ["remedied"]


def remedied(error: DraError) -> DraError:
    """The same error, with what would be right in place of a usual mistake in a selector."""
    if not error.remedy and isinstance(error.value, str):
        from dra.cel.remedies import remedy_for

        error.remedy = remedy_for(error.message, error.value)
    return error
