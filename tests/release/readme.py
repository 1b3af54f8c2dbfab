"""Make README.md readable on the package index, which knows no files beside it.

`python -m tests.release.readme https://github.com/OWNER/REPOSITORY TAG` writes the addresses of that tag into
the links and pictures of README.md. The release workflow does so before it builds. In the repository links
stay relative, so that they work in every clone, branch and fork.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"

_CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)")


def with_addresses(text: str, repository: str, tag: str) -> str:
    """A README whose links and pictures are addresses on GitHub.

    Example:
        >>> print(with_addresses("[a](docs/a.md) ![b](b.svg)", "https://github.com/me/dra", "v1.0.0"))
        [a](https://github.com/me/dra/blob/v1.0.0/docs/a.md) ![b](https://github.com/me/dra/raw/v1.0.0/b.svg)
    """

    def address(match: re.Match[str]) -> str:
        picture, label, path = match.groups()
        return f"{picture}{label}({repository}/{'raw' if picture else 'blob'}/{tag}/{path})"

    parts = _CODE.split(text)
    parts[::2] = (_LINK.sub(address, prose) for prose in parts[::2])
    return "".join(parts)


if __name__ == "__main__":
    README.write_text(with_addresses(README.read_text(encoding="utf-8"), *sys.argv[1:3]), encoding="utf-8")
