"""What the peers are measured on: loopback or a delayed link, the backends behind them, the tools of the user before them."""

import contextlib
import json
import pathlib
import subprocess
import time

import pairs
from programs import Failed, Place, Programs, output

HERE = pathlib.Path(__file__).resolve().parent
GREET, WEB, BULK, PUBLIC = 7001, 7002, 7100, 8000
SPARE_S = 30  # how much longer than planned a run may take
DELAY_US = 25_000

NGINX = """
daemon off;
pid nginx.pid;
error_log stderr;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  server {
    listen %d backlog=4096;
    location / { return 200 "ok"; }
    location /10k { root root; }
  }
}
"""


class Stage(Programs):
    """Backends at one end of a site, the user at the other; who holds it may run pairs on it."""

    def __init__(self, directory, tools, seconds, site=pairs.Site()):
        super().__init__(directory)
        self.tools, self.seconds, self.site = tools, seconds, site

    def __enter__(self):
        (self.directory / "temp").mkdir()
        (self.directory / "root").mkdir()
        (self.directory / "root" / "10k").write_bytes(b"x" * 10240)
        nginx = self.start(self.site.client, "nginx", "-p", self.directory, "-c", self.write("nginx.conf", NGINX % WEB))
        greet = self.start(self.site.client, self.tools / "load", "greet", GREET)
        self.await_listening(self.site.client, nginx, [WEB])
        self.await_listening(self.site.client, greet, [GREET])
        return self

    def pair(self, peer, only=None, directory=None):
        """A pair of that peer, with the services of all the works or just the one, in a directory; to be entered."""
        number = pairs.PEERS.index(peer)
        backends = {"greet": GREET, "web": WEB, "bulk": BULK + number}
        services = [pairs.Service(name, PUBLIC + 10 * number + i, backend)
                    for i, (name, backend) in enumerate(backends.items()) if only in (None, name)]
        directory = directory or self.directory / f"{peer.name}.{time.monotonic_ns()}"
        return pairs.Pair(peer, self.site, directory, pairs.CONTROL + number, services)

    def fresh(self, pair, service, n, at_once=1, path=None):
        """Connections made and ended: rate, errors and quantiles as load.c prints them."""
        words = ["fresh", *pair.address(service), n, at_once, *([path] if path else [])]
        result = json.loads(output(self.site.server, self.tools / "load", *words, seconds=120 + SPARE_S))
        if not result["connections"]:
            raise Failed("no connection came through")
        return result

    @contextlib.contextmanager
    def held(self, pair, n):
        """n greeted connections, open and silent."""
        with Programs(self.directory / f"held.{pair.peer.name}.{time.monotonic_ns()}") as programs:
            load = programs.start(self.site.server, self.tools / "load", "hold", *pair.address("greet"), n,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            held = json.loads(load.stdout.readline() or b"{}").get("connections", 0)
            if held < n:
                raise Failed(f"only {held} of {n} connections could be held open")
            yield

    def wrk(self, pair, connections, *options, seconds=None):
        seconds = seconds or self.seconds
        host, port = pair.address("web")
        result = json.loads(output(
            self.site.server, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "wrk.lua", *options,
            f"http://{host}:{port}/", seconds=seconds + SPARE_S).splitlines()[-1])
        if not result["rate"]:
            raise Failed("no request was answered")
        return result

    @contextlib.contextmanager
    def iperf3(self, pair, *options, seconds=None):
        """A run of iperf3, begun; the function it gives waits for its end and returns the bytes a second that arrived."""
        seconds = seconds or self.seconds
        port = next(s.backend for s in pair.services if s.name == "bulk")
        host, public = pair.address("bulk")
        with Programs(self.directory / f"iperf3.{pair.peer.name}.{time.monotonic_ns()}") as programs:
            server = programs.start(self.site.client, "iperf3", "-s", "-1", "-p", port)
            programs.await_listening(self.site.client, server, [port])
            client = programs.start(self.site.server, "iperf3", "-c", host, "-p", public, "-t", seconds, "-J", *options,
                                    stdout=subprocess.PIPE)

            def received():
                try:
                    text, _ = client.communicate(timeout=seconds + SPARE_S)
                except subprocess.TimeoutExpired:
                    raise Failed("iperf3 did not end") from None
                report = json.loads(text or b"{}")
                if "error" in report or "end" not in report:
                    raise Failed(f"iperf3: {report.get('error', 'no report')}")
                return report["end"]["sum_received"]["bits_per_second"] / 8

            yield received


@contextlib.contextmanager
def link(directory, tools, loss_permille):
    """A site whose server and client are 25 ms apart."""
    near, far = Place("near"), Place("far")
    with contextlib.ExitStack() as stack:
        for name in ("near", "far"):
            output(Place(), "ip", "netns", "add", name, seconds=10)
            stack.callback(output, Place(), "ip", "netns", "del", name, seconds=10)
            output(Place(), "ip", "-n", name, "link", "set", "lo", "up", seconds=10)
            # As on loopback: else a user's connect() looks for milliseconds among the ports of those who came before.
            output(Place(name), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse", seconds=10)
        programs = stack.enter_context(Programs(directory))
        line = programs.start(Place(), tools / "tundelay", "near0", "far0", DELAY_US, loss_permille, 0, stdout=subprocess.PIPE)
        if line.stdout.readline() != b"ready\n":
            raise Failed(f"no link: {programs.last_words(line)}")
        for name, address, other in (("near", "10.9.0.1", "10.9.0.2"), ("far", "10.9.0.2", "10.9.0.1")):
            device = f"{name}0"
            output(Place(), "ip", "link", "set", device, "netns", name, seconds=10)
            output(Place(), "ip", "-n", name, "addr", "add", address, "peer", other, "dev", device, seconds=10)
            output(Place(), "ip", "-n", name, "link", "set", device, "up", "txqueuelen", 10000, seconds=10)
        yield pairs.Site(near, far, "10.9.0.1", "10.9.0.2")
