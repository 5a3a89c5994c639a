"""What pyproject.toml cannot say: the version is that of Cargo.toml, the library is built by cargo,
a wheel fits any Python 3, and a source distribution holds the Rust sources."""

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
# In a source distribution, the Rust sources lie beside this file; in the repository, this lies
# within them.
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
    """The version in Cargo.toml."""
    found = re.search(r'^version = "(.+)"$', (RUST / "Cargo.toml").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit("Cargo.toml has no version")
    return found[1]


class CargoBuild(build_ext):
    """Builds libhooks.so by cargo and puts it into the package."""

    def build_extension(self, ext: Extension) -> None:
        """Runs cargo, which says where it has put the library, since its settings may move that."""
        # The very command of the Makefile: with other packages beside it, the library would be
        # another one.
        command = ["cargo", "build", "--release", "--locked"]
        try:
            built = subprocess.run(
                [*command, "--message-format=json-render-diagnostics"], cwd=RUST, check=True, stdout=subprocess.PIPE
            )
        except FileNotFoundError:
            raise SystemExit("libhooks is built by cargo, which is not here: install Rust 1.85 or later") from None
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"{' '.join(command)}: exit status {error.returncode}") from None
        messages = map(json.loads, built.stdout.splitlines())
        files = [file for message in messages for file in message.get("filenames") or ()]
        library = next(file for file in files if Path(file).name == "libhooks.so")
        target = Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library, target)

    def get_ext_filename(self, fullname: str) -> str:
        """Its SONAME: the library knows no Python, and what ends in .so would pass for a module of
        one."""
        return fullname.replace(".", "/") + ".so.0"


class Wheel(bdist_wheel):
    """A wheel for any Python 3 on systems whose glibc has what the library needs."""

    def get_tag(self) -> "tuple[str, str, str]":
        """py3-none-manylinux_2_XX_ARCH: XX is the newest version of glibc that the library names.
        (All texts in the file are looked at, so it can be too careful; check_wheel.py says whether
        it is right.)"""
        _, _, platform = super().get_tag()
        library = Path(self.bdist_dir or "", "libhooks", "libhooks.so.0")
        # It is not there if the wheel is an editable one; and with another libc there is no such
        # name.
        text = library.read_bytes() if library.exists() else b""
        needs = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", text)]
        if needs:
            platform = platform.replace("linux_", f"manylinux_2_{max(needs)}_", 1)
        return "py3", "none", platform


class SourceDistribution(sdist):
    """With the Rust sources, so that a wheel can be built of it."""

    def make_release_tree(self, base_dir: str, files: "list[str]") -> None:
        """Adds them to the files of the package."""
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
