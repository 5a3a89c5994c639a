"""Measure the delay of a reload, and the cost of reloads for threads that match."""

from __future__ import annotations

from measure import Bench, in_turns

LATENCY_ROUNDS = 10
CHANGES = "100"
RELOAD_ROUNDS = 11
CALLS = "500000"
# Reloads per second, and the name of the rate.
RATES = [
    ("1000", "1,000 reloads a second"),
    ("1000000", "as many reloads as can be"),
]


def percentile(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]


def latency(bench: Bench) -> None:
    rounds = in_turns(
        {
            "Go": bench.asked("monitor-go", "ours", CHANGES),
            "reference": bench.asked("monitor-go", "reference", CHANGES),
            "C": bench.asked("monitor", CHANGES),
        },
        LATENCY_ROUNDS,
    )
    for side in ("Go", "C"):
        pair = {"ours": rounds[side], "reference": rounds["reference"]}
        name = f"rename to visible, from {side}"
        bench.report.row(f"{name}: median", pair)
        bench.report.row(
            f"{name}: 99th percentile", pair, middle=percentile, by_round=False
        )


def throughput(bench: Bench) -> None:
    for rate, name in RATES:
        said = in_turns(
            {
                "ours": bench.asked("reload", CALLS, rate),
                "alone": bench.asked("reload", CALLS, "0"),
            },
            RELOAD_ROUNDS,
        )
        calls = {
            side: [[of_round[0] / 1000] for of_round in its]
            for side, its in said.items()
        }
        reloads = int(sum(of_round[1] for of_round in said["ours"]))
        bench.report.row(
            f"8 threads match, {name} ({reloads:,} in all)", calls, "calls/ms"
        )


def measure(bench: Bench) -> None:
    latency(bench)
    throughput(bench)
