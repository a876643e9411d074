"""Which plug-ins there are: one file in a folder of the package = one plug-in, its name is its id."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_HERE = os.path.dirname(os.path.abspath(__file__))
_names: dict[str, tuple[str, ...]] = {}


def names(folder: str) -> tuple[str, ...]:
    """Return the ids of the plug-ins in `folder` of this package, sorted.

    Args:
        folder: `decoders`, `renderers`, `cli/commands`, …
    """
    if folder not in _names:
        try:
            files = os.listdir(os.path.join(_HERE, *folder.split("/")))
        except OSError:  # inside a zip
            import pkgutil

            package = load(folder, "")
            files = [f"{module.name}.py" for module in pkgutil.iter_modules(package.__path__) if not module.ispkg]
        found = {file.partition(".")[0] for file in files if file.endswith((".py", ".so")) and file[0] != "_"}
        _names[folder] = tuple(sorted(found))
    return _names[folder]


def groups(folder: str) -> tuple[str, ...]:
    """Return the folders of plug-ins inside `folder`, sorted: `packs` of `cli/commands` holds `packs list` and more."""
    import pkgutil

    return tuple(sorted(module.name for module in pkgutil.iter_modules(load(folder, "").__path__) if module.ispkg))


def load(folder: str, name: str) -> ModuleType:
    """Return the plug-in module `name` of `folder`, imported now if it was not.

    >>> load("decoders", "tutorial").HINT[:5]
    'lines'
    """
    path = ".".join(part for part in ("auditlog_cli", *folder.split("/"), name) if part)
    __import__(path)  # importlib would bring `warnings` to the start path
    return sys.modules[path]
