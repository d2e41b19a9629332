"""A real sshd on loopback, and clients with one key a user."""

import os
import pwd
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from peers.servers import LOOPBACK, PATIENCE, free_port, listens, program, wait_for
from world import Clone


def public_key(folder: Path, user: str) -> str:
    """Give a user's public key; the pair is made once, as ``USER`` and ``USER.pub``."""
    key = folder / user
    if not key.exists():
        told = ["-q", "-t", "ed25519", "-N", "", "-C", user, "-f", str(key)]
        subprocess.run([program("ssh-keygen"), *told], check=True)
    return key.with_name(f"{user}.pub").read_text().strip()


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running sshd, and the folder with its users' keys."""

    folder: Path
    port: int

    def client(self, user: str) -> Path:
        """Give an ssh configuration in which ``registry`` is this server, with a user's key."""
        public_key(self.folder, user)
        path = self.folder / f"{user}.config"
        path.write_text(f"""\
Host registry
    HostName {LOOPBACK}
    Port {self.port}
    User {pwd.getpwuid(os.getuid()).pw_name}
    IdentityFile {self.folder / user}
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {self.folder / "known_hosts"}
    StrictHostKeyChecking yes
    KexAlgorithms curve25519-sha256
    BatchMode yes
    LogLevel ERROR
""")
        return path

    def command(self, user: str) -> str:
        """Give what a user's Git is to run as ssh."""
        return f"{program('ssh')} -F {self.client(user)}"

    def move_in(self, clone: Clone, path: str) -> Clone:
        """Let a clone push through this server from now on; it still fetches from the disk."""
        clone.git("remote", "set-url", "--push", "origin", f"registry:{path}")
        clone.git("config", "core.sshCommand", self.command(clone.user))
        return clone

    def run(self, user: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Let a user's ssh connect with more words, as a hand might type them."""
        return subprocess.run(
            [program("ssh"), "-F", str(self.client(user)), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
        )


@contextmanager
def sshd(
    folder: Path, authorized_keys: Path, *, accept: str = "", home: Path | None = None
) -> Iterator[Sshd]:
    """Run an sshd as whoever runs the tests; ``accept`` is what it takes from clients' variables.

    Git behind it sees ``home``, and none of this machine's settings.
    """
    daemon = program("sshd")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    host_key = public_key(folder, "host")
    configuration = folder / "sshd_config"
    configuration.write_text(f"""\
ListenAddress {LOOPBACK}
HostKey {folder / "host"}
PidFile none
AuthorizedKeysFile {authorized_keys}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AcceptEnv LANG LC_* GIT_PROTOCOL {accept}
SetEnv HOME={home or folder} GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
Subsystem sftp internal-sftp
MaxStartups 100
LogLevel VERBOSE
""")
    log = folder / "sshd.log"
    port = free_port()
    command = [daemon, "-D", "-f", str(configuration), "-E", str(log), "-p", str(port)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _up(process, port, log), pause=_wait(process), what="sshd")
            known = f"[{LOOPBACK}]:{port} {host_key}\n"
            (folder / "known_hosts").write_text(known)
            yield Sshd(folder, port)
        finally:
            _stop(process)


def _up(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    assert process.poll() is None, f"sshd ended at once: {log.read_text()}"
    return listens(port)


def _wait(process: subprocess.Popen[bytes]) -> Callable[[float], None]:
    def pause(seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    return pause


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
