"""What pyproject.toml cannot say: the version, which CMake knows, and that the wheel carries a library of this platform
for any Python 3. scripts/python_wheel.sh puts that library beside the package."""

import os

from setuptools import Distribution, setup
from wheel.bdist_wheel import bdist_wheel


class PlatformWheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class PlatformDistribution(Distribution):
    def has_ext_modules(self):
        return True


setup(version=os.environ["OCHRE_VERSION"], cmdclass={"bdist_wheel": PlatformWheel}, distclass=PlatformDistribution)
