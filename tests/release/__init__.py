"""What a release must hold: types for those who use it, packages that install; `make release-check`."""
