"""URLs in CEL: `url("https://example.com/a?b=1")` and its parts."""

from __future__ import annotations

from typing import Final

from dra.cel.declarations import (
    STRING_TRAVERSAL,
    UNBOUNDED,
    Arguments,
    Estimate,
    Function,
    Library,
    Range,
    member,
    overload,
    traversal,
)
from dra.cel.types import BOOL, STRING, list_of, map_of
from dra.cel.url import URL, Url, is_request_uri

__all__ = ["LIBRARY"]


def _comparison(arguments: Arguments) -> Estimate:
    """As long as the URL on the right, if that is known; upstream does not look at the left."""
    longest = arguments.size(1).high
    return Estimate(Range(1, 1 if longest == UNBOUNDED else longest).times(STRING_TRAVERSAL))


LIBRARY: Final = Library(
    "url",
    equality={URL: _comparison},
    functions=(
        Function("url", overload("string_to_url", [STRING], URL, Url.read, traversal(keeps_size=True))),
        Function("isURL", overload("is_url_string", [STRING], BOOL, is_request_uri)),
        Function("getScheme", member("url_get_scheme", [URL], STRING, lambda url: url.scheme)),
        Function("getHost", member("url_get_host", [URL], STRING, lambda url: url.host)),
        Function("getHostname", member("url_get_hostname", [URL], STRING, lambda url: url.hostname)),
        Function("getPort", member("url_get_port", [URL], STRING, lambda url: url.port)),
        Function(
            "getEscapedPath", member("url_get_escaped_path", [URL], STRING, lambda url: url.escaped_path)
        ),
        Function(
            "getQuery", member("url_get_query", [URL], map_of(STRING, list_of(STRING)), lambda url: url.query)
        ),
    ),
)
