"""Programs that the benchmark starts: where they run, when they are ready, what they used. Whatever was started is stopped."""

import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
LISTEN = "0A"


class Failed(Exception):
    """Something could not be measured: one sentence, why."""


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Place:
    """A network namespace to run programs in; the one that the benchmark itself runs in has no name."""

    def __init__(self, name=None):
        self.prefix = ["ip", "netns", "exec", name] if name else []

    def listening(self, pid):
        """The TCP ports that something listens on in the namespace of that process."""
        try:
            tables = [pathlib.Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
        except OSError:
            return set()  # it has ended
        rows = (line.split() for table in tables for line in table.splitlines())
        return {int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == LISTEN}


class Programs(contextlib.AbstractContextManager):
    """Starts programs, each with a log of its own in the directory, and stops them by their ids."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.started = []

    def __exit__(self, *_):
        for pid in self.tree():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.started:
            process.wait()

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def start(self, place, *command, env=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        with open(self.log(len(self.started)), "wb") as log:
            options.setdefault("stdout", log)
            process = subprocess.Popen(
                [*place.prefix, *map(str, command)],
                cwd=self.directory, env={**os.environ, **(env or {})}, stderr=log, **options)
        self.started.append(process)
        return process

    def await_listening(self, place, process, ports, seconds=20):
        until = time.monotonic() + seconds
        while not set(ports) <= place.listening(process.pid):
            if process.poll() is not None or time.monotonic() > until:
                raise Failed(f"nothing came to listen: {self.last_words(process)}")
            time.sleep(0.001)

    def log(self, number):
        return self.directory / f"{number}.log"

    def last_words(self, process):
        words = self.log(self.started.index(process)).read_text(errors="replace").strip().splitlines()
        return f"{' '.join(process.args)[:80]}: {words[-1][:200] if words else 'no word of why'}"

    def tree(self):
        """The ids of what was started and of its descendants."""
        parents = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parents[int(stat.parent.name)] = int(stat_fields(stat.parent.name)[1])
        found = {process.pid for process in self.started if process.poll() is None}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def cpu_seconds(self):
        """User and system time so far of everything that was started and still runs."""
        total = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                total += sum(map(int, stat_fields(pid)[11:13]))
        return total / TICKS

    def resident_bytes(self):
        total = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                total += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
        return total


def stat_fields(pid):
    """The fields of /proc/PID/stat behind the name, which may hold spaces: state, parent and so on."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def output(place, *command, seconds):
    """What a command that ends by itself prints."""
    words = [*place.prefix, *map(str, command)]
    try:
        ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end within {seconds:.0f} s") from None
    if ended.returncode:
        raise Failed(f"{command[0]} failed: {(ended.stderr or ended.stdout).strip()[-200:]}")
    return ended.stdout
