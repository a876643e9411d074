"""The published schemas: valid, self-contained, and true to record.md for ever."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.validator import compiled, reference, schemas, structure
from tests.validator.everything import EVERYTHING

ARTICLE = (
    '{"timestamp":"2026-06-01T14:23:11Z","session_id":"sess_9xk2m7","trace_id":"trace_4p8r1q","user":{"id":"user_01HXKP2M",'
    '"email":"alice@example.com"},"agent":{"id":"agent_client_7f3n","name":"document-summarizer","version":"1.2.0"},'
    '"authorization":{"scopes":["documents:read","summaries:write"],"session_type":"human_approved","approved_by":"user_01HXKP2M",'
    '"approved_at":"2026-06-01T14:21:03Z","expires_at":"2026-06-01T15:21:03Z"},"action":{"type":"tool_invocation","tool":'
    '"read_document","arguments":{"document_id":"doc_88pk3r","format":"text"},"result_status":"success","latency_ms":218},'
    '"delegation_chain":[{"actor":"user_01HXKP2M","role":"initiator"},{"actor":"agent_client_7f3n","role":"executor"}]}'
)


def test_the_article_is_valid_for_ever() -> None:
    """The record of the article in which the six questions were put. Never change this test."""
    record = json.loads(ARTICLE)
    for definition in ("six-questions", "record"):
        assert compiled.verdict(definition)(record)
        assert not reference.faults(definition, record)
    assert not structure.unknown(record, structure.RECORD)


def test_the_article_in_the_specification_is_the_same(shared: Path) -> None:
    assert (shared / "spec/examples.jsonl").read_text().splitlines()[0] == ARTICLE


@pytest.mark.parametrize("name", schemas.names())
def test_each_schema_is_a_schema_and_names_itself(name: str) -> None:
    schema: Any = schemas.load(name)
    Draft202012Validator.check_schema(schema)
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == f"urn:auditlog:schema:{name}"
    assert schema["title"] == f"auditlog.{name.replace('-', '/')}"


@pytest.mark.parametrize("name", schemas.names())
def test_each_schema_refers_to_itself_only(name: str) -> None:
    """It can be used anywhere, offline."""
    text = json.dumps(schemas.load(name))
    definitions: Any = schemas.load(name).get("$defs", {})
    for reference_ in re.findall(r'"\$ref": "([^"]*)"', text):
        assert reference_.startswith("#/$defs/")
        assert reference_.removeprefix("#/$defs/") in definitions
    if name == "record-1":
        used = set(re.findall(r'"\$ref": "#/\$defs/([^"]*)"', text)) | {"record"}
        assert set(definitions) == used, "a definition that nothing uses"


def test_alternatives_are_told_apart_by_conditions() -> None:
    """No `anyOf`, `oneOf` or `not` that could fail: every failure has one cause, and no best match is guessed."""
    stack: list[Any] = [schemas.load("record")]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += node
        elif isinstance(node, dict):
            if "title" in node or "type" in node or "properties" in node:
                assert not {"anyOf", "oneOf"} & set(node), node
            stack += [each for name, each in node.items() if name != "if"]


def test_both_profiles_can_be_referred_to_from_outside() -> None:
    registry = jsonschema_rs.Registry([("urn:auditlog:schema:record-1", schemas.load("record"))])
    for anchor, valid in (("record", True), ("six-questions", False)):
        outside = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": f"urn:auditlog:schema:record-1#{anchor}"}  # fmt: skip
        judge = jsonschema_rs.Draft202012Validator(outside, registry=registry, offline=True)
        assert judge.is_valid({"timestamp": "2026-06-01T14:23:11Z", "session_id": "s", "trace_id": "t"}) is valid


def test_a_record_with_every_member_is_valid() -> None:
    assert not compiled.faults("six-questions", EVERYTHING)
    assert not structure.unknown(EVERYTHING, structure.RECORD)


# Every member that record.md and the field contract (compliance.md, 2.1) name.
_NAMES = """
timestamp session_id trace_id record_id span_id parent_span_id source.host source.ip source.component user.id
user.type user.name user.email user.auth_method user.tenant agent.id agent.name agent.version agent.model
agent.provider agent.owner agent.auth_method authorization.scopes authorization.session_type authorization.expires_at
authorization.grant_id authorization.approved_by authorization.approved_at authorization.emergency.active
authorization.emergency.reason authorization.emergency.ticket action.type action.tool action.arguments
action.result_status action.result action.call_id action.error action.latency_ms action.resource action.effect
action.phase action.sandboxed action.arguments_sha256 action.tool_sha256 delegation_chain.0.actor
delegation_chain.0.role delegation_chain.0.type delegation_chain.0.scopes delegation_chain.0.delegated_at
delegation_chain.0.expires_at approval.id approval.status approval.requested_at approval.decided_at
approval.decided_by approval.tool approval.arguments_sha256 prompt.text prompt.sha256 prompt.system_sha256
response.text response.sha256 usage.input_tokens usage.output_tokens usage.cost_usd policy.id policy.version
policy.decision policy.rules data.subject_ids data.categories data.purpose data.basis data.special_basis
data.recipient data.recipient_country data.transfer_basis data.records_count data.fields data.sources
data.deidentified data.record_class data.patient_authorization decision.effect decision.outcome decision.basis
decision.exception decision.human_reviewer decision.ground decision.contest_info decision.explanation_ref
decision.subject_informed incident.id incident.kind incident.phase consent.status review.of review.grant_id
review.outcome review.reason change.ticket change.before_sha256 change.after_sha256 memory.owner memory.source
memory.trust memory.scope memory.reviewed message.id message.from message.to message.direction message.authenticated
message.text disclosure.ai_disclosed disclosure.content_marked biometric.started_at biometric.ended_at
biometric.reference_db biometric.input_ref biometric.verifiers retention.delete_after retention.legal_hold metadata
provenance.import provenance.ingest seq prev _salts
"""
MEMBERS = _NAMES.split()


@pytest.mark.parametrize("path", MEMBERS)
def test_every_member_of_the_specification_is_known(path: str) -> None:
    value: Any = EVERYTHING
    for step in path.split("."):
        value = value[int(step)] if step.isdigit() else value[step]


def test_nothing_else_is_known() -> None:
    """A member of the schema stands in record.md or in the field contract."""
    top = {path.partition(".")[0] for path in MEMBERS}
    assert set(EVERYTHING) == top
    for block in top:
        if isinstance(EVERYTHING[block], dict) and block != "metadata":
            assert {path.split(".")[1] for path in MEMBERS if path.startswith(f"{block}.")} == set(EVERYTHING[block])


def test_names() -> None:
    assert {"record-1", "finding-1", "validation-1"} <= set(schemas.names())
    assert schemas.path("record") == schemas.path("record-1")
    with pytest.raises(UsageError, match="no schema"):
        schemas.path("rekord")


def test_the_newest_version_is_meant_by_the_bare_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("record-1", "record-2", "record-10", "recorder-11"):
        (tmp_path / f"{name}.schema.json").write_text("{}")
    monkeypatch.setattr(schemas, "folder", lambda: str(tmp_path))
    assert schemas.path("record").endswith("record-10.schema.json")


def test_a_damaged_installation_is_a_definition_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "_PACKAGE", str(tmp_path / "a" / "b" / "c"))
    with pytest.raises(DefinitionError, match="missing"):
        schemas.folder()
    (tmp_path / "x-1.schema.json").write_bytes(b'{"a":1,"a":2}')
    monkeypatch.setattr(schemas, "folder", lambda: str(tmp_path))
    with pytest.raises(DefinitionError, match="occurs twice"):
        schemas.load("x")
