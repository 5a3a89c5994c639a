"""`make bench`: libhooks beside the reference, on this machine, in one go.

Each row is measured in rounds; in each round every opponent has its turn, so that what else the machine does strikes all of them.
Prints a table of medians, and writes it to target/bench/report.json with the least and the most of each.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 21
OUT = Path("target/bench")

# The name, what the programs are asked for, and how often in a round.
ROWS = [
    ("run /bin/true", ["run", "200", "0"]),
    ("filter /bin/cat", ["filter", "200", "0"]),
    ("run /bin/true, in a host of 1 GB", ["run", "100", "1024"]),
    ("filter /bin/cat, in a host of 1 GB", ["filter", "100", "1024"]),
]


def measure(program: str, arguments: list[str], environment: dict[str, str]) -> float:
    """Microseconds, by the program's own clock."""
    done = subprocess.run(
        [program, *arguments],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return int(done.stdout) / 1000


def main() -> None:
    library, ours, reference = sys.argv[1:]
    environment = {**os.environ, "LD_LIBRARY_PATH": library}
    report = []
    print(
        f"{'median of ' + str(ROUNDS) + ' rounds, in µs':<40}{'ours':>10}{'reference':>12}{'ratio':>8}"
    )
    for name, arguments in ROWS:
        times: dict[str, list[float]] = {"ours": [], "reference": []}
        for _ in range(ROUNDS):
            times["ours"].append(measure(ours, arguments, environment))
            times["reference"].append(measure(reference, arguments, environment))
        middle = {
            side: statistics.median(all_times) for side, all_times in times.items()
        }
        # By round: what was slow for one was for the other, too.
        ratio = statistics.median(
            a / b for a, b in zip(times["ours"], times["reference"])
        )
        print(
            f"{name:<40}{middle['ours']:>10.0f}{middle['reference']:>12.0f}{ratio:>8.2f}"
        )
        bounds = {
            f"{side}_{end.__name__}": end(all_times)
            for side, all_times in times.items()
            for end in (min, max)
        }
        report.append(
            {"name": name, "unit": "µs", **middle, **bounds, "ratio_reference": ratio}
        )
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "report.json").write_text(
        json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"written to {OUT / 'report.json'}")


if __name__ == "__main__":
    main()
