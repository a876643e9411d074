"""What LangChain's objects say, read from their dictionaries; and LangChain missing. Runs without it."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.adapters import FrameworkMissing
from auditlog_cli.adapters import _langchain_shapes as shapes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("name", ["AuditHandler", "AuditMiddleware"])
def test_without_langchain_one_clear_error_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditlog_cli.adapters import langchain

    langchain._handler.cache_clear()
    langchain._middleware.cache_clear()
    for module in ("langgraph.callbacks", "langchain_core.callbacks", "langchain.agents.middleware"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FrameworkMissing, match="LangChain cannot be used") as error:
        getattr(langchain, name)
    assert error.value.help == "pip install 'langchain>=1.3' 'langchain-core>=1.4' 'langgraph>=1.2.6'"


@pytest.mark.parametrize("name", ["AuditHandler", "AuditMiddleware"])
def test_a_langchain_that_is_too_old_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would leave out which agent acts, and record calls twice."""
    from auditlog_cli.adapters import langchain

    langchain._handler.cache_clear()
    langchain._middleware.cache_clear()
    versions = {"langchain": "1.10.0rc1", "langchain-core": "1.4.0", "langgraph": "1.2.5"}
    monkeypatch.setattr(langchain, "version", versions.__getitem__)
    with pytest.raises(FrameworkMissing, match=r"langgraph 1\.2\.5 is older than 1\.2\.6"):
        getattr(langchain, name)


def test_the_module_is_imported_without_its_framework() -> None:
    code = (
        "import sys, auditlog_cli.adapters.langchain, auditlog_cli.adapters._langchain_handler, "
        "auditlog_cli.adapters._langchain_middleware; "
        "sys.exit(any(name.split('.')[0] in ('langchain', 'langchain_core', 'langgraph') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_an_attribute_error() -> None:
    from auditlog_cli.adapters import langchain

    with pytest.raises(AttributeError, match="Handler"):
        langchain.Handler


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"messages": [{"role": "user", "content": "hello"}]}, "hello"),
        ({"messages": [SimpleNamespace(type="ai", content="done", tool_calls=[])]}, "done"),
        ({"messages": "hello"}, "hello"),
        ({"messages": [("user", "hello")]}, ("user", "hello")),
        ({"question": "why?"}, {"question": "why?"}),
        ("plain", "plain"),
        (SimpleNamespace(content="a message"), "a message"),
        ({"messages": []}, {"messages": []}),
    ],
)
def test_the_last_message_is_found_in_every_form(state: Any, text: Any) -> None:
    assert shapes.last(state) == text


def test_the_system_prompt_stands_by_itself() -> None:
    told, system = shapes.prompt(
        [{"role": "system", "content": "be kind"}, SimpleNamespace(type="human", content="hi")]
    )
    assert (told, system) == ([{"role": "user", "content": "hi"}], "be kind")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (True, "approved"),
        (False, "denied"),
        ({"type": "approve"}, "approved"),
        ({"type": "accept"}, "approved"),
        ({"type": "edit"}, "edited"),
        ({"type": "reject", "message": "no"}, "denied"),
        ({"type": "respond", "message": "42"}, "denied"),
        ("yes", None),
        ("approve", None),
        (1, None),
        (None, None),
        ({"approved": True}, None),
        ({"type": ["approve"]}, None),
    ],
)
def test_only_what_is_clearly_a_decision_is_one(answer: Any, verdict: str | None) -> None:
    assert shapes.verdict(answer) == verdict


@pytest.mark.parametrize(
    ("value", "calls", "form"),
    [
        ({"action_requests": [{"name": "pay", "args": {"a": 1}, "description": "why"}]}, [("pay", {"a": 1}, "why")], "list"),
        ({"action_requests": [{"name": "pay", "args": {}}, {"args": {}}]}, [], "plain"),
        ({"type": "tool_approval", "name": "pay", "args": {}, "tool_call_id": "c"}, [("pay", {}, None)], "one"),
        ("Pay?", [], "plain"),
        ({"action_requests": "pay"}, [], "plain"),
        (None, [], "plain"),
    ],
)  # fmt: skip
def test_what_an_interrupt_asks_about(value: Any, calls: Any, form: str) -> None:
    assert shapes.requests(value) == calls
    assert shapes.form(value) == form


@given(JSON, st.integers(1, 5))
def test_every_call_gets_an_answer(value: Any, count: int) -> None:
    """Whatever a person's client sends: as many answers as there were questions, and no exception."""
    answers = shapes.answers(value, count)
    assert len(answers) == count
    for each in answers:
        shapes.verdict(each)
        shapes.edited(each)
        shapes.reason(each)


@given(JSON)
def test_no_value_of_a_state_is_too_odd_to_be_read(value: Any) -> None:
    shapes.last(value)
    shapes.requests(value)
    shapes.outcome(value, "c1")
    shapes.documents(value)


def test_a_tool_that_moves_the_graph_on_tells_where_to_and_what_the_model_is_told() -> None:
    update = {"messages": [{"content": "transferred", "tool_call_id": "c1", "role": "tool"}]}
    output = SimpleNamespace(update=update, goto="refunder")
    message = {"role": "tool", "content": "transferred", "tool_call_id": "c1"}
    assert shapes.outcome(output, "c1") == ({"goto": "refunder", "message": "transferred"}, False)
    assert shapes.outcome(output, "other") == ({"goto": "refunder"}, False)
    assert shapes.message(update["messages"][0]) == message


def test_a_tool_message_says_whether_it_failed() -> None:
    output = SimpleNamespace(content="no", status="error", tool_call_id="c1")
    assert shapes.outcome(output, "c1") == ("no", True)
    assert shapes.outcome({"tool_call_id": "c1", "status": "error"}, "c1")[1] is False


def test_usage_and_model_come_from_the_answer() -> None:
    message = SimpleNamespace(
        content="hi", type="ai", usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
        response_metadata={"model_name": "m-1"},
    )  # fmt: skip
    told = {"response": "hi", "usage": {"input_tokens": 1, "output_tokens": 2}, "model": "m-1"}
    generation = SimpleNamespace(message=message, text="hi")
    assert shapes.answered(SimpleNamespace(generations=[[generation]])) == told
    assert shapes.answered(SimpleNamespace(result=[message])) == told
    assert shapes.answered(message) == told
    text_only = SimpleNamespace(generations=[[SimpleNamespace(text="hi")]])
    assert shapes.answered(text_only) == {"response": "hi"}
