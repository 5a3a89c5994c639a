"""Lets each system call of a program that watches directories fail once.

A first run counts its system calls. Then it runs again for each of them, with an error injected by
strace, while hook files are made, changed and removed. After any failure, the program continues,
and its hooks are soon those that a new manager loads.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WATCHER, COMMAND = map(os.path.abspath, sys.argv[1:3])
# Longer than any run takes that passes.
LONG = 30.0
# Many at once, since runs wait most of the time.
WORKERS = 12

# The calls that a monitor makes, with the errors that they may return.
ERRORS = {
    "inotify_init1": ["EMFILE", "ENFILE", "ENOMEM"],
    "inotify_add_watch": ["ENOSPC", "ENOMEM"],
    "epoll_create1": ["EMFILE", "ENOMEM"],
    "epoll_ctl": ["ENOSPC", "ENOMEM"],
    "epoll_wait": ["EINTR"],
    "poll": ["EINTR", "ENOMEM"],
    "timerfd_create": ["EMFILE", "ENOMEM"],
    "eventfd2": ["EMFILE", "ENOMEM"],
    "openat": ["EIO", "ENFILE", "EINTR"],
    "read": ["EIO", "EINTR"],
    "newfstatat": ["EIO", "ENOMEM"],
    "statx": ["EIO", "ENOMEM"],
    "getdents64": ["EIO", "ENOMEM"],
    "readlink": ["EIO", "ENOMEM"],
}

HOOK = (
    '{"version":"1.0.0","hook":{"path":"/bin/true","args":["true","%s"]},'
    '"when":{"always":true},"stages":["poststop"]}'
)


class Scene:
    """Two directories: one with a file and a symlink, and one that is made later."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.first, self.second = place / "first.d", place / "second.d"
        self.elsewhere = place / "elsewhere"
        self.first.mkdir()
        self.elsewhere.mkdir()
        (self.first / "a.json").write_text(HOOK % "a1")
        (self.elsewhere / "l.json").write_text(HOOK % "l1")
        (self.first / "l.json").symlink_to(self.elsewhere / "l.json")

    def put(self, path: Path, mark: str) -> None:
        new = self.place / "new"
        new.write_text(HOOK % mark)
        new.rename(path)

    def make_second(self) -> None:
        self.second.mkdir()
        self.put(self.second / "c.json", "c1")

    def steps(self) -> list[tuple[Callable[[], object], str]]:
        """Return the actions, and the hooks that are in use after each."""
        return [
            (lambda: None, "a1 l1"),
            (lambda: self.put(self.first / "b.json", "b1"), "a1 b1 l1"),
            (lambda: (self.first / "a.json").write_text(HOOK % "a2"), "a2 b1 l1"),
            (lambda: self.put(self.elsewhere / "l.json", "l2"), "a2 b1 l2"),
            (self.make_second, "a2 b1 c1 l2"),
            (lambda: (self.first / "b.json").unlink(), "a2 c1 l2"),
            (lambda: self.put(self.first / "z.json", "end"), "a2 c1 l2 end"),
        ]


def loaded(scene: Scene) -> str:
    """Return the hooks that a new manager loads."""
    directories = [
        f"--hooks-dir={directory}" for directory in (scene.first, scene.second)
    ]
    listed = subprocess.run(
        [COMMAND, "list", "--json", *directories], capture_output=True, check=True
    ).stdout
    return " ".join(
        entry["hook"]["hook"]["args"][1] for entry in json.loads(listed)["hooks"]
    )


def run(inject: str | None) -> tuple[str | None, list[str]]:
    """Run the program through all steps. Return the problem, and the lines of the trace."""
    traced = (
        inject.split("=")[1].split(":")[0] if inject else ",".join(ERRORS) + ",write"
    )
    with tempfile.TemporaryDirectory(dir="target/faults") as place:
        scene, trace = Scene(Path(place).absolute()), Path(place) / "trace"
        command = [
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-s",
            "16",
            "-o",
            str(trace),
            "-e",
            f"trace={traced}",
        ]
        command += ["-e", inject] if inject else []
        program = subprocess.Popen(
            [*command, WATCHER, str(scene.first), str(scene.second)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert program.stdout
        over = threading.Timer(LONG, os.killpg, (program.pid, signal.SIGKILL))
        over.start()
        output: list[str] = []
        problem = None
        for number, (act, want) in enumerate(scene.steps()):
            if number == 1:
                # Wait until it is quiet, and the monitor waits for events again.
                time.sleep(0.1)
            act()
            for line in program.stdout:
                output.append(line.strip())
                if output[-1] == f"hooks: {want}":
                    break
            else:
                problem = f"step {number}: the hooks do not become {want!r}"
                break
            if not inject and loaded(scene) != want:
                problem = f"step {number}: a new manager loads {loaded(scene)!r}"
                break
        output += [line.strip() for line in program.stdout]
        status = program.wait()
        over.cancel()
        if not problem and status != 0:
            problem = f"it exits with status {status}"
        if problem:
            problem += "; its output: " + " | ".join(output)
        return problem, trace.read_text().splitlines()


def called(lines: list[str]) -> dict[str, tuple[int, int]]:
    """Return for each call its number before the program's own work starts, and in total."""
    names = [match[1] for line in lines if (match := re.match(r"\d+ +(\w+)\(", line))]
    start = names.index("write")
    return {call: (names[:start].count(call), names.count(call)) for call in ERRORS}


def main() -> int:
    os.makedirs("target/faults", exist_ok=True)
    problem, lines = run(None)
    if problem:
        print(f"FAIL: faults: watch: {problem}")
        return 1
    injects = [
        f"inject={call}:error={error}:when={number}"
        for call, (before, count) in called(lines).items()
        for error in ERRORS[call]
        for number in range(before + 1, count + 1)
    ]
    with ThreadPoolExecutor(WORKERS) as workers:
        done = list(workers.map(run, injects))
    # The number of waits depends on the time, so not every error is injected.
    tried = sum(any("(INJECTED)" in line for line in lines) for _, lines in done)
    bad = [
        f"{inject}: {problem}" for inject, (problem, _) in zip(injects, done) if problem
    ]
    for line in bad:
        print(f"  {line[:600]}")
    failed = bool(bad) or tried < 100
    print(f"{'FAIL' if failed else 'PASS'}: faults: watch: {tried} calls failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
