"""Lets each system call of the command fail once.

For every command, a first run counts its system calls. Then it runs again for each of them, with an
error injected by strace. After any failure, the command exits by itself and reports the reason
and the file. If it reports success, its result is right.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

COMMAND = os.path.abspath(sys.argv[1])
# Several at once, since runs wait part of the time.
WORKERS = 4

# Calls that use files, memory or processes, with the errors that they may return. Only calls that
# may wait get EINTR.
ERRORS = {
    "openat": ["EIO", "EMFILE", "ENOMEM", "EINTR"],
    "read": ["EIO", "EINTR", "ENOMEM"],
    "write": ["EIO", "ENOSPC", "EINTR"],
    "fstat": ["EIO", "ENOMEM"],
    "newfstatat": ["EIO", "ENOMEM"],
    "statx": ["EIO", "ENOMEM"],
    "getdents64": ["EIO", "EINTR", "ENOMEM"],
    "readlinkat": ["EIO", "ENOMEM"],
    "fgetxattr": ["EIO", "ENOMEM"],
    "flistxattr": ["EIO", "ENOMEM"],
    "fsetxattr": ["EIO", "ENOSPC", "ENOMEM"],
    "fchown": ["EIO", "EPERM"],
    "fchmod": ["EIO", "EPERM"],
    "fsync": ["EIO", "ENOSPC", "EINTR"],
    "flock": ["EINTR", "ENOMEM"],
    "linkat": ["EIO", "ENOSPC", "ENOMEM"],
    "renameat2": ["EIO", "ENOSPC", "ENOMEM"],
    "unlinkat": ["EIO", "ENOMEM"],
    "getrandom": ["EINTR"],
    "pipe2": ["EMFILE", "ENFILE"],
    "fcntl": ["EMFILE"],
    "poll": ["EINTR", "ENOMEM"],
    "waitid": ["EINTR"],
    "vfork": ["EAGAIN", "ENOMEM"],
    "clone": ["EAGAIN", "ENOMEM"],
    "clone3": ["EAGAIN", "ENOMEM"],
    "pidfd_open": ["EMFILE", "ENOSYS"],
    "mmap": ["ENOMEM"],
}

HOOK = '{"version":"1.0.0","hook":{"path":"%s"},"when":{"always":true},"stages":["%s"]}'
CONFIG = '{"process":{"args":["/bin/sh"]},"hooks":{}}\n'


class Scene:
    """The files of one run."""

    def __init__(self, place: Path) -> None:
        self.hooks = place / "hooks.d"
        self.bundle = place / "bundle"
        self.hooks.mkdir()
        self.bundle.mkdir()
        (self.hooks / "a.json").write_text(HOOK % ("/bin/true", "poststop"))
        (self.hooks / "b.json").write_text(HOOK % ("/bin/cat", "precreate"))
        self.config = self.bundle / "config.json"
        self.config.write_text(CONFIG)


def commands(scene: Scene) -> dict[str, list[str]]:
    hooks, stage = ["--hooks-dir", str(scene.hooks)], ["--extension-stage", "precreate"]
    return {
        "inject": ["inject", *hooks, *stage, str(scene.bundle)],
        "inject --in-place": [
            "inject",
            *hooks,
            *stage,
            "--in-place",
            str(scene.bundle),
        ],
        "filter": ["filter", *hooks, str(scene.bundle)],
        "lint": ["lint", *stage, "--format", "json", str(scene.hooks)],
        "run": [
            "run",
            "--json",
            str(scene.hooks / "b.json"),
            "--extension-stage",
            "precreate",
        ],
    }


# The exit status, both streams, the config, other files, and the trace.
Outcome = tuple[int, bytes, bytes, bytes, list[str], str]


def run(name: str, *arguments_of_strace: str) -> Outcome:
    """Run a command in its own scene."""
    with tempfile.TemporaryDirectory() as place:
        trace = Path(place) / "trace"
        strace = ["strace", "-qq", "-y", "-s", "4096", "-o", str(trace)]
        scene = Scene(Path(place))
        arguments = commands(scene)[name]
        ran = subprocess.run(
            [*strace, *arguments_of_strace, COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        config = scene.config.read_bytes()
        left = [
            file.name for file in scene.bundle.iterdir() if file.name != "config.json"
        ]
        if left and "--in-place" in name:
            # The next writer removes it.
            subprocess.run([COMMAND, *arguments], capture_output=True, check=True)
            left += [
                f"still {f.name}"
                for f in scene.bundle.iterdir()
                if f.name != "config.json"
            ]
        streams = [
            stream.replace(place.encode(), b"PLACE")
            for stream in (ran.stdout, ran.stderr)
        ]
        traced = trace.read_text(errors="replace")
        # (The directory may also be opened by its name in the directory above.)
        traced = traced.replace(place, "PLACE").replace(
            f'"{os.path.basename(place)}"', '"PLACE"'
        )
        return ran.returncode, streams[0], streams[1], config, left, traced


def comparable(name: str, stdout: bytes) -> bytes:
    """Return the output without the parts that differ from run to run."""
    return re.sub(rb'"durationUs":\d+', b"", stdout) if name == "run" else stdout


# A name in a directory or a path, and an open file.
NAME = re.compile(r'(?:AT_FDCWD<[^>]*>|\d+<([^>]*)>), "([^"]+)"')
OPEN = re.compile(r"\d+<([^>]*)>")


def files(call: str) -> Iterator[str]:
    """Yield the files that a call in a trace uses."""
    named = [os.path.join(*parts) for parts in NAME.findall(call)]
    takes_names = re.match(r"\w+at2?\(|statx\(", call) and named
    for file in named if takes_names else OPEN.findall(call):
        # Skip pipes and similar files, and drop the names of new files, which no user knows.
        if file.startswith(("PLACE", "/")) and not file.startswith(("/proc/", "/dev/")):
            yield re.sub(
                r"^/.*/PLACE|/(#\d+.*|\.[^/]*)$",
                lambda match: "PLACE" * match[0].endswith("PLACE"),
                file,
            )


def unnamed(name: str, got: Outcome) -> str | None:
    """Return a problem if the messages do not name the file of the failed call."""
    _, stdout, stderr, _, _, trace = got
    failed = [line for line in trace.splitlines() if "(INJECTED)" in line]
    used = [file for line in failed for file in files(line)]
    messages = (stderr + (stdout if name in ("lint", "run") else b"")).decode(
        errors="replace"
    )
    if not used or any(file in messages for file in used):
        return None
    return f"the messages do not name {used}"


def wrong(name: str, call: str, error: str, good: Outcome, got: Outcome) -> str | None:
    """Return the problem of a run in which a call failed."""
    status, stdout, stderr, config, left, _ = got
    if (
        error == "ENOMEM"
        and call == "mmap"
        and (status < 0 or b"allocate memory" in stderr)
    ):
        # The program aborts when out of memory; before `main`, the loader and std fail in their own
        # ways.
        return (
            None if config == CONFIG.encode() and not stdout else "it wrote something"
        )
    if b"panicked" in stderr:
        return "it panicked"
    if status < 0:
        return f"signal {-status}"
    if config not in (CONFIG.encode(), good[3]):
        return f"the config is neither the old nor the new one: {config!r}"
    if len(left) > 1:
        return f"files are left: {left}"
    if status == 0:
        if name == "lint" and b"permissions-unknown" in stdout:
            # A file that cannot be checked is a warning.
            return None
        if comparable(name, stdout) != comparable(name, good[1]) or config != good[3]:
            return f"it reports success with a wrong result: {stdout!r} {config!r}"
        return None
    if not stderr and not (name == "lint" and stdout):
        return f"exit status {status} without a message"
    # The dynamic loader fails with 127.
    return unnamed(name, got) if status != 127 else None


def attempt(name: str, inject: str, good: Outcome) -> tuple[bool, str | None]:
    """Return whether the call was made, and the problem."""
    call, error = re.findall(r"inject=(\w+):error=(\w+)", inject)[0]
    try:
        got = run(name, "-e", inject)
    except subprocess.TimeoutExpired:
        return True, f"{inject}: it hangs"
    problem = wrong(name, call, error, good, got)
    return "(INJECTED)" in got[5], problem and f"{inject}: {problem}; {got[2]!r}"


def main() -> int:
    failed = 0
    for name in ["inject", "inject --in-place", "filter", "lint", "run"]:
        good = run(name)
        if good[0] != 0:
            print(f"FAIL: faults: {name}: {good}")
            failed = 1
            continue
        counts = Counter(line.split("(")[0] for line in good[5].splitlines())
        injects = [
            f"inject={call}:error={error}:when={number}"
            for call, errors in ERRORS.items()
            for error in errors
            for number in range(1, counts[call] + 1)
        ]
        with ThreadPoolExecutor(WORKERS) as workers:
            done = list(workers.map(attempt, repeat(name), injects, repeat(good)))
        tried = sum(made for made, _ in done)
        bad = [problem for _, problem in done if problem]
        for line in bad:
            print(f"  {line[:600]}")
        print(
            f"{'FAIL' if bad or tried < 100 else 'PASS'}: faults: {name}: {tried} calls failed"
        )
        failed |= bool(bad) or tried < 100
    return failed


sys.exit(main())
