"""What holds for every part's tests."""

from hypothesis import settings

# Nothing here asserts a time, and a property test is no exception: the machine may have other work.
settings.register_profile("hark", deadline=None)
settings.load_profile("hark")
