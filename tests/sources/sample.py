"""Readings of a weather station: parse, group, summarize. Written for tests."""

import math
import sys
from collections import defaultdict


UNITS = {"temp": "°C", "wind": "m/s", "rain": "mm"}


class ParseError(ValueError):
    def __init__(self, line, why):
        super().__init__(f"line {line}: {why}")
        self.line = line


class Reading:
    __slots__ = ("station", "kind", "value")

    def __init__(self, station, kind, value):
        self.station = station
        self.kind = kind
        self.value = value

    def __repr__(self):
        return f"Reading({self.station!r}, {self.kind!r}, {self.value})"


class Table:
    def __init__(self):
        self.rows = []
        self.by_station = defaultdict(list)

    def add(self, reading):
        self.rows.append(reading)
        self.by_station[reading.station].append(reading)

    def select(self, kind=None, station=None):
        rows = self.rows if station is None else self.by_station[station]
        for row in rows:
            if kind is None or row.kind == kind:
                yield row

    def mean(self, kind):
        total = 0.0
        count = 0
        for row in self.select(kind):
            total += row.value
            count += 1
        if count == 0:
            return None
        return total / count

    def deviation(self, kind):
        mean = self.mean(kind)
        if mean is None:
            return None
        total = 0.0
        count = 0
        for row in self.select(kind):
            total += (row.value - mean) ** 2
            count += 1
        return math.sqrt(total / count)

    def extremes(self, kind):
        low = None
        high = None
        for row in self.select(kind):
            if low is None or row.value < low.value:
                low = row
            if high is None or row.value > high.value:
                high = row
        return low, high


def parse_line(number, line):
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    parts = line.split(";")
    if len(parts) != 3:
        raise ParseError(number, "expected 3 fields")
    station, kind, value = parts
    if kind not in UNITS:
        raise ParseError(number, f"unknown kind {kind}")
    try:
        return Reading(station, kind, float(value))
    except ValueError:
        raise ParseError(number, "no number") from None


def parse(lines):
    table = Table()
    errors = []
    for number, line in enumerate(lines, 1):
        try:
            reading = parse_line(number, line)
        except ParseError as error:
            errors.append(error)
            continue
        if reading is not None:
            table.add(reading)
    return table, errors


def histogram(table, kind, width=10):
    low, high = table.extremes(kind)
    if low is None:
        return []
    step = (high.value - low.value) / width or 1.0
    bins = [0] * (width + 1)
    for row in table.select(kind):
        bins[int((row.value - low.value) / step)] += 1
    return bins


def smooth(values, window=3):
    result = []
    for i in range(len(values)):
        start = max(0, i - window)
        part = values[start : i + window + 1]
        result.append(sum(part) / len(part))
    return result


def report(table, out=sys.stdout):
    for kind, unit in UNITS.items():
        mean = table.mean(kind)
        if mean is None:
            continue
        print(f"{kind}: {mean:.2f} {unit} ± {table.deviation(kind):.2f}", file=out)
        for count in smooth(histogram(table, kind)):
            print("  " + "▒" * int(count), file=out)


def main(argv):
    if len(argv) != 2:
        print("usage: sample.py FILE", file=sys.stderr)
        return 2
    with open(argv[1], encoding="utf-8") as file:
        table, errors = parse(file)
    for error in errors:
        print(error, file=sys.stderr)
    report(table)
    stations = sorted(table.by_station, key=lambda name: len(table.by_station[name]))
    print("stations:", ", ".join(stations))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
