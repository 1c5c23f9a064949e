#!/usr/bin/env python3
"""Gives the launches in ncu's tables their names: `name_launches.py PREFIX… > counters.csv`.

PREFIX.log is what `ncu --csv --page raw --log-file` wrote, PREFIX.names what access_patterns said: the
name of each launch, in the same order. The result has one row per launch: name, kernel, counters.
"""
import csv
import re
import sys

# ncu also says what GPU it is, how the kernel was launched, and a counter's mean over the GPU's units.
COUNTER = re.compile(r"(l1tex|smsp|lts|dram)__\w+\.(sum|ratio)")


def profiled(path):
    """The rows of ncu's table: metric to number, as text, and the kernel under "Kernel Name"."""
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("==")]  # ncu's words about its progress
    rows = list(csv.DictReader(lines))
    return rows[1:]  # the first holds the units


def main(prefixes):
    writer = None
    for prefix in prefixes:
        with open(prefix + ".names", encoding="utf-8") as file:
            names = file.read().splitlines()
        rows = profiled(prefix + ".log")
        if not names or len(names) != len(rows):
            sys.exit(f"name_launches.py: {prefix}.names has {len(names)} names and {prefix}.log has "
                     f"{len(rows)} launches; read the end of {prefix}.log for what went wrong")
        if writer is None:
            counters = [column for column in rows[0] if COUNTER.fullmatch(column)]
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(["name", "kernel", *counters])
        for name, row in zip(names, rows):
            kernel = row["Kernel Name"].split("(")[0]
            writer.writerow([name, kernel, *(row[counter].replace(",", "") for counter in counters)])


if __name__ == "__main__":
    main(sys.argv[1:])
