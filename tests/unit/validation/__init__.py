"""Tests of `dra.validation`."""
