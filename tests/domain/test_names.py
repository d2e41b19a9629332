"""Names: every one has one place in paths and refs, that every file system can hold."""

import re

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.domain.names import (
    MAX_COMPONENT,
    ModelName,
    VersionRef,
    check_alias,
    check_comment_id,
    check_principal,
    decode,
    encode,
    fold,
    hidden_character,
    is_principal,
    parse_number,
    shard_of,
    visible,
)
from gitreg.errors import InvalidValueError

_PIECES = (
    "fraud", "Fraud", "con", "AUX", "nul", "com1", "LPT9", ".lock", ".LOCK", ".git", "git~1", ".",
    "..", "-", "@", "@{", "%", "%2E", "%41", " ", "~", "^", ":", "?", "*", "[",
    "\\", "/", "é", "e\u0301", "ß", "ss", "ſ", "İ", "Σ", "ς", "\u212a", "模型", "🙂", "\x7f",
    "\u200b", "\n",
)  # fmt: skip


def _is_name(text: str) -> bool:
    try:
        ModelName(text)
    except InvalidValueError:
        return False
    return True


texts = (
    st.lists(
        st.sampled_from(_PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        min_size=1,
        max_size=6,
    )
    .map("".join)
    .filter(bool)
)
model_names = texts.filter(_is_name).map(ModelName)


def refusal(text: str) -> tuple[str, str]:
    with pytest.raises(InvalidValueError) as caught:
        ModelName(text)
    return str(caught.value), caught.value.hint


# --- encoding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("fraud-detector_2", "fraud-detector_2"),
        ("My Model", "My%20Model"),
        ("v1.2", "v1.2"),
        (".hidden", "%2Ehidden"),
        ("end.", "end%2E"),
        ("a..b", "a%2E%2Eb"),
        ("a...b", "a%2E%2E%2Eb"),
        ("a.lock", "a%2Elock"),
        ("a.LOCK", "a%2ELOCK"),
        ("a.lock.b", "a.lock.b"),
        (".git", "%2Egit"),
        ("con", "%63on"),
        ("Con.v1", "%43on.v1"),
        ("com0", "%63om0"),
        ("lpt9", "%6Cpt9"),
        ("console", "console"),
        ("acon", "acon"),
        ("100%", "100%25"),
        ("é", "%C3%A9"),
        ("🙂", "%F0%9F%99%82"),
        ("@{u}", "%40%7Bu%7D"),
    ],
)
def test_a_name_is_written_in_one_way_everywhere(text: str, encoded: str) -> None:
    assert encode(text) == encoded
    assert decode(encoded) == text


@given(texts)
def test_a_name_is_read_back_from_its_encoding(text: str) -> None:
    assert decode(encode(text)) == text


@given(texts, texts)
def test_different_names_are_encoded_differently(one: str, other: str) -> None:
    assert (encode(one) == encode(other)) == (one == other)


@given(texts)
def test_an_encoded_name_is_safe_as_a_file_name_on_every_system(text: str) -> None:
    encoded = encode(text)
    assert re.fullmatch(r"[A-Za-z0-9_.%-]+", encoded)
    assert not encoded.startswith(".")
    assert not encoded.endswith(".")
    assert ".." not in encoded
    assert encoded.lower() not in {".git", "git~1"}
    assert not re.match(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", encoded, re.IGNORECASE)


@given(texts)
def test_an_encoded_name_is_safe_as_a_part_of_a_ref(text: str) -> None:
    encoded = encode(text)
    assert not encoded.lower().endswith(".lock")
    assert pygit2.reference_is_valid_name(f"refs/heads/requests/{encoded}/1/{encoded}/{encoded}")


@given(st.text(st.sampled_from("aA.%2E4cC1é\udc80/ -"), max_size=8) | texts)
def test_what_decodes_is_the_encoding_of_its_decoding(component: str) -> None:
    try:
        text = decode(component)
    except InvalidValueError:
        return
    assert encode(text) == component


@pytest.mark.parametrize(
    ("component", "reason", "hint"),
    [
        ("", "'' is not a canonically encoded name", ""),
        ("My Model", "'My Model' is not a canonically encoded name", "write it My%20Model"),
        ("%41", "'%41' is not a canonically encoded name", "write it A"),
        ("%2e", "'%2e' is not a canonically encoded name", "write it %252e"),
        ("a.", "'a.' is not a canonically encoded name", "write it a%2E"),
        ("con", "'con' is not a canonically encoded name", "write it %63on"),
        ("%FF", "'%FF' is not a canonically encoded name", ""),
        ("é", r"'\xe9' is not a canonically encoded name", ""),
        ("\ud800", r"'\ud800' is not a canonically encoded name", ""),
    ],
)
def test_a_component_that_is_not_canonical_is_refused(
    component: str, reason: str, hint: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        decode(component)
    assert (str(caught.value), caught.value.hint) == (reason, hint)


# --- twins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fraud", "Fraud"),
        ("caf\u00e9", "cafe\u0301"),
        ("CAF\u00c9", "cafe\u0301"),
        ("straße", "STRASSE"),
        ("\ufb01t", "fit"),
        ("\u212aelvin", "kelvin"),
        ("ΣΑΣ", "σας"),
    ],
)
def test_twins_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert ModelName(one).folded == ModelName(other).folded
    assert ModelName(one).shard == ModelName(other).shard


@pytest.mark.parametrize(("one", "other"), [("fraud", "frauds"), ("cafe", "café"), ("a-b", "a_b")])
def test_other_names_are_no_twins(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(model_names, model_names)
def test_twins_share_a_shard(one: ModelName, other: ModelName) -> None:
    assert one.shard == shard_of(one.folded)
    if one.folded == other.folded:
        assert one.shard == other.shard


def test_a_shard_is_the_first_two_digits_of_the_folded_names_sha256() -> None:
    assert ModelName("Fraud").shard == shard_of("fraud") == "f0"


# --- models --------------------------------------------------------------------------------------


@given(model_names)
def test_a_model_is_read_back_from_its_directory(name: ModelName) -> None:
    assert ModelName.of_directory(name.directory) == name
    assert str(name) == name.text
    assert len(name.directory) <= MAX_COMPONENT


@pytest.mark.parametrize("text", ["", " ", "\u3000"])
def test_a_model_needs_a_name(text: str) -> None:
    assert refusal(text) == ("a model needs a name", "")


@pytest.mark.parametrize("text", ["a/b", "a:b"])
def test_a_models_name_holds_no_slash_or_colon(text: str) -> None:
    reason = f"'{text}' is no model name: it holds '/' or ':'"
    assert refusal(text) == (reason, "use '-' or '.' instead")


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "a\u200bb", "\u202ea", "a\u2028", "\ud800"])
def test_a_models_name_can_be_seen(text: str) -> None:
    reason, hint = refusal(text)
    assert reason == f"{text!a} is no model name: it holds a character that cannot be seen"
    assert hint == ""
    assert reason.isascii()


@pytest.mark.parametrize("text", [".", ".."])
def test_a_model_is_not_called_like_a_folder_of_its_own(text: str) -> None:
    assert refusal(text) == (f"'{text}' is no model name", "")


def test_a_name_is_at_most_240_bytes_once_encoded() -> None:
    assert len(ModelName("a" * 240).directory) == 240
    assert len(ModelName("é" * 40).directory) == 240
    assert refusal("é" * 41) == (
        (
            "the model name 'éééééééééééééééééééé'... is too long: its directory would have 246 "
            "bytes, 240 is the most"
        ),
        (
            "characters other than ASCII letters, digits, '-', '_' and '.' take three bytes for "
            "each of theirs"
        ),
    )
    assert refusal("a" * 241)[0] == (
        "the model name 'aaaaaaaaaaaaaaaaaaaa'... is too long: its directory would have 241 bytes, "
        "240 is the most"
    )


def test_ordinary_names_in_any_script_are_names() -> None:
    for text in ("fraud", "Fraud detector", "模型-3", "modèle.v2", "🙂", " padded "):
        assert str(ModelName(text)) == text


@given(st.text())
def test_a_hidden_character_is_found_wherever_it_stands(text: str) -> None:
    found = hidden_character(text)
    assert found is None or found in text
    assert hidden_character(text + "\u200d") is not None


@given(st.text())
def test_text_made_visible_is_one_line_that_hides_nothing(text: str) -> None:
    found = visible(text)
    assert hidden_character(found) is None
    assert "\n" not in found
    assert visible(found) == found


def test_what_cannot_be_seen_is_escaped_and_the_rest_is_kept() -> None:
    assert visible("modèle\n\u202e\x1b[0m 模型") == r"modèle\n\u202e\x1b[0m 模型"


# --- versions ------------------------------------------------------------------------------------


@given(model_names, st.integers(min_value=1, max_value=10**9 - 1))
def test_a_version_reads_back_as_written(name: ModelName, number: int) -> None:
    ref = VersionRef(name, number)
    assert VersionRef.parse(str(ref)) == ref


@pytest.mark.parametrize(
    "text", ["", "fraud", "fraud/", "fraud/0", "fraud/03", "fraud/-1", "fraud/1 ", "fraud/1.0",
             "fraud/1000000000", "fraud/²", "fraud/Production", "3"]
)  # fmt: skip
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        VersionRef.parse(text)
    assert str(caught.value) == f"'{text}' is not a version"
    assert caught.value.hint == "write MODEL/NUMBER, as in fraud/3"


@pytest.mark.parametrize("number", [0, -1, 10**9])
def test_versions_count_from_one(number: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        VersionRef(ModelName("fraud"), number)
    assert str(caught.value) == f"fraud/{number} is not a version"
    assert caught.value.hint == "versions count from 1 to 999999999"


def test_versions_sort_by_model_and_number() -> None:
    refs = [VersionRef.parse(text) for text in ("b/1", "a/10", "a/9")]
    assert [str(ref) for ref in sorted(refs)] == ["a/9", "a/10", "b/1"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("999999999", 999999999), ("0", None), ("01", None), ("", None), ("1\n", None),
     ("+1", None), ("١", None), ("1000000000", None)],
)  # fmt: skip
def test_a_number_is_a_decimal_without_leading_zeros(text: str, number: int | None) -> None:
    assert parse_number(text) == number


# --- principals, aliases, comments ---------------------------------------------------------------


@pytest.mark.parametrize("text", ["alice", "alice@acme.com", "a.b_c+d-e", "-", "1", "a" * 200])
def test_a_user_name_is_ascii_as_in_an_address(text: str) -> None:
    assert check_principal(text) == text
    assert is_principal(text)


@pytest.mark.parametrize(
    "text", ["", "@alice", "Alice Example", "alice\n", "élise", "a/b", "a" * 201, "alice\u200b"]
)
def test_what_is_no_user_name_is_refused(text: str) -> None:
    assert not is_principal(text)
    with pytest.raises(InvalidValueError) as caught:
        check_principal(text)
    assert str(caught.value) == f"{text!a} is not a user name"
    assert caught.value.hint == ("ASCII letters, digits and . _ + @ - (not @ first), at most 200")


@pytest.mark.parametrize("text", ["champion", "Champion_2-b", "v", "v1a", "modèle", "a" * 255])
def test_an_alias_is_what_mlflow_takes(text: str) -> None:
    assert check_alias(text) == text


@pytest.mark.parametrize("text", ["", "a b", "a.b", "a@b", "a\n", "a" * 256])
def test_what_is_no_alias_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_alias(text)
    assert str(caught.value) == f"{text!a} is not an alias"
    assert caught.value.hint == "letters, digits, '_' and '-', at most 255"


@pytest.mark.parametrize("text", ["latest", "LATEST", "v1", "V12"])
def test_aliases_that_mean_something_already_are_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_alias(text)
    assert str(caught.value) == f"'{text}' is reserved and cannot be an alias"


def test_a_comment_is_called_by_32_hex_digits() -> None:
    assert check_comment_id("0f" * 16) == "0f" * 16


@pytest.mark.parametrize("text", ["", "0F" * 16, "0f" * 15, "0f" * 17, "0f" * 16 + "\n"])
def test_what_is_no_comment_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_comment_id(text)
    assert str(caught.value) == f"{text!a} is not a comment id"
    assert caught.value.hint == "32 hex digits"
