"""Build settings that pyproject.toml cannot express.

The version comes from Cargo.toml, and cargo builds the library. A wheel works with any Python 3. A
source distribution contains the Rust sources.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
# In a source distribution the Rust sources are in the subdirectory rust. In the repository this
# file is inside the Rust sources.
RUST = HERE / "rust" if (HERE / "rust").exists() else HERE.parent.parent
SOURCES = (
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "capi",
    "cli",
    "benches",
    "regexp/Cargo.toml",
    "regexp/src",
    "regexp/benches",
)


def version() -> str:
    """Return the version in Cargo.toml."""
    found = re.search(r'^version = "(.+)"$', (RUST / "Cargo.toml").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit("Cargo.toml has no version")
    return found[1]


class CargoBuild(build_ext):
    """Build libhooks.so with cargo and copy it into the package."""

    def build_extension(self, ext: Extension) -> None:
        """Run cargo and copy the library from the path that cargo reports.

        The path depends on cargo's settings.
        """
        # This is the same command as in the Makefile. With other packages in the command, cargo
        # would build a different library.
        command = ["cargo", "build", "--release", "--locked"]
        try:
            built = subprocess.run(
                [*command, "--message-format=json-render-diagnostics"],
                cwd=RUST,
                check=True,
                stdout=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise SystemExit(
                "cargo not found, which builds libhooks: install Rust 1.85 or later"
            ) from None
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"{' '.join(command)}: exit status {error.returncode}") from None
        messages = map(json.loads, built.stdout.splitlines())
        files = [file for message in messages for file in message.get("filenames") or ()]
        library = next(file for file in files if Path(file).name == "libhooks.so")
        target = Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library, target)

    def get_ext_filename(self, fullname: str) -> str:
        """Return the SONAME as file name.

        The library is not a Python module, but a name that ends in .so would look like one.
        """
        return fullname.replace(".", "/") + ".so.0"


class Wheel(bdist_wheel):
    """A wheel for any Python 3 on systems with a sufficiently new glibc."""

    def get_tag(self) -> "tuple[str, str, str]":
        """Return py3-none-manylinux_2_XX_ARCH, where XX is the newest glibc version named in the
        library.

        This searches all strings in the file, so XX can be too high. check_wheel.py finds that.
        """
        _, _, platform = super().get_tag()
        library = Path(self.bdist_dir or "", "libhooks", "libhooks.so.0")
        # The file is missing in an editable wheel, and another libc has no such names.
        content = library.read_bytes() if library.exists() else b""
        needs = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", content)]
        if needs:
            platform = platform.replace("linux_", f"manylinux_2_{max(needs)}_", 1)
        return "py3", "none", platform


class SourceDistribution(sdist):
    """A source distribution with the Rust sources, so that a wheel can be built from it."""

    def make_release_tree(self, base_dir: str, files: "list[str]") -> None:
        """Add the Rust sources to the files of the package."""
        super().make_release_tree(base_dir, files)
        for name in SOURCES:
            source, target = RUST / name, Path(base_dir, "rust", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copyfile(source, target)


setup(
    version=version(),
    ext_modules=[Extension("libhooks.libhooks", sources=[])],
    cmdclass={"build_ext": CargoBuild, "bdist_wheel": Wheel, "sdist": SourceDistribution},
)
