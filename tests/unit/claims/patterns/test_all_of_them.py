"""Every claim pattern has its tests: their names begin with its number."""

from __future__ import annotations

import re
from pathlib import Path


def test_there_is_a_test_for_each_of_the_35_patterns() -> None:
    files = Path(__file__).parent.glob("test_*.py")
    numbers = {
        int(each) for file in files for each in re.findall(r"def test_(\d\d)_", file.read_text("utf-8"))
    }
    assert numbers == set(range(1, 36))
