"""Medians, ratios and the two tables."""

import statistics

from pairs import ENCRYPTED, PLAIN, REFERENCE
from works import MORE


class Results:
    """Every value measured, by work, figure and peer."""

    def __init__(self, peers, works):
        self.peers, self.works = peers, works
        self.values = {}
        self.failures = []

    def add(self, work, peer, measured):
        for figure in work.figures.keys() & measured.keys():
            self.values.setdefault((work.name, figure), {}).setdefault(peer, []).append(measured[figure])

    def fail(self, work, peer, why):
        self.failures.append(f"{work.name}, {peer}: {why}")

    def figures(self):
        """Those that were measured, in order: work, name, figure, medians by peer."""
        for work in self.works:
            for name, figure in work.figures.items():
                values = self.values.get((work.name, name), {})
                if values:
                    yield work, name, figure, {peer: statistics.median(all_values) for peer, all_values in values.items()}

    def best(self, kind, figure, medians):
        """The best other peer of that kind: its name and its value, or None."""
        others = [(medians[peer.name], peer.name) for peer in self.peers
                  if peer.kind == kind and not peer.ours and peer.name in medians]
        if not others:
            return None
        value, name = max(others) if figure.better == MORE else min(others)
        return name, value

    def ratios(self, figure, medians):
        """l4proxy to the best other peer of its kind: by kind, our value, the peer, its value, the ratio."""
        found = {}
        for peer in self.peers:
            best = self.best(peer.kind, figure, medians)
            if peer.ours and peer.name in medians and best:
                found[peer.kind] = (medians[peer.name], *best, medians[peer.name] / best[1] if best[1] else None)
        return found

    def json(self):
        figures = {}
        for work, name, figure, medians in self.figures():
            figures[f"{work.name}.{name}"] = {
                "title": figure.title, "unit": figure.unit, "better": figure.better, "medians": medians,
                "values": self.values[work.name, name],
                "ratios": {kind: {"l4proxy": ours, "peer": peer, "value": value, "ratio": ratio}
                           for kind, (ours, peer, value, ratio) in self.ratios(figure, medians).items()}}
        return {"figures": figures, "failures": self.failures}

    def tables(self):
        return "\n\n".join(filter(None, [self.ratio_table(), self.median_table(), "\n".join(self.failures)]))

    def ratio_table(self):
        references = [peer.name for peer in self.peers if peer.kind == REFERENCE]
        rows = []
        for _, _, figure, medians in self.figures():
            ratios = self.ratios(figure, medians)
            if not ratios or figure.title.endswith("errors"):
                continue
            cells = [title(figure)]
            for kind in (ENCRYPTED, PLAIN):
                ours, peer, value, ratio = ratios.get(kind, (None,) * 4)
                cells += [number(ours), number(value), peer or "", number(ratio, " x")]
            rows.append(cells + [number(medians.get(name)) for name in references])
        if not rows:
            return ""
        heads = ["medians (- less is better)", "l4proxy", "best", "encrypted", "ratio", "plain", "best", "plain peer", "ratio"]
        return table([*heads, *references], rows)

    def median_table(self):
        names = [peer.name for peer in self.peers]
        rows = [[title(figure), *(number(medians.get(name)) for name in names)] for _, _, figure, medians in self.figures()]
        return table(["medians of all", *names], rows)


def title(figure):
    sign = "" if figure.better == MORE else "- "
    return f"{sign}{figure.title}{', ' if figure.unit else ''}{figure.unit}"


def number(value, unit=""):
    if value is None:
        return ""
    return f"{value:,.{0 if abs(value) >= 1000 or value == int(value) else 1 if abs(value) >= 100 else 2}f}{unit}"


def table(heads, rows):
    """Aligned: the first column and names to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    lines = [[cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
             for row in [heads, ["-" * width for width in widths], *rows]]
    return "\n".join("  ".join(line).rstrip() for line in lines)
