"""Records without personal data, made of what logs are full of: ids, times, hashes, prices, versions, embeddings."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Iterator

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_WORDS = [
    "the",
    "order",
    "was",
    "shipped",
    "after",
    "review",
    "of",
    "invoice",
    "and",
    "quarter",
    "report",
    "customer",
    "asked",
    "for",
    "status",
    "token",
    "context",
    "output",
    "model",
    "prompt",
    "input",
    "condition",
    "problem",
    "basic",
    "auth",
    "key",
    "secret",
    "of",
    "success",
    "SELECT",
    "COUNT",
    "FROM",
    "WHERE",
    "ORDER",
    "BY",
    "TODO",
    "DOCUMENT",
]


def records(count: int, seed: int = 1) -> Iterator[dict[str, object]]:
    """Yield so many records, the same ones for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        yield {
            "timestamp": "2026-06-01T14:23:11Z",
            "record_id": _uuid(chance),
            "session_id": f"sess_{_text(chance, _BASE36, 8)}",
            "action": {
                "type": "tool_invocation",
                "tool": "query_database",
                "arguments": {name: make(chance) for name, make in chance.sample(KINDS, 6)},
                "result": {
                    "text": _sentence(chance),
                    "row": number,
                    "usage": {"total_tokens": chance.randrange(10**6)},
                },
                "latency_ms": chance.randrange(10_000),
            },
            "metadata": {
                "trace": _hex(chance, 32),
                "build": f"{chance.randrange(99)}.{chance.randrange(99)}.{chance.randrange(9999)}",
            },
        }


def _text(chance: random.Random, alphabet: str, length: int) -> str:
    return "".join(chance.choices(alphabet, k=length))


def _hex(chance: random.Random, length: int) -> str:
    return f"{chance.getrandbits(length * 4):0{length}x}"


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _sentence(chance: random.Random) -> str:
    words = chance.choices(_WORDS, k=chance.randrange(5, 40))
    for _ in range(chance.randrange(4)):
        words.insert(chance.randrange(len(words)), str(KINDS[chance.randrange(len(KINDS))][1](chance)))
    return " ".join(words)


KINDS = (
    ("request", _uuid),
    ("trace_id", lambda chance: _hex(chance, 32)),
    ("started", lambda chance: 1_700_000_000 + chance.randrange(10**8)),
    ("created_ms", lambda chance: 1_700_000_000_000 + chance.randrange(10**11)),
    ("created", lambda chance: 1_700_000_000_000 + chance.randrange(10**11)),
    ("at_us", lambda chance: 1_700_000_000_000_000 + chance.randrange(10**14)),
    ("at_ns", lambda chance: 1_700_000_000_000_000_000 + chance.randrange(10**17)),
    ("snowflake_id", lambda chance: str(chance.randrange(10**18, 2 * 10**18))),
    ("ulid", lambda chance: "01" + _text(chance, _CROCKFORD, 24)),
    ("commit", lambda chance: _hex(chance, 40)),
    ("sha256", lambda chance: _hex(chance, 64)),
    ("price", lambda chance: round(chance.random() * 10_000, 2)),
    ("total", lambda chance: f"{chance.randrange(10**6):,}.{chance.randrange(100):02}"),
    ("version", lambda chance: ".".join(str(chance.randrange(40)) for _ in range(4))),
    ("account", lambda chance: f"{chance.randrange(10**11, 10**12)}"),
    ("arn", lambda chance: f"arn:aws:s3:::bucket-{chance.randrange(10**11, 10**12)}/k/{_hex(chance, 12)}"),
    ("key", lambda chance: f"2026/06/{chance.randrange(1, 29):02}/{_hex(chance, 16)}.json.gz"),
    ("embedding", lambda chance: [round(chance.uniform(-1, 1), 8) for _ in range(8)]),
    ("max_tokens", lambda chance: chance.choice((256, 512, 4096))),
    ("next_token", lambda chance: base64.b64encode(chance.randbytes(24)).decode()),
    ("range", lambda chance: f"2026-06-{chance.randrange(1, 29):02}..2026-07-{chance.randrange(1, 29):02}"),
    ("stamp", lambda chance: f"202606{chance.randrange(1, 29):02}{chance.randrange(24):02}{chance.randrange(60):02}15"),
    ("order", lambda chance: f"ORD-{chance.randrange(10**9, 10**10)}"),
    ("bytes", lambda chance: chance.randrange(10**9)),
    ("number", lambda chance: chance.randrange(10**8, 10**12)),
    ("url", lambda chance: f"https://api.internal.example/v2/orders/{_uuid(chance)}?page={chance.randrange(99)}"),
)
