"""Make the hooks and containers that are measured, from a seed: the same every time.

A third of the hooks look at annotations, a third at the command, a third at both; a tenth match.
They share ten executables, as the hooks of real machines share few."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import NamedTuple

SEED = 20261124
EXECUTABLES = 10
COMMAND = "/usr/bin/service"
STAGES = ["createRuntime", "createContainer", "startContainer", "poststart", "poststop"]

# Conditions like those of real hook files: anchored strings, a few alternatives, prefixes and
# suffixes. `{}` is a name. Their frequencies are chosen so that `cached` takes the time in
# known.py.
KEYS = [
    *[r"^org\.example\.{}$"] * 2,
    *[r"^org.example.{}$"] * 3,
    *[r"^org\.example\.{}(\.enabled)?$"] * 2,
    r"org\.example\.{}.*",
    r"org.example.{}",
    *[r"^(org|com)\.example\.{}$"] * 2,
    r".*\.{}$",
]
VALUES = ["^(true|on)$", "^true$", "^1$|^true$", ".*"]
COMMANDS = ["^/usr/bin/{}$", "^/usr/bin/{}$", ".*/{}$", "^/usr/s?bin/({0}|{0}d)$"]

Json = dict[str, object]


class Workload(NamedTuple):
    """A number of hooks, and the number of annotations of the container."""

    hooks: int
    annotations: int

    def __str__(self) -> str:
        return f"{self.hooks}×{self.annotations}"


def annotations_of(count: int) -> dict[str, str]:
    return {f"org.example.key-{number}": "true" for number in range(count)}


def config_of(annotations: int, size: int = 0) -> str:
    """Return a config of about this size, mostly mounts, environment variables and the like."""
    config: Json = {
        "ociVersion": "1.2.0",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": [COMMAND, "--foreground"],
            "env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            ],
            "cwd": "/",
        },
        "root": {"path": "rootfs"},
        "annotations": annotations_of(annotations),
    }
    mounts: list[Json] = []
    config["mounts"] = mounts
    length = len(json.dumps(config))
    while length < size:
        number = len(mounts)
        mount: Json = {
            "destination": f"/var/lib/service/data-{number}",
            "type": "tmpfs",
            "source": f"/srv/volumes/{number:08x}/_data",
            "options": ["nosuid", "nodev", "mode=1777", f"size={number + 1}k"],
        }
        mounts.append(mount)
        length += len(json.dumps(mount)) + 2
    return json.dumps(config)


class Generator:
    """A generator of the hooks for one workload."""

    def __init__(self, annotations: int, executables: list[str]) -> None:
        self.random = random.Random(SEED)
        self.annotations = annotations
        self.executables = executables

    def condition_on_annotations(self, number: int, matches: bool) -> Json:
        name = (
            f"key-{self.random.randrange(self.annotations)}"
            if matches
            else f"feature-{number}"
        )
        key = self.random.choice(KEYS).format(name)
        return {"annotations": {key: self.random.choice(VALUES)}}

    def condition_on_command(self, number: int, matches: bool) -> Json:
        name = COMMAND.rpartition("/")[2] if matches else f"program-{number}"
        return {"commands": [self.random.choice(COMMANDS).format(name)]}

    def hook(self, number: int) -> str:
        matches = number % 10 == 0
        on_annotations = self.condition_on_annotations(number, matches)
        # If both conditions must match, either may be the one that fails.
        on_command = self.condition_on_command(
            number, matches or number % 3 == 2 and self.random.random() < 0.5
        )
        when = [on_annotations, on_command, on_annotations | on_command][number % 3]
        executable = self.executables[number % len(self.executables)]
        hook: Json = {
            "version": "1.0.0",
            "hook": {
                "path": executable,
                "args": [
                    executable.rpartition("/")[2],
                    "--config",
                    f"/etc/hooks/{number}.toml",
                ],
                "env": [f"HOOK_NUMBER={number}"],
            },
            "when": when,
            "stages": [STAGES[number % len(STAGES)]],
        }
        return json.dumps(hook, indent=4) + "\n"


class Workloads:
    """The files of the workloads, in one directory."""

    def __init__(self, parent: Path) -> None:
        self.parent = parent
        shutil.rmtree(parent, ignore_errors=True)
        (parent / "bin").mkdir(parents=True)
        self.executables = [
            str(parent / "bin" / f"hook-{number}") for number in range(EXECUTABLES)
        ]
        for executable in map(Path, self.executables):
            executable.write_text("#!/bin/sh\n", encoding="utf-8")
            executable.chmod(0o755)

    def directory(self, workload: Workload) -> str:
        """Return the hook directory of a workload."""
        directory = self.parent / f"{workload.hooks}x{workload.annotations}.d"
        if not directory.exists():
            directory.mkdir()
            generator = Generator(workload.annotations, self.executables)
            for number in range(workload.hooks):
                path = directory / f"{number:04}-hook.json"
                path.write_text(generator.hook(number), encoding="utf-8")
        return str(directory)

    def config(self, annotations: int, size: int = 0) -> str:
        """Return the path of a config with these annotations, of about this size."""
        path = self.parent / f"config-{annotations}-{size}.json"
        if not path.exists():
            path.write_text(config_of(annotations, size), encoding="utf-8")
        return str(path)
