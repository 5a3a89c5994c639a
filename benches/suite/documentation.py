"""Write the figures of docs/benchmarks.md, between comments that name them."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

from report import Report
from table import markdown


def output(*command: str) -> str:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def machine() -> str:
    """Describe the date, the machine and the compilers."""
    rust, go = output("rustc", "--version").split()[1], output("go", "env", "GOVERSION")
    return (
        f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores, Linux {platform.release()},"
        f" rustc {rust}, {go}."
    )


def replaced(text: str, name: str, content: str) -> str:
    start, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    before, found, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no comments for {name}")
    return f"{before}{start}\n{content}\n{end}{after}"


def write(path: Path, report: Report) -> None:
    text = replaced(path.read_text(encoding="utf-8"), "machine", machine())
    for group, rows in report.groups.items():
        text = replaced(text, group, markdown(rows))
    path.write_text(text, encoding="utf-8")
