"""What holds for all tests: hypothesis never fails one for being slow, since no test asserts a time."""

from hypothesis import settings

settings.register_profile("dra", deadline=None)
settings.load_profile("dra")
