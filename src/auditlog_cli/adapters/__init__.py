"""One file = one agent framework (frameworks.md, 7), whose hooks become records of a session.

No module here is imported by another room, and by a command only when it runs. An adapter imports its framework
inside the function that needs it, never at the top: `import auditlog_cli.adapters.langchain` works without LangChain,
and what needs it raises `FrameworkMissing` with the versions that are known to work.

Every adapter

- takes `session=` or `session_for=`, a function from the framework's context to a session; without either, the session
  of the running code is used; without that, `NoSession` is raised (`chosen`);
- writes the start of a tool call before the tool runs and lets no failure of it pass: in the dialect in which the
  framework understands "stop", and by the session, which stays failed and raises at its end;
- is held to tests/adapters/contract.py with the real framework.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from auditlog_cli.errors import UsageError

if TYPE_CHECKING:
    from auditlog_cli.capture.session import Session

T = TypeVar("T")


class FrameworkMissing(UsageError):
    """A framework is not installed, or is too old or too new for its adapter."""


def chosen(session: Session | None, session_for: Callable[[Any], Session] | None, context: Any) -> Session:
    """Return the session that a hook records into.

    Args:
        session: The session that was given to the adapter.
        session_for: What finds it in the framework's context, if that was given.
        context: The framework's context, for `session_for`.

    Raises:
        NoSession: If neither was given and the running code is in no session.
    """
    if session is not None:
        return session
    if session_for is not None:
        return session_for(context)
    from auditlog_cli.capture.context import current_session  # a hook that is a process of its own needs no session

    return current_session()


def derived(name: str, ours: type[T], base: type, module: str) -> type[T]:
    """Return a class as a framework accepts it: ours, on top of its own.

    Args:
        name: What it is called in `module`.
        ours: What it does, and its docstring.
        base: The framework's class.
        module: The adapter (`__name__`).
    """
    body = {"__doc__": ours.__doc__, "__module__": module}
    made = types.new_class(name, (ours, base), {}, lambda names: names.update(body))
    return cast("type[T]", made)


def missing(framework: str, versions: str, cause: ImportError) -> FrameworkMissing:
    """Return the error that says which packages an adapter needs.

    Args:
        framework: The adapter's name, for people: `LangChain`.
        versions: What is to be installed: `langchain>=1 langgraph>=1`.
        cause: What the import said.
    """
    return FrameworkMissing(
        f"{framework} cannot be used: {cause}", help=f"pip install {' '.join(repr(each) for each in versions.split())}"
    )
