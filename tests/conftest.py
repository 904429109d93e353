"""Fixtures that several rooms share."""

import os

from hypothesis import settings

pytest_plugins = ["tests.support.postgres", "tests.support.redis", "tests.support.server", "tests.support.site"]

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
