"""Check that wheels match their names and are complete.

The glibc and the machine come from the library, by readelf; the version comes from Cargo.toml.

    python3 check_wheel.py WHEEL...
"""

import email
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARY = "libhooks/libhooks.so.0"
# readelf's names for the machines in wheel names.
MACHINES = {
    "x86_64": "Advanced Micro Devices X86-64",
    "aarch64": "AArch64",
    "ppc64le": "PowerPC64",
    "riscv64": "RISC-V",
    "s390x": "IBM S/390",
}
# Libraries that every system with glibc has.
SYSTEM = re.compile(r"(libc|libgcc_s|libm|ld-linux[a-z0-9_-]*)\.so\.[0-9]+")


def readelf(option: str, library: bytes) -> str:
    """Return the output of readelf for a library."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(library)
        file.flush()
        ran = subprocess.run(
            ["readelf", "-W", option, file.name], check=True, stdout=subprocess.PIPE, text=True
        )
        return ran.stdout


def problems(wheel: Path, version: str) -> "list[str]":
    """Return what is wrong with a wheel of this version."""
    with zipfile.ZipFile(wheel) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    found = []
    info = f"libhooks-{version}.dist-info"
    sources = {f"libhooks/{file.name}" for file in (HERE / "libhooks").glob("*.py")}
    described = {
        f"{info}/{file}"
        for file in ("METADATA", "RECORD", "WHEEL", "top_level.txt", "licenses/LICENSE")
    }
    wanted = {LIBRARY, "libhooks/py.typed", *sources, *described}
    found += [f"{file} is missing" for file in sorted(wanted - contents.keys())]
    found += [f"{file} does not belong in it" for file in sorted(contents.keys() - wanted)]
    if found:
        return found
    metadata = email.message_from_bytes(contents[f"{info}/METADATA"])
    for key, value in (("Version", version), ("Requires-Python", ">=3.9")):
        if metadata[key] != value:
            found.append(f"its METADATA says {key}: {metadata[key]}")

    name = re.fullmatch(
        rf"libhooks-{re.escape(version)}-py3-none-(manylinux_2_([0-9]+)_(\w+))\.whl", wheel.name
    )
    if name is None:
        return [f"its name is not libhooks-{version}-py3-none-manylinux_2_XX_ARCH.whl"]
    platform, glibc, machine = name.groups()
    tags = email.message_from_bytes(contents[f"{info}/WHEEL"]).get_all("Tag")
    if tags != [f"py3-none-{platform}"]:
        found.append(f"its WHEEL says {tags}, its name {platform}")

    library = contents[LIBRARY]
    if "GLIBC_ABI_" in readelf("-V", library):
        found.append("its library needs a glibc ABI flag, which no manylinux tag expresses")
    needs = max(
        int(minor) for minor in re.findall(r"Name: GLIBC_2\.([0-9]+)", readelf("-V", library))
    )
    if needs != int(glibc):
        found.append(f"its name says glibc 2.{glibc}, its library needs 2.{needs}")
    header = re.search(r"Machine: +(.+)", readelf("-h", library))
    if header is None or header[1] != MACHINES.get(machine):
        found.append(f"its name says {machine}, its library is for {header and header[1]}")
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("-d", library))
    if extra := [name for name in needed if not SYSTEM.fullmatch(name)]:
        found.append(f"its library needs {', '.join(extra)}")
    return found


def main(wheels: "list[str]") -> int:
    """Check each wheel; return 1 if one has a problem."""
    cargo = HERE.parent.parent / "Cargo.toml"
    version = re.search(r'^version = "(.+)"$', cargo.read_text(), re.MULTILINE)
    if version is None or not wheels:
        sys.exit("usage: check_wheel.py WHEEL...")
    failed = 0
    for wheel in wheels:
        found = problems(Path(wheel), version[1])
        failed |= bool(found)
        print(f"{wheel}: {'; '.join(found) or 'matches its name'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
