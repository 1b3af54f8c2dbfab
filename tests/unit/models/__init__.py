"""Tests of `dra.models`."""
