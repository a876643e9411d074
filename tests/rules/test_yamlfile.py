"""The strict loader: what it reads, what it refuses and where, and that no file stalls or confuses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules import loading, writing, yamlfile

MEBIBYTE = 1024 * 1024
BOTH = pytest.mark.parametrize("pure", [False, True], ids=["C", "Python"])


def read(text: str | bytes, name: str = "f.yaml", *, pure: bool = False) -> dict[str, object]:
    raw = text.encode() if isinstance(text, str) else text
    return yamlfile.parse(raw, name, pure=pure).data


SCALARS = {
    "~": None, "null": None, "": None, "true": True, "false": False, "0": 0, "-7": -7, "12": 12, "1.5": 1.5,
    "-0.25": -0.25, "1.5e3": 1500.0, "1.0e-2": 0.01,
    # everything else is text, whatever other readers of YAML make of it
    "on": "on", "NO": "NO", "Yes": "Yes", "True": "True", "Null": "Null", "010": "010", "0x1F": "0x1F", "1_000": "1_000",
    "1:20": "1:20", "2026-11-21": "2026-11-21", "1e3": "1e3", ".5": ".5", "5.": "5.", "+1": "+1", ".inf": ".inf", ".nan": ".nan",
    '"1"': "1", "'true'": "true", '""': "", "0.1.0": "0.1.0", "٣": "٣",
}  # fmt: skip


@BOTH
@pytest.mark.parametrize(("written", "meant"), SCALARS.items(), ids=[repr(each) for each in SCALARS])
def test_scalars_by_six_rules(written: str, meant: object, pure: bool) -> None:
    found = read(f"a: {written}\n", pure=pure)["a"]
    assert found == meant
    assert type(found) is type(meant)


REFUSED = [
    ("a: &x [1]\nb: *x\n", "1:4", "anchor"),
    ("a: [1]\nb: *x\n", "2:4", ""),
    ("a: !!python/object:os.system x\n", "1:4", "tag"),
    ("a: !x y\n", "1:4", "tag"),
    ("a: {<<: {b: 1}}\n", "1:5", "merge key"),
    ("a: 1\nb: 2\na: 3\n", "3:1", "comes twice: first on line 1"),
    ("a: {b: 1, b: 2}\n", "1:11", "comes twice"),
    ("1: a\n", "1:1", "a key must be a text"),
    ("true: a\n", "1:1", "a key must be a text"),
    ("~: a\n", "1:1", "a key must be a text"),
    ("? [a]\n: b\n", "1:3", "a key must be a text"),
    ("a: 1\n---\nb: 1\n", "2:1", "second document"),
    ("%YAML 1.1\n---\na: 1\n", "1:1", "directive"),
    ("a: b: c\n", "1:5", "not YAML"),
    ('why: "A" b\n', "1:10", "not YAML"),
    ("a: [1\n", "2:1", "not YAML"),
    ("a:\n\t- b\n", "2:1", "tab"),
    ("a: \x00\n", "1:4", "U+0000"),
    ("a: b\x85c\n", "1:5", "U+0085"),
    ("a: b\u2028c\n", "1:5", "U+2028"),
    ("\ufeffa: 1\n", "1:1", "U+FEFF"),
    (b"a: 1\nb: \xff\n", "2:4", "UTF-8"),
    ("a: 1.0e999\n", "1:4", "too large"),
    (f"a: {'9' * 400}\n", "1:4", "too large"),
    ("- a\n", "1:1", "not a mapping"),
    ("", "1:1", "not a mapping"),
    (f"a: {'[' * 40}{']' * 40}\n", "1:35", "deeper than 32"),
]


@BOTH
@pytest.mark.parametrize(("text", "place", "words"), REFUSED, ids=[f"{n}-{each[2]}" for n, each in enumerate(REFUSED)])
def test_what_is_refused_says_where(text: str | bytes, place: str, words: str, pure: bool) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(text, pure=pure)
    assert caught.value.exit_code == 4
    assert caught.value.message.startswith(f"f.yaml:{place}: ")
    assert words in caught.value.message


@BOTH
def test_thirty_two_levels_are_read(pure: bool) -> None:
    assert read(f"a: {'[' * 31}{']' * 31}\n", pure=pure)
    with pytest.raises(DefinitionError, match="deeper"):
        read(f"a: {'[' * 32}{']' * 32}\n", pure=pure)


@BOTH
def test_half_a_character_is_refused(pure: bool) -> None:
    with pytest.raises(DefinitionError, match=r"f\.yaml:1:"):
        read('a: "\\ud800"\n', pure=pure)


LARGE = {
    "a list in a list": b"a: " + b"[" * MEBIBYTE,
    "a map in a map": b"a: " + b"{a: " * (MEBIBYTE // 4),
    "dash after dash": b"a:\n " + b"- " * (MEBIBYTE // 2),
    "one scalar": b"a: " + b"x" * (MEBIBYTE - 10),
    "one number": b"a: " + b"9" * (MEBIBYTE - 10),
    "an open quote": b'a: "' + b"x" * (MEBIBYTE - 10),
    "colons": b":" * (MEBIBYTE - 10),
    "empty lines": b"a:\n" + b"\n" * (MEBIBYTE - 10),
    "too large": b"a" * (MEBIBYTE + 1),
    "laughs": b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 120)),
}


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("name", LARGE)
def test_a_hostile_file_of_a_mebibyte_is_read_or_refused(name: str, pure: bool) -> None:
    """In about a second, not in minutes: nothing here is timed, but a loader that stalls never ends this test."""
    said = ""
    try:
        assert list(read(LARGE[name], pure=pure)) == ["a"]
    except DefinitionError as error:
        said = error.message
    assert len(said) < 300


def test_positions_of_keys_and_elements(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n")
    document = yamlfile.load(str(path))
    assert document.line(document.data, "b") == 2
    assert document.line(document.data["b"], 1) == 4
    assert document.line(document.data["b"][1], "d") == 5
    assert document.error("no", document.data["b"][1], "d").message == f"{path}:5:5: no"


def test_a_missing_file_is_a_wrong_definition(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        yamlfile.load(str(tmp_path / "nothing.yaml"))


def test_json_needs_no_yaml_and_keeps_the_limits() -> None:
    assert read('{"a": [1, 2.5, true, null, "x"]}', "f.json") == {"a": [1, 2.5, True, None, "x"]}
    for text, words in [
        ('{"a": 1, "a": 2}', "twice"), ('{"a": NaN}', "NaN"), ('{"a": "\\ud800"}', "half a character"), ("[1]", "mapping"),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", "deeper"), ('{"a": ' * 9000 + "1" + "}" * 9000, "deeper"), ('{"a": 1', "f.json:1:8: not JSON"),
        ('{"\\ud800": 1}', "half a character"), ('{"a": 1e999}', "number"),
    ]:  # fmt: skip
        with pytest.raises(DefinitionError, match=words):
            read(text, "f.json")


def test_reading_json_leaves_yaml_alone() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from auditlog_cli.rules import yamlfile;"
        "yamlfile.parse(b'{\"a\": 1}', 'f.json'); print('yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


PIECES = [":", " ", "\n", "- ", "? ", "{", "}", "[", "]", ",", "#", "&", "*", "!", "|", ">", "'", '"', "%", "@", "`", "\r", "~",
          "<<", "---", "...", "a", "0", "\\", "\\u", "é", "  ", "a: ", "- b\n", "true", "x: 1\n", "|-\n  y\n"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_the_two_parsers_never_read_two_things(text: str) -> None:
    """One may refuse what the other takes; both taking it, both read the same."""
    found = []
    for pure in (False, True):
        try:
            found.append(repr(read(text, pure=pure)))
        except DefinitionError:
            return
    assert found[0] == found[1]


@given(st.binary(max_size=80))
def test_no_bytes_break_it(raw: bytes) -> None:
    for name in ("f.yaml", "f.json"):
        said = name
        try:
            read(raw, name)
        except DefinitionError as error:
            said = error.message
        assert said.startswith(name)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=12)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=8), PLAIN, min_size=1, max_size=4))
def test_what_is_written_is_read_back(data: dict[str, object]) -> None:
    """`writing` and `yamlfile` are inverse, whatever texts look like numbers, dates or YAML."""
    text = "\n".join(writing.block(data)) + "\n"
    assert repr(read(text)) == repr(json.loads(json.dumps(data)))
    assert read(text, pure=True) == data


@pytest.mark.parametrize("name", loading.NAMES)
def test_shipped_packs_read_alike_with_both_parsers(name: str) -> None:
    raw = Path(loading.shipped_path(name)).read_bytes()
    assert read(raw) == read(raw, pure=True)
