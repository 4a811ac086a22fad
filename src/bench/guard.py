"""The short run that fails when l4proxy has become far slower, or larger, than it was.

RATIOS are l4proxy's figures to those of HAProxy and of ssh -R in the same run, each the best of its rounds, as --guard prints
them; a change that makes l4proxy faster raises them. A figure is out of its limit when it is worse than MARGIN, or
MEMORY_MARGIN, of its ratio to both of them. The run fails when a figure is that in every attempt: noise goes by, a change does
not. The processor time that a request or a gigabyte takes is among the figures because other work on the machine hardly
changes it.
"""

from works import MORE

PEERS = "l4proxy,l4proxy-plain,ssh,haproxy"
WORKS = "bulk1,requests,connects,mixed,resident,idle-short"
ROUNDS = 1
ATTEMPTS = 3
SECONDS = 1
COLD_WARM_UP = 10000  # half of what it is otherwise: this is to be short
MARGIN = 0.6
MEMORY_MARGIN = 0.8  # of what is no matter of time, and so of noise

RATIOS = {
    ("bulk1", "rate", "l4proxy"): {"haproxy": 0.50, "ssh": 0.92},
    ("bulk1", "rate", "l4proxy-plain"): {"haproxy": 0.84, "ssh": 1.70},
    ("bulk1", "cpu", "l4proxy"): {"haproxy": 3.60, "ssh": 1.20},
    ("bulk1", "cpu", "l4proxy-plain"): {"haproxy": 2.00, "ssh": 0.60},
    ("requests", "rate", "l4proxy"): {"haproxy": 0.34, "ssh": 0.60},
    ("requests", "rate", "l4proxy-plain"): {"haproxy": 0.50, "ssh": 0.84},
    ("requests", "cpu", "l4proxy"): {"haproxy": 4.70, "ssh": 2.40},
    ("requests", "cpu", "l4proxy-plain"): {"haproxy": 3.40, "ssh": 1.75},
    ("connects", "rate", "l4proxy"): {"haproxy": 0.28, "ssh": 1.00},
    ("connects", "rate", "l4proxy-plain"): {"haproxy": 0.36, "ssh": 1.30},
    ("connects", "cpu", "l4proxy"): {"haproxy": 4.60, "ssh": 1.60},
    ("connects", "cpu", "l4proxy-plain"): {"haproxy": 3.30, "ssh": 1.20},
    ("mixed", "rate", "l4proxy"): {"haproxy": 1.30, "ssh": 0.93},
    ("mixed", "rate", "l4proxy-plain"): {"haproxy": 3.00, "ssh": 2.20},
    ("mixed", "bulk", "l4proxy"): {"haproxy": 0.33, "ssh": 0.80},
    ("mixed", "bulk", "l4proxy-plain"): {"haproxy": 0.43, "ssh": 0.90},
    ("resident", "all", "l4proxy"): {"haproxy": 12.00, "ssh": 6.50},
    ("resident", "all", "l4proxy-plain"): {"haproxy": 11.00, "ssh": 6.00},
    ("idle-short", "1000", "l4proxy"): {"haproxy": 17.00, "ssh": 1.50},
    ("idle-short", "1000", "l4proxy-plain"): {"haproxy": 7.50, "ssh": 0.70},
}


def absent(peers):
    """What the guard cannot do without and is not there, or None."""
    return next((name for name in PEERS.split(",") if name not in {peer.name for peer in peers}), None)


def judge(results):
    """Prints every ratio; returns sentences, by work, about those out of their limits."""
    found = {}
    figures = {work.name: work.figures for work in results.works}
    for (work, name, ours), expected in RATIOS.items():
        if work not in figures:
            continue
        figure = figures[work][name]
        best = max if figure.better == MORE else min
        values = {peer: best(all_values) for peer, all_values in results.values.get((work, name), {}).items()}
        if missing := {ours, *expected} - values.keys():
            found.setdefault(work, []).append(f"{figure.title}: {' and '.join(sorted(missing))} could not be measured")
            continue
        ratios = {peer: values[ours] / values[peer] for peer in expected}
        shown = ", ".join(f"{ratio:.2f} x {peer} (was {expected[peer]:.2f})" for peer, ratio in ratios.items())
        print(f"{ours}, {figure.title}: {values[ours]:.2f} {figure.unit}, {shown}")
        kept = max(ratios[peer] / was if figure.better == MORE else was / ratios[peer] for peer, was in expected.items())
        margin = MEMORY_MARGIN if figure.unit == "MB" else MARGIN
        if kept < margin:
            found.setdefault(work, []).append(f"{ours}, {figure.title}: {shown}, which is worse than {margin} of what it was")
    return found
