"""Make a Python environment from a hash-pinned lock file: whole, or not at all.

Run by tools/setup.sh under the interpreter that the environment will use. Standard library only:
it is what makes the libraries available. The reasons are in docs/decisions/0001 to 0003.

The order that makes a kill at any instruction harmless: everything is built in a draft folder,
the stamp that vouches for it is written last, and a rename puts it in place. Whoever finds no
stamp, or one of another lock file, starts over.
"""

import compileall
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
import warnings
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

ROOT = Path(__file__).resolve().parent.parent
# The launcher compares this file with the first line of the lock file.
STAMP = "built-from"

# Ten minutes: a slow line needs two or three for some 20 MB; beyond that it is not moving.
INSTALL_LIMIT_S = 600
# Another set-up takes half a minute, a few on a slow line. cron asks again every minute, so
# waiting longer would only pile up processes.
WAIT_LIMIT_S = 300

EXIT_FAILED = 2
EXIT_BUSY = 75


class SetupError(Exception):
    """The environment could not be made; says what, and how to mend it."""

    def __init__(self, what: str, remedy: str, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(f"{what}\n  To mend: {remedy}")
        self.exit_code = exit_code


def main(arguments: list[str]) -> int:
    """Make the environment ``arguments[0]`` from the lock file ``arguments[1]``, unless it is whole."""
    environment, lock_file = (ROOT / name for name in arguments)
    # As an exception, so that a termination cleans up and ends the installer like ^C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        wanted = read_digest(lock_file)
        with only_one(environment):
            if not is_whole(environment, wanted):
                make(environment, lock_file, wanted)
    except KeyboardInterrupt:
        return 130
    except SetupError as error:
        say(str(error))
        return error.exit_code
    except OSError as error:
        remedy = "check the disk and who owns the folder; run ./tinyscheduler once as that user."
        say(str(SetupError(f"cannot make {environment}: {error}", remedy)))
        return EXIT_FAILED
    return 0


def say(text: str) -> None:
    """Tell the person what is going on; standard output belongs to the command they asked for."""
    print(f"tinyscheduler: {text}", file=sys.stderr, flush=True)


def read_digest(lock_file: Path) -> str:
    """Return the first line of a lock file, which is the digest of the rest.

    Raises: SetupError when it is not, for an edit that keeps the old digest would go unnoticed.
    """
    first, _, rest = lock_file.read_text(encoding="utf-8").partition("\n")
    if first != digest_line(rest):
        raise SetupError(
            f"{lock_file.name} was changed by hand or is incomplete.",
            f"git checkout {lock_file.name}, or change pyproject.toml and run make lock.",
        )
    return first


def digest_line(pins: str) -> str:
    """Return the line that a lock file with these pins opens with."""
    return f"# sha256 of the lines below: {hashlib.sha256(pins.encode()).hexdigest()}"


@contextlib.contextmanager
def only_one(environment: Path) -> Iterator[None]:
    """Hold the lock of one environment, or wait for it.

    The kernel frees a flock when its holder dies, however it dies, so it cannot go stale. The
    file is never removed: whoever waits on a removed file would hold a lock nobody else sees.

    Raises: SetupError after WAIT_LIMIT_S.
    """
    with open(f"{environment}.lock", "w") as lock:
        deadline = time.monotonic() + WAIT_LIMIT_S
        said = False
        while not try_lock(lock.fileno()):
            if not said:
                say(f"another process is making {environment.name}; waiting at most {WAIT_LIMIT_S} s")
                said = True
            if time.monotonic() > deadline:
                raise SetupError(
                    f"{environment.name} is still being made by another process after {WAIT_LIMIT_S} s.",
                    f"try again later; to see who holds it: fuser {environment}.lock",
                    EXIT_BUSY,
                )
            time.sleep(0.1)
        yield


def try_lock(descriptor: int) -> bool:
    """Take the lock if it is free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_whole(environment: Path, wanted: str) -> bool:
    """Tell whether the environment is finished, of this lock file, and still has its interpreter."""
    stamp = environment / STAMP
    if not os.access(python_of(environment), os.X_OK) or not stamp.exists():
        return False
    return stamp.read_text() == f"{wanted}\n"


def python_of(environment: Path) -> Path:
    """Return the interpreter of an environment."""
    return environment / "bin" / "python"


def make(environment: Path, lock_file: Path, wanted: str) -> None:
    """Build the environment beside its place and put it there. The lock must be held."""
    if sys.platform != "linux":
        raise SetupError(f"{sys.platform} is not supported.", "use Linux; the lock file is for Linux.")
    began = time.monotonic()
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"setting up {environment.name} (once): Python {version} of {sys.executable}")
    # The process id keeps us apart from the installer of a killed set-up, which may still be writing.
    draft = environment.with_name(f"{environment.name}.new-{os.getpid()}")
    sweep(environment)
    try:
        venv.EnvBuilder(symlinks=True, prompt="tinyscheduler").create(draft)
        install(draft, lock_file)
        finish(draft, environment, wanted)
        swap(draft, environment)
    finally:
        sweep(environment)
    say(f"{environment.name} is ready after {time.monotonic() - began:.0f} s")


def sweep(environment: Path) -> None:
    """Remove the drafts and replaced environments that a killed set-up has left."""
    for pattern in (".new-*", ".old-*"):
        for litter in environment.parent.glob(environment.name + pattern):
            shutil.rmtree(litter, ignore_errors=True)


def install(draft: Path, lock_file: Path) -> None:
    """Install exactly the locked files, by uv where there is one, else by the pip we carry.

    uv does not read pip's configuration, so on a machine with a mirror or a proxy of its own it
    may fail where pip does not: a failure of uv is said, and pip has the last word.

    Raises: SetupError with the last lines of the installer.
    """
    words = ""
    for name, command in installers(draft):
        say(f"installing the libraries of {lock_file.name} with {name}")
        # Only wheels: building from source would run code that no hash pins.
        pinned = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--requirement", str(lock_file)]
        finished = run_installer(command + pinned)
        if finished.returncode == 0:
            return
        words = "\n    ".join(finished.stdout.strip().splitlines()[-8:])
        say(f"{name} failed with code {finished.returncode}:\n    {words}")
    raise SetupError(
        "the libraries could not be installed; nothing was changed.",
        "check the network (proxy: HTTPS_PROXY; mirror: pip config list), then start again.",
    )


def installers(draft: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the command of each installer to try, in order."""
    python = str(python_of(draft))
    if uv := shutil.which("uv"):
        yield "uv", [uv, "pip", "install", "--quiet", "--python", python]
    # ensurepip is a package of its own on Debian and often missing, so it is never used.
    for wheel in (ROOT / "vendor").glob("pip-*.whl"):
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-compile"]
        # --no-user: a PIP_USER=1 of the machine must not send the libraries home.
        yield "pip", [python, "-I", f"{wheel}/pip", "install", "--no-user", *quiet]


def run_installer(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run one installer and keep what it says.

    Raises: SetupError when it does not end.
    """
    process = None
    try:
        with held_signals():
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        said, _ = process.communicate(timeout=INSTALL_LIMIT_S)
        return subprocess.CompletedProcess(command, process.returncode, said)
    except subprocess.TimeoutExpired as error:
        raise SetupError(
            f"the installer did not end within {INSTALL_LIMIT_S} s; nothing was changed.",
            "check the network and start again.",
        ) from error
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()


@contextlib.contextmanager
def held_signals() -> Iterator[None]:
    """What would end us waits until the installer is known: one that is only just started would live on."""
    met: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: met.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for late in met:
        signal.raise_signal(late)


def finish(draft: Path, environment: Path, wanted: str) -> None:
    """Make a draft whole: the way to our source, bytecode, names, and last the stamp."""
    [libraries] = draft.glob("lib/python3*/site-packages")
    # Relative to itself, so that a moved or copied clone runs its own source.
    (libraries / "tinyscheduler.pth").write_text("../../../../src\n")
    compile_bytecode(libraries, draft, environment)
    rename_in_scripts(draft, environment)
    # A stamp that outlives a power cut must not vouch for libraries that did not.
    os.sync()
    (draft / STAMP).write_text(f"{wanted}\n")


def compile_bytecode(libraries: Path, draft: Path, environment: Path) -> None:
    """Compile the libraries and our source now; some machines forbid writing bytecode later.

    Libraries never change in place, so theirs is never compared with the source: it stays good when
    a clone is copied, which changes file times. Ours is edited and pulled: it goes by file time.
    """
    warnings.simplefilter("ignore")  # of code that is not ours, about things that still work
    compileall.compile_dir(
        libraries,
        quiet=2,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        # The name in tracebacks; a wrong one would also be mended at every import.
        stripdir=str(draft),
        prependdir=str(environment),
    )
    compileall.compile_dir(ROOT / "src", quiet=2, invalidation_mode=PycInvalidationMode.TIMESTAMP)


def rename_in_scripts(draft: Path, environment: Path) -> None:
    """Let pytest, activate and the like name the place where the environment will be."""
    for script in (draft / "bin").iterdir():
        content = b"" if script.is_symlink() else script.read_bytes()
        if content.startswith(b"#"):
            script.write_bytes(content.replace(os.fsencode(draft), os.fsencode(environment)))


def swap(draft: Path, environment: Path) -> None:
    """Put the draft in place. Between the two renames there is none, which the launcher mends."""
    if os.path.lexists(environment):
        environment.rename(environment.with_name(f"{environment.name}.old-{os.getpid()}"))
    draft.rename(environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
