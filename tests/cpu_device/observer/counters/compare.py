#!/usr/bin/env python3
"""Lays what a GPU counted beside what the observer counted: `compare.py GPU.csv OURS…`.

GPU.csv is what measure_on_gpu.sh wrote. OURS are files of a check build: the lines of access_patterns,
and what `t2t check CHAPTER --json FILE` wrote. Prints the tables of docs/results/counters.md; where the
two differ, a cell has both numbers, the observer's first. The exit code is 1 when requests or sectors
differ other than EXPLAINED says, or a launch is on one side alone. Passes, conflicts and FLOPs may differ: the page says why.
"""
import argparse
import csv
import json
import sys
from dataclasses import dataclass

T_STAGE = "l1tex__t_{}_pipe_lsu_mem_global_op_{}.sum"
PASSES = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_{}.sum"
CONFLICTS = "l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_{}.sum"
SHARED = "smsp__inst_executed_op_shared_{}.sum"
FLOPS = "smsp__sass_thread_inst_executed_op_{}_pred_on.sum"


@dataclass
class Column:
    """One quantity: where the observer has it, and the metrics whose sum the GPU has for it."""
    heading: str
    ours: tuple
    metrics: tuple
    exact: bool = False     # a difference is a fault
    estimate: bool = False  # ours is near, not equal: both numbers, and no verdict


LOADS_AND_STORES = [
    Column("loads", ("global_load", "requests"), (T_STAGE.format("requests", "ld"),), True),
    Column("sectors", ("global_load", "sectors"), (T_STAGE.format("sectors", "ld"),), True),
    Column("stores", ("global_store", "requests"), (T_STAGE.format("requests", "st"),), True),
    Column("sectors", ("global_store", "sectors"), (T_STAGE.format("sectors", "st"),), True),
    Column("shared loads", ("shared_load", "requests"), (SHARED.format("ld"),), True),
    Column("passes", ("shared_load", "passes"), (PASSES.format("ld"),)),
    Column("conflicts", ("shared_load", "conflicts"), (CONFLICTS.format("ld"),)),
    Column("shared stores", ("shared_store", "requests"), (SHARED.format("st"),), True),
    Column("passes", ("shared_store", "passes"), (PASSES.format("st"),)),
    Column("conflicts", ("shared_store", "conflicts"), (CONFLICTS.format("st"),)),
]
ATOMICS = [
    Column("global atomics", ("global_atomic", "requests"),
           (T_STAGE.format("requests", "red"), T_STAGE.format("requests", "atom")), True),
    Column("shared atomics", ("shared_atomic", "requests"), (SHARED.format("atom"),), True),
    Column("rounds or passes", ("shared_atomic", "rounds"), (PASSES.format("atom"),)),
]
ARITHMETIC = [
    Column(f"{name} {operation}", (ours, operation), (FLOPS.format(letter + operation),))
    for name, ours, letter in (("fp32", "fp32", "f"), ("fp64", "fp64", "d"))
    for operation in ("add", "mul", "fma")
]
LANES = [
    Column("active lanes", ("active_lanes",),
           ("smsp__thread_inst_executed_per_inst_executed.ratio",), estimate=True),
]
DRAM = [
    Column("bytes past L2", ("l2_bytes",), ("dram__bytes_read.sum", "dram__bytes_write.sum"),
           estimate=True),
]

# Heading, the start of the names it takes, and what it shows besides loads and stores. A launch goes
# where it fits first.
SECTIONS = [
    ("Global memory", ("global_load.", "global_store."), []),
    ("Shared memory", ("shared_load.", "shared_store."), []),
    ("Atomic operations", ("global_reduction.", "global_atomic.", "shared_atomic."), ATOMICS),
    ("Arithmetic", ("flops.",), ARITHMETIC),
    ("Branches", ("branch.",), LANES),
    ("Chapters 01 to 03", ("",), ARITHMETIC + LANES + DRAM),
]


def gpu_counts(path):
    """Launch to {metric: number}."""
    with open(path, encoding="utf-8", newline="") as file:
        return {row["name"]: {key: float(value) for key, value in row.items()
                              if "__" in key and value not in ("", "n/a", "nan")}
                for row in csv.DictReader(file)}


def observed_counts(path):
    """Launch to the JSON of its traffic."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        rungs = json.loads(text).get("rungs")  # a report of t2t check
    except json.JSONDecodeError:
        rungs = None  # one object per line
    if rungs is None:
        return {line["name"]: line["total"] for line in map(json.loads, text.splitlines())}
    return {f"{rung['operation']} {rung['rung']}, {rung['shape']}": rung["total"]
            for rung in rungs if "total" in rung}


def number(value):
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


# Where both are right: the compilers made different code of the same source, or the profiler counts
# something else. docs/results/counters.md says more.
EXPLAINED = {
    # nvcc predicates the store, and ncu counts instructions of which no lane is left.
    "transpose v2_tile, 1021 × 1007: shared stores",
    "transpose v3_padded, 1021 × 1007: shared stores",
    # nvcc moves the load behind the check of the edge that only the store needs.
    "transpose v4_swizzled, 1021 × 1007: shared loads",
    "transpose v5_registers, 1021 × 1007: shared loads",
    "transpose v6_output_order, 1021 × 1007: shared loads",
    # As with the tiles: ncu counts instructions of which no lane is left.
    "shared_atomic.unsigned.stride_32: shared stores",
}


class Comparison:
    """The tables, and what was found on the way."""

    def __init__(self, gpu, ours):
        self.gpu = gpu
        self.ours = ours
        self.equal = 0
        self.differing = []  # (launch, heading) of exact columns

    def cell(self, launch, column):
        """(text, whether the two agree)"""
        ours = self.ours[launch]
        for key in column.ours:
            ours = ours[key]
        counted = [self.gpu[launch][metric] for metric in column.metrics if metric in self.gpu[launch]]
        if column.exact and len(counted) < len(column.metrics):
            raise ValueError(f"{launch} has no {' and '.join(column.metrics)}; measure it again")
        if not counted:
            return (f"{number(ours)} / –" if ours else ""), True
        theirs = number(sum(counted))
        ours = number(ours)
        if column.estimate:
            return f"{ours} / {theirs}", True
        if ours == theirs:
            self.equal += column.exact
            return ("" if ours == "0" else ours), True
        if column.exact:
            self.differing.append(f"{launch}: {column.heading}")
        return f"{ours} / {theirs}", False

    def table(self, launches, columns):
        """Markdown, without the columns that are empty everywhere."""
        rows = [[self.cell(launch, column) for column in columns] for launch in launches]
        kept = [i for i in range(len(columns)) if any(row[i][0] for row in rows)]
        lines = ["| launch | " + " | ".join(columns[i].heading for i in kept) + " | |",
                 "|---" + "|--:" * len(kept) + "|---|"]
        for launch, row in zip(launches, rows):
            same = all(row[i][1] for i in kept)
            judged = any(not columns[i].estimate for i in kept)
            verdict = "" if not judged else "equal" if same else "**differs**"
            lines.append(f"| `{launch}` | " + " | ".join(row[i][0] for i in kept) + f" | {verdict} |")
        return "\n".join(lines)

    def print_all(self):
        left = [launch for launch in self.gpu if launch in self.ours]
        for heading, starts, more in SECTIONS:
            launches = [launch for launch in left if launch.startswith(starts)]
            left = [launch for launch in left if launch not in launches]
            if launches:
                print(f"## {heading}\n\n{self.table(launches, LOADS_AND_STORES + more)}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("gpu", help="what measure_on_gpu.sh wrote")
    parser.add_argument("ours", nargs="+", help="files of a check build")
    files = parser.parse_args()

    gpu = gpu_counts(files.gpu)
    ours = {}
    for path in files.ours:
        ours.update(observed_counts(path))
    comparison = Comparison(gpu, ours)
    comparison.print_all()

    alone = sorted(gpu.keys() ^ ours.keys())
    for launch in alone:
        where = files.gpu if launch in gpu else " and ".join(files.ours)
        print(f"compare.py: only {where} has {launch}", file=sys.stderr)
    unexplained = [one for one in comparison.differing if one not in EXPLAINED]
    for difference in unexplained:
        print(f"compare.py: differs: {difference}", file=sys.stderr)
    explained = len(comparison.differing) - len(unexplained)
    print(f"compare.py: {comparison.equal} counts of requests and sectors are equal, "
          f"{explained} differ for a known reason, {len(unexplained)} for none", file=sys.stderr)
    sys.exit(1 if alone or unexplained or not comparison.equal else 0)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"compare.py: {error}")
