"""A picture as a web page of its own: the pointer is told what it is on, and owners' devices light up."""

from __future__ import annotations

from typing import Final

from dra.scheduler.pictures.svg import escape

__all__ = ["page_of"]

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_STYLE: Final = """
:root{color-scheme:light dark}
body{margin:16px;background:#fff}
@media (prefers-color-scheme:dark){body{background:#0d1117}}
svg{max-width:100%;height:auto}
#about{position:fixed;display:none;max-width:34em;padding:8px 10px;border-radius:6px;white-space:pre-wrap;
overflow-wrap:anywhere;font:12px system-ui,sans-serif;background:#1b1f24;color:#f0f3f6;
border:1px solid #57606a;pointer-events:none;z-index:1}
.entry[data-owner]{cursor:pointer}
.chosen .cell,.chosen .column{opacity:.22}
.chosen .cell.lit,.chosen .column.lit{opacity:1}
"""
_SCRIPT: Final = """
const svg = document.querySelector('svg.dra-picture'), about = document.getElementById('about');
const titles = new Map();
for (const title of svg.querySelectorAll('title')) {
  titles.set(title.parentNode, title.textContent);
  title.remove();
}
const told = (element) => {
  for (let at = element; at && at !== svg; at = at.parentNode) if (titles.has(at)) return titles.get(at);
};
svg.addEventListener('pointermove', (event) => {
  const text = told(event.target);
  about.style.display = text ? 'block' : 'none';
  if (!text) return;
  about.textContent = text;
  const box = about.getBoundingClientRect();
  about.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 4)) + 'px';
  about.style.top = Math.max(4, Math.min(event.clientY + 14, innerHeight - box.height - 4)) + 'px';
});
svg.addEventListener('pointerleave', () => { about.style.display = 'none'; });
let chosen = null;
svg.addEventListener('click', (event) => {
  const entry = event.target.closest('[data-owner]');
  const owner = entry ? entry.dataset.owner : null;
  chosen = owner === chosen ? null : owner;
  svg.classList.toggle('chosen', chosen !== null);
  for (const cell of svg.querySelectorAll('.cell,.column'))
    cell.classList.toggle('lit', chosen !== null && !!cell.querySelector(`[data-owner="${chosen}"]`));
});
"""


def page_of(svg: str, name: str) -> str:
    """One HTML file that needs nothing else and can load nothing else.

    Args:
        svg: The picture.
        name: What the page is called.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'{svg}<div id="about"></div>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n'
    )
