"""The work that each peer does, and the figures it yields."""

import contextlib
import dataclasses
import json
import time

import pairs
from programs import Place, output

LOOPBACK, FRESH, LINK, LOSSY = "loopback", "fresh", "link", "lossy"
MORE, LESS = "more", "less"
SILENCE_S = 60
BURSTS = 3  # before the silence
LINK_BULK_S = 5
SETTLE_S = 1
WARM_UP = 3000  # connections, before anything is measured
COLD = {"l4proxy", "l4proxy-plain", "bare"}  # compiled while they run, for long after that
COLD_WARM_UP = 20000


@dataclasses.dataclass(frozen=True)
class Figure:
    title: str
    unit: str
    better: str = LESS


@dataclasses.dataclass(frozen=True)
class Work:
    """measure gets a stage and a pair and returns values by the names of figures; together: all pairs, values by peer.

    warm: it is done before it counts, too; where it is not, the connections made at the start are its warm-up.
    """

    name: str
    on: str
    measure: object
    figures: dict
    together: bool = False
    warm: bool = True


def bulk(*options):
    def measure(stage, pair):
        before = pair.cpu_seconds()
        with stage.iperf3(pair, *options) as received:
            rate = received()
        gigabytes = rate * stage.seconds / 1e9
        used = {"cpu": (pair.cpu_seconds() - before) / gigabytes} if pair.started else {}
        return {"rate": rate * 8 / 1e9, **used}
    return measure


def requests(connections, *options):
    def measure(stage, pair):
        before = pair.cpu_seconds()
        result = stage.wrk(pair, connections, *options)
        used = pair.cpu_seconds() - before
        return {**result, **({"cpu": used / (result["rate"] * stage.seconds) * 1e6} if pair.started else {})}
    return measure


def mixed(stage, pair):
    with stage.iperf3(pair, "-P", 4, "-O", 1) as received:
        time.sleep(1)
        small = stage.wrk(pair, 8)
        return {**small, "bulk": received() * 8 / 1e9}


def first_byte(n):
    return lambda stage, pair: stage.fresh(pair, "greet", n)["first"]


def busy(stage, pair):
    few = stage.wrk(pair, 100)
    with stage.held(pair, 7900):
        many = stage.wrk(pair, 100)
    return {"few": few["rate"], "many": many["rate"], "share": many["rate"] / few["rate"],
            "few_p99": few["p99"], "many_p99": many["p99"], "errors": many["errors"]}


def resident(_, pair):
    """What both ends hold once their users have gone: all the other works have been done here, and seconds have passed."""
    time.sleep(SETTLE_S)
    return {"all": pair.resident_bytes() / 1e6} if pair.started else {}


def idle(*counts):
    """Memory that each of so many open, silent connections takes, beyond what was there before: KB, both ends together."""
    def measure(stage, peer):
        with contextlib.ExitStack() as stack:
            pair = stack.enter_context(stage.pair(peer, "greet"))
            if not pair.started:
                return {}
            warm_up(stage, pair)
            time.sleep(SETTLE_S)
            before, held = pair.resident_bytes(), 0
            figures = {"base": before / 1e6}
            for count in counts:
                stack.enter_context(stage.held(pair, count - held))
                held = count
                time.sleep(SETTLE_S)
                figures[str(count)] = (pair.resident_bytes() - before) / count / 1e3
            return figures
    return measure


def warm_up(stage, pair):
    """What is not compiled yet takes several times the processor time, and threads that wait in it three times the memory."""
    stage.fresh(pair, "greet", COLD_WARM_UP if pair.peer.name in COLD else WARM_UP, at_once=64)


def seal(_, peer):
    """What TLS takes without any socket: of the JVM alone, so it stands with the bare relay."""
    if peer.start is not pairs.bare:
        return {}
    return json.loads(output(Place(), *pairs.bare_java("Seal.java"), seconds=120))


def start_up(stage, peer):
    directory = stage.directory / f"{peer.name}.start"
    with stage.pair(peer, "greet", directory) as pair:  # makes its keys
        stage.fresh(pair, "greet", 1)
    began = time.monotonic()
    with stage.pair(peer, "greet", directory) as pair:
        stage.fresh(pair, "greet", 1)
        return {"time": (time.monotonic() - began) * 1e3} if pair.started else {}


def far_bulk(stage, pair):
    rates = {}
    for name, options in (("to_client", []), ("to_server", ["-R"])):
        with stage.iperf3(pair, *options, seconds=LINK_BULK_S) as received:
            rates[name] = received() * 8 / 1e6
    return rates


def far_requests(stage, pair):
    result = stage.fresh(pair, "web", 100, path="/10k")
    return {"time": result["whole"]["mean"], "errors": result["errors"]}


def far_connects(stage, pair):
    result = stage.fresh(pair, "greet", 250 * stage.seconds, at_once=16)
    return {"rate": result["rate"], "p99": result["whole"]["p99"], "errors": result["errors"]}


def burst(stage, all_pairs):
    def users(pair):
        return stage.fresh(pair, "greet", 200, at_once=200)

    silent = {}
    for pair in all_pairs:
        for _ in range(BURSTS):
            users(pair)
        silent[pair] = time.monotonic()

    def one(pair):
        time.sleep(max(0, silent[pair] + SILENCE_S - time.monotonic()))
        result = users(pair)
        return {"p99": result["whole"]["p99"], "errors": result["errors"]}
    return {pair.peer.name: (lambda pair=pair: one(pair)) for pair in all_pairs}


def rate_and_latency(title):
    return {"rate": Figure(title, "/s", MORE), "p50": Figure(f"{title}, p50", "ms"), "p99": Figure(f"{title}, p99", "ms"),
            "errors": Figure(f"{title}, errors", "")}


def request_figures(title):
    return {**rate_and_latency(title), "cpu": Figure(f"{title}, CPU", "us each")}


def bulk_figures(title):
    return {"rate": Figure(title, "Gbit/s", MORE), "cpu": Figure(f"{title}, CPU", "s/GB")}


def first_byte_figures(title):
    return {"p50": Figure(f"{title}, p50", "ms"), "p99": Figure(f"{title}, p99", "ms")}


def idle_figures(*counts):
    return {"base": Figure("memory before", "MB"),
            **{str(count): Figure(f"memory of each of {count:,} idle", "KB") for count in counts}}


def far_figures(name, title):
    return {
        "first": first_byte_figures(f"{title}: first byte"),
        "bulk": {"to_client": Figure(f"{title}: stream to the client", "Mbit/s", MORE),
                 "to_server": Figure(f"{title}: stream to the server", "Mbit/s", MORE)},
        "requests": {"time": Figure(f"{title}: request of 10 KB", "ms"),
                     "errors": Figure(f"{title}: requests of 10 KB, errors", "")},
    }[name]


WORKS = [
    Work("bulk1", LOOPBACK, bulk(), bulk_figures("one stream")),
    Work("bulk8", LOOPBACK, bulk("-P", 8), bulk_figures("eight streams")),
    Work("reverse", LOOPBACK, bulk("-R"), bulk_figures("one stream, reverse")),
    Work("requests", LOOPBACK, requests(32), request_figures("requests, keep-alive")),
    Work("connects", LOOPBACK, requests(16, "-H", "Connection: close"), request_figures("requests, new connection each")),
    Work("mixed", LOOPBACK, mixed, {**rate_and_latency("requests beside 4 streams"),
                                    "bulk": Figure("the 4 streams beside them", "Gbit/s", MORE)}),
    Work("first", LOOPBACK, first_byte(200), first_byte_figures("first byte")),
    Work("busy", LOOPBACK, busy, {
        "few": Figure("100 busy connections", "/s", MORE), "few_p99": Figure("100 busy connections, p99", "ms"),
        "many": Figure("100 busy of 8,000", "/s", MORE), "many_p99": Figure("100 busy of 8,000, p99", "ms"),
        "share": Figure("100 busy of 8,000 / only 100", "x", MORE), "errors": Figure("100 busy of 8,000, errors", "")}),
    Work("resident", LOOPBACK, resident, {"all": Figure("memory of both ends after all this", "MB")}, warm=False),
    Work("idle", FRESH, idle(2000, 8000), idle_figures(2000, 8000), warm=False),
    Work("seal", FRESH, seal, {"bulk": Figure("TLS within the JVM, CPU", "s/GB"),
                               "record": Figure("TLS within the JVM, a small record, CPU", "us"),
                               "cipher": Figure("the cipher of TLS alone, CPU", "s/GB")}, warm=False),
    Work("start", FRESH, start_up, {"time": Figure("start-up of both ends", "ms")}, warm=False),
    Work("far-first", LINK, first_byte(40), far_figures("first", "25 ms"), warm=False),
    Work("far-bulk", LINK, far_bulk, far_figures("bulk", "25 ms")),
    Work("far-requests", LINK, far_requests, far_figures("requests", "25 ms"), warm=False),
    Work("far-connects", LINK, far_connects, {
        "rate": Figure("25 ms: new connections, 16 at a time", "/s", MORE),
        "p99": Figure("25 ms: new connections, p99", "ms"), "errors": Figure("25 ms: new connections, errors", "")}, warm=False),
    Work("far-burst", LINK, burst, {"p99": Figure("25 ms: 200 at once after a minute, p99", "ms"),
                                    "errors": Figure("25 ms: 200 at once after a minute, errors", "")},
         together=True, warm=False),
    Work("lossy-first", LOSSY, first_byte(100), far_figures("first", "25 ms, 1 % lost"), warm=False),
    Work("lossy-bulk", LOSSY, far_bulk, far_figures("bulk", "25 ms, 1 % lost")),
    Work("lossy-requests", LOSSY, far_requests, far_figures("requests", "25 ms, 1 % lost"), warm=False),
]

SHORT = [Work("idle-short", FRESH, idle(1000), idle_figures(1000), warm=False)]  # for the guard
