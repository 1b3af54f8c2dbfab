"""Clusters as pictures: SVG files and web pages that need nothing else."""

from __future__ import annotations

from dra.scheduler.pictures.drawing import Detail, Picture, draw
from dra.scheduler.pictures.owners import Colouring

__all__ = ["Colouring", "Detail", "Picture", "draw"]
