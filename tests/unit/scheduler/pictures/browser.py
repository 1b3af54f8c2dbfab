"""What a browser makes of pictures: chromium, started once for a page, and its answer."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# What is wrong in a picture: texts beyond their card, beyond the picture or across each other, boxes across
# each other; and which devices and nodes there are to be seen.
LOOK = """
const beyond = (inner, outer) => inner.left < outer.left - .6 || inner.right > outer.right + .6
  || inner.top < outer.top - .6 || inner.bottom > outer.bottom + .6;
const across = (a, b) => a.left < b.right - .6 && b.left < a.right - .6
  && a.top < b.bottom - .6 && b.top < a.bottom - .6;
const shape = (element) => element.querySelector(':scope > rect');
const clashes = (boxes) => {
  const found = [];
  boxes.sort((a, b) => a.at.top - b.at.top);
  boxes.forEach((a, i) => {
    for (let j = i + 1; j < boxes.length && boxes[j].at.top < a.at.bottom; j++)
      if (across(a.at, boxes[j].at)) found.push(a.name + ' | ' + boxes[j].name);
  });
  return found;
};
const look = (svg) => {
  const all = svg.getBoundingClientRect(), outside = [];
  const texts = [...svg.querySelectorAll('text')].map((text) => {
    const at = text.getBoundingClientRect(), name = text.firstChild.data, box = text.closest('.box');
    if (beyond(at, all) || (box && beyond(at, shape(box).getBoundingClientRect()))) outside.push(name);
    const under = text.previousElementSibling;
    if (text.className.baseVal.startsWith('k') && beyond({...under.getBoundingClientRect().toJSON(),
        left: at.left, right: at.right}, under.getBoundingClientRect())) outside.push('key ' + name);
    return {at, name};
  });
  const cells = [...svg.querySelectorAll('.cell')].map((cell) =>
    ({at: shape(cell).getBoundingClientRect(), name: cell.dataset.device}));
  return {
    outside, texts: texts.length, across: clashes(texts), overlaid: clashes(cells),
    devices: cells.filter(({at}) => at.width > 0 && at.height > 0 && !beyond(at, all)).map(({name}) => name),
    nodes: [...svg.querySelectorAll('[data-node]')].map((node) => node.dataset.node),
    scripts: svg.querySelectorAll('script').length,
    background: getComputedStyle(svg).backgroundColor,
    colour: getComputedStyle(svg.querySelector('text')).fill,
  };
};
"""
_REPORT = re.compile(r'<pre id="report">(.*?)</pre>', re.DOTALL)


def ask(page: str, script: str, folder: Path, *flags: str) -> Any:
    """What a script, run in a page, returns."""
    assert CHROMIUM is not None
    tail = (
        f"<script>const answer = (() => {{{script}}})();"
        "const report = document.createElement('pre'); report.id = 'report';"
        "report.textContent = JSON.stringify(answer); document.body.append(report);</script>"
    )
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"{tail}</body>"), encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *flags, "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = _REPORT.search(done.stdout)
    assert found, done.stderr
    return json.loads(html.unescape(found[1]))


def seen(pictures: Sequence[str], folder: Path, *flags: str) -> list[dict[str, Any]]:
    """What is to be seen in some SVGs, each looked at in a browser."""
    page = f'<!DOCTYPE html><meta charset="utf-8"><body>{"".join(pictures)}</body>'
    looked: list[dict[str, Any]] = ask(
        page, f"{LOOK}return [...document.querySelectorAll('svg')].map(look);", folder, *flags
    )
    return looked
