"""The programs that are compared: for each, how its server and its client are started around a list of backends.

Each runs at its best setting for the work here: pools as large as they may be, the fastest cipher, logs kept to errors.
"""

import dataclasses
import json
import pathlib
import shutil

from programs import Failed, Place, Programs, output

ENCRYPTED, PLAIN, REFERENCE = "encrypted", "plain", "reference"
CONTROL = 9000
BORE_CONTROL = 7835  # not to be chosen
POOL = 32
HERE = pathlib.Path(__file__).resolve().parent
IMAGE = HERE.parents[1] / "target" / "l4proxy"
JDK = HERE.parents[1] / "jlink" / "jdk.sh"
BARE_FLAGS = ["-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.readPollers=1", "-Djdk.writePollers=1", "-XX:+UseSerialGC"]
BARE_BETWEEN = 500  # above the public port


@dataclasses.dataclass(frozen=True)
class Site:
    """Where a pair runs: the server near the user, the client at the backends, and the addresses each is reached by."""

    server: Place = Place()
    client: Place = Place()
    near: str = "127.0.0.1"
    far: str = "127.0.0.1"


@dataclasses.dataclass(frozen=True)
class Service:
    name: str
    public: int
    backend: int


class Pair(Programs):
    """One peer's server and client, running."""

    def __init__(self, peer, site, directory, control, services):
        super().__init__(directory)
        self.peer, self.site, self.control, self.services = peer, site, control, services

    def __enter__(self):
        try:
            self.peer.start(self)
            if self.peer.kind != REFERENCE:
                self.await_listening(self.site.server, self.started[0], self.publics)
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def publics(self):
        return [service.public for service in self.services]

    def serve(self, *command, port=None, **options):
        """Starts the server, and waits until it listens for the client."""
        process = self.start(self.site.server, *command, **options)
        self.await_listening(self.site.server, process, [port or self.control])

    def join(self, *command, **options):
        self.start(self.site.client, *command, **options)

    def address(self, name):
        """Host and port of a service as the user reaches it."""
        service = next(service for service in self.services if service.name == name)
        return (self.site.far, service.backend) if self.peer.start is direct else (self.site.near, service.public)


def l4proxy(pair, plain=()):
    program = IMAGE / "bin" / "l4proxy"
    env = {"XDG_CONFIG_HOME": str(pair.directory / "config")}
    listen = f"{pair.site.near}:{pair.control}"
    config = pair.write("client.json", json.dumps({"services": [
        {"name": s.name, "host": "127.0.0.1", "port": s.backend, "publicPort": s.public} for s in pair.services]}))
    pair.serve(program, "server", "--host", pair.site.near, "--ctl_addr", listen, "--api_addr", "none",
               "--state_dir", "server", "--max_users", "0", env=env)
    pair.join(program, "client", "--svr_addr", listen, "--config", config, "--state_dir", "client", *plain, env=env)


def l4proxy_plain(pair):
    l4proxy(pair, ["--plain_tunnels"])


def frp(pair, mux=True, tls=True):
    common = {"tcpMux": mux}
    log = {"to": "console", "level": "error"}
    server = pair.write("frps.json", json.dumps({
        "bindAddr": pair.site.near, "bindPort": pair.control, "log": log, "transport": {**common, "maxPoolCount": POOL}}))
    client = pair.write("frpc.json", json.dumps({
        "serverAddr": pair.site.near, "serverPort": pair.control, "log": log,
        "transport": {**common, "poolCount": POOL, "tls": {"enable": tls}},
        "proxies": [{"name": s.name, "type": "tcp", "localIP": "127.0.0.1", "localPort": s.backend, "remotePort": s.public}
                    for s in pair.services]}))
    pair.serve("frps", "-c", server)
    pair.join("frpc", "-c", client)


def frp_nomux(pair):
    frp(pair, mux=False)


def frp_plain(pair):
    frp(pair, tls=False)


def frp_plain_nomux(pair):
    frp(pair, mux=False, tls=False)


def rathole(pair, transport=("", "")):
    listen = f"{pair.site.near}:{pair.control}"
    server = f'[server]\nbind_addr = "{listen}"\ndefault_token = "bench"\n' + transport[0]
    client = f'[client]\nremote_addr = "{listen}"\ndefault_token = "bench"\n' + transport[1]
    for s in pair.services:
        server += f'[server.services.{s.name}]\nbind_addr = "{pair.site.near}:{s.public}"\n'
        client += f'[client.services.{s.name}]\nlocal_addr = "127.0.0.1:{s.backend}"\n'
    env = {"RUST_LOG": "error"}
    pair.serve("rathole", "--server", pair.write("server.toml", server), env=env)
    pair.join("rathole", "--client", pair.write("client.toml", client), env=env)


def rathole_noise(pair):
    private, public = output(Place(), "rathole", "--genkey", seconds=10).split("\n\n")[:2]
    noise = '[{0}.transport]\ntype = "noise"\n[{0}.transport.noise]\n{1} = "{2}"\n'
    rathole(pair, (noise.format("server", "local_private_key", private.splitlines()[-1]),
                   noise.format("client", "remote_public_key", public.splitlines()[-1])))


def bore(pair):
    env = {"RUST_LOG": "error"}
    pair.serve("bore", "server", port=BORE_CONTROL, env=env)
    for s in pair.services:
        pair.join("bore", "local", s.backend, "--local-host", "127.0.0.1", "--to", pair.site.near, "--port", s.public, env=env)


def chisel(pair):
    pair.serve("chisel", "server", "--host", pair.site.near, "--port", pair.control, "--reverse")
    pair.join("chisel", "client", f"http://{pair.site.near}:{pair.control}",
              *(f"R:{pair.site.near}:{s.public}:127.0.0.1:{s.backend}" for s in pair.services))


def ssh(pair):
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # compiled in
    for key in ("host", "user"):
        if not (pair.directory / key).exists():
            output(Place(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", pair.directory / key, seconds=10)
    config = pair.write("sshd_config", f"""
        ListenAddress {pair.site.near}:{pair.control}
        HostKey {pair.directory / "host"}
        AuthorizedKeysFile {pair.directory / "user.pub"}
        PidFile none
        UsePAM no
        StrictModes no
        PasswordAuthentication no
        PermitRootLogin yes
        GatewayPorts clientspecified
        """)
    pair.serve(shutil.which("sshd"), "-D", "-e", "-f", config)  # sshd insists on an absolute path
    options = {"BatchMode": "yes", "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null",
               "LogLevel": "ERROR", "Ciphers": "aes128-gcm@openssh.com", "ExitOnForwardFailure": "yes"}
    forwards = (word for s in pair.services for word in ("-R", f"{pair.site.near}:{s.public}:127.0.0.1:{s.backend}"))
    pair.join("ssh", "-F", "none", "-N", "-i", pair.directory / "user", *(f"-o{k}={v}" for k, v in options.items()),
              "-p", pair.control, *forwards, f"root@{pair.site.near}")


def haproxy(pair):
    sections = (f"listen {s.name}\n  bind {pair.site.near}:{s.public} backlog 4096\n"
                f"  server backend {pair.site.far}:{s.backend}\n" for s in pair.services)
    config = pair.write("haproxy.cfg", "global\n  maxconn 9000\ndefaults\n  mode tcp\n  maxconn 9000\n"
                        "  timeout connect 10s\n  timeout client 1h\n  timeout server 1h\n" + "".join(sections))
    pair.serve("haproxy", "-db", "-f", config, port=pair.publics[0])


def bare_java(program):
    """The command that runs it on the JVM and with the flags of the image."""
    return [pathlib.Path(output(Place(), JDK, seconds=10).strip()) / "bin" / "java", *BARE_FLAGS, HERE / program]


def bare(pair):
    """Two relays that do nothing else."""
    java = bare_java("Bare.java")
    between = [s.public + BARE_BETWEEN for s in pair.services]
    pair.join(*java, *(f"{port}:{s.backend}" for port, s in zip(between, pair.services)))
    pair.await_listening(pair.site.client, pair.started[0], between)
    pair.serve(*java, *(f"{s.public}:{port}" for port, s in zip(between, pair.services)), port=pair.publics[0])


def direct(pair):
    pass


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    kind: str
    needs: tuple
    start: object

    @property
    def ours(self):
        return not self.needs and self.kind != REFERENCE

    def missing(self):
        """What is not there of what it needs, or None."""
        if self.ours and not (IMAGE / "bin" / "l4proxy").exists():
            raise Failed(f"{IMAGE} is not there: build it with ./jlink/run --version")
        return next((need for need in self.needs if not shutil.which(need)), None)


PEERS = [
    Peer("l4proxy", ENCRYPTED, (), l4proxy),
    Peer("frp", ENCRYPTED, ("frps", "frpc"), frp),
    Peer("frp-nomux", ENCRYPTED, ("frps", "frpc"), frp_nomux),
    Peer("rathole-noise", ENCRYPTED, ("rathole",), rathole_noise),
    Peer("chisel", ENCRYPTED, ("chisel",), chisel),
    Peer("ssh", ENCRYPTED, ("sshd", "ssh", "ssh-keygen"), ssh),
    Peer("l4proxy-plain", PLAIN, (), l4proxy_plain),
    Peer("frp-plain", PLAIN, ("frps", "frpc"), frp_plain),
    Peer("frp-plain-nomux", PLAIN, ("frps", "frpc"), frp_plain_nomux),
    Peer("rathole", PLAIN, ("rathole",), rathole),
    Peer("bore", PLAIN, ("bore",), bore),
    Peer("haproxy", REFERENCE, ("haproxy",), haproxy),
    Peer("bare", REFERENCE, (), bare),
    Peer("direct", REFERENCE, (), direct),
]
