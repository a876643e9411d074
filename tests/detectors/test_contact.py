"""Addresses and telephone numbers as they stand in logs of agents: in URLs, code, tables and prose."""

from __future__ import annotations

import pytest

from auditlog_cli import redact
from auditlog_cli.detectors import Scanner

SCANNER = Scanner(["EMAIL_ADDRESS", "PHONE_NUMBER"])


def found(text: str, scanner: Scanner = SCANNER) -> list[str]:
    return [text[hit.start : hit.end] for hit in scanner.text(text)]


@pytest.mark.parametrize(
    "around",
    ["{'to': '@', 'n': 1}", "**@**", "`@`", "| @ |", "https://x.io/users?email=@&x=1", "https://x.io/?a=1&to=@",
     "https://x.io/u/@/profile", "FROM_EMAIL=@", "send --reply-to=@ now", "user=@;x", "//cdn.x.io/@", "mailto:@?cc=x"],
)  # fmt: skip
@pytest.mark.parametrize("address", ["ann.lee+x@acme.io", "o'brien@mail.co.uk", "R&D@acme.io", "a_b-c@acme.io"])
def test_an_address_is_what_it_is_whatever_stands_around_it(around: str, address: str) -> None:
    """Else its pseudonym would be another, and the mask would swallow the link or the quotation mark before it."""
    assert found(around.replace("@", address)) == [address]


@pytest.mark.parametrize(
    "address", ["bounces+123-ann=acme.io@em.shop.io", "prvs=0123abc=ann@acme.io", "SRS0=HH=TT=acme.io=ann@fwd.io"]
)
def test_an_address_that_carries_another_goes_as_a_whole(address: str) -> None:
    assert found(f"from {address} at noon") == [address]


@pytest.mark.parametrize(
    "text",
    ["ssh://git@gitlab.acme.io:2222/x/y.git", "sftp://deploy@web01.acme.io/srv", "scp x deploy@web01.acme.io:/srv/app",
     "rsync -a . ubuntu@ec2-54.compute.amazonaws.com:~/x", "mail={user}@acme.io", "to=$USER@acme.io",
     "git+ssh://git@github.com/acme/repo.git"],
)  # fmt: skip
def test_an_account_on_a_machine_is_no_address(text: str) -> None:
    assert found(text) == []


def test_equal_addresses_get_equal_masks_in_a_link_and_alone() -> None:
    record = {"action": {"type": "x", "arguments": {"url": "https://x.io/?to=ann@acme.io", "py": "['ann@acme.io']"}}}
    assert redact(record)["action"]["arguments"] == {
        "url": "https://x.io/?to=<EMAIL_ADDRESS>",
        "py": "['<EMAIL_ADDRESS>']",
    }


@pytest.mark.parametrize(
    "number",
    ["+49 (0) 30 / 901820", "+49 30/901820", "+44 (0)20 7946 0958", "0049 30 901820", "+55 (11) 91234-5678",
     "+33.6.12.34.56.78", "+1-415-555-2671", "(415) 555-2671", "415.555.2671", "4155552671"],
)  # fmt: skip
def test_a_number_is_found_as_people_write_it(number: str) -> None:
    assert found(f"Telefon {number} bitte") == [number]


@pytest.mark.parametrize(
    "text",
    ["tool call 4155552671 took 3 ms", "the call took 2147483648 ns", "called 2125551234 times", "cell 4155552671"],
)
def test_a_call_in_the_log_of_an_agent_is_mostly_none_by_telephone(text: str) -> None:
    assert found(text) == []


def test_a_call_is_one_by_telephone_where_the_number_is_written_as_one() -> None:
    assert found("call me at 415-555-2671") == ["415-555-2671"]
    assert [hit.entity for hit in SCANNER.text("4155552671", "cell")] == ["PHONE_NUMBER"]


def test_a_slash_between_two_numbers_does_not_join_them() -> None:
    assert found("ring +44 20 7946 0958 / +49 30 901820") == ["+44 20 7946 0958", "+49 30 901820"]
