"""Secrets as they stand in the logs of agents: in commands, headers, settings; and code that is none."""

from __future__ import annotations

import json

import pytest

from auditlog_cli.detectors import Scanner

SCANNER = Scanner(["SECRET"])
PASSWORD = "hK7" + "wq9!zRt2xLm4"
SHORT = "hK7" + "wq9!zRt"
TOKEN = "vh987tyw9" + "ehy8ghis7vwyQ4Zt"


def found(text: str, key: str = "") -> list[str]:
    return [text[hit.start : hit.end] for hit in SCANNER.text(text, key)]


def seen(text: str) -> bool:
    """Whether a stored line with this text, and the scan of its record, come to the same; and what."""
    record = {"action": {"type": "x", "arguments": {"command": text}}}
    hits = SCANNER.scan_all(record)
    assert hits == SCANNER.scan(record)
    assert not hits or SCANNER.may_hit(json.dumps(record).encode())
    return bool(hits)


@pytest.mark.parametrize(
    "text",
    ["psql --password @ -h db", "heroku login --api-key '@'", "tool --db-password  @", "cli --token\n@",
     'x --client-secret "@"', "curl -u admin:@ https://x.acme.io", "curl -s -XPOST --user 'admin:@' https://x.acme.io",
     "sshpass -p @ ssh root@h", "docker login -u bob -p @ registry.acme.io", "mysql -uroot -p@ db",
     "redis://:@@cache:6379/0", "<password>@</password>", "<db.password>@</db.password>",
     "Authorization: Token @", '{"Authorization": "ApiKey @"}', "authorization: @", "DB_PASSWORD='@'",
     '{\\"password\\": \\"@\\"}', "{'password': '@'}"],
)  # fmt: skip
@pytest.mark.parametrize("secret", [PASSWORD.replace("!", "_"), TOKEN])
def test_a_secret_is_found_where_an_agent_writes_it(text: str, secret: str) -> None:
    place = text.rindex("@", 0, text.index("@cache")) if "@cache" in text else text.index("@")
    whole = text[:place] + secret + text[place + 1 :]
    assert any(secret in each for each in found(whole)), text
    assert seen(whole)


@pytest.mark.parametrize("secret", [SHORT, SHORT + "x"])
def test_ten_characters_are_enough_where_hardly_one_comes_twice(secret: str) -> None:
    """A text of ten characters has 3.3 bits a character at most."""
    assert found(secret, "password") == [secret] == found(f"password={secret}")


def test_a_header_by_its_key_is_taken_without_its_scheme() -> None:
    assert found(f"Token {TOKEN}", "Authorization") == [TOKEN]
    assert found(TOKEN, "proxy-authorization") == [TOKEN]


@pytest.mark.parametrize(
    "text",
    ["token = RUNSTATE_TOKEN_VALUE_1", "secret = settings.SECRET_KEY_2024", "token = self.get_token2(user1)", "auth=HTTPBasicAuth2(user,pw)",
     "token: request.headers.auth_token_v2", "password = your_password_123", "api_key: example-key-12345",
     "docker login --password-stdin registry1.acme.io", "x --token-file /run/token/a1b2c3", "x --max-tokens 4096000000",
     "x --token $TOKEN_2024_PROD", "curl -u $USER:$PASSWORD1 https://x.io", "curl -u admin https://x.io:8443/a",
     "curl -u ${U}:${P12345678} x", "curl -u user:password https://x.io", "git push -u origin:main1234567",
     "ssh -p 2222 web01", "docker run -p 8080:80 nginx", "mysql -p db",
     "<token>none</token>", "<tokens>12345678901</tokens>", "Authorization: Bearer $TOKEN", "Authorization: none"],
)  # fmt: skip
def test_what_names_a_secret_is_none(text: str) -> None:
    assert found(text) == []
    assert not seen(text)
