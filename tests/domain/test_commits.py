"""Commits, read by our own grammar: what two readers could read differently is a fault."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.domain.commits import (
    ANSWER,
    MAX_COMMIT,
    MAX_PARENTS,
    NOBODY,
    ORIGINAL_TIME,
    ORIGINAL_USER,
    TIME,
    Commit,
    Signature,
    format_time,
    join_message,
    parse_time,
    read_commit,
    split_message,
    write_commit,
)
from gitreg.domain.names import hidden_character
from gitreg.errors import InvalidValueError

ID = "c" * 40
TREE = b"tree " + b"a" * 40 + b"\n"
PARENT = b"parent " + b"b" * 40 + b"\n"
AUTHOR = b"author Alice Example <alice@acme.com> 1767268800 +0100\n"
COMMITTER = b"committer alice <alice@acme.com> 1767268801 +0000\n"
SOUND = TREE + PARENT + AUTHOR + COMMITTER + b"\nA summary\n"


def fault(raw: bytes) -> str:
    """Give the one fault of a commit, of which nothing else is told."""
    commit = read_commit(ID, raw)
    [found] = commit.faults
    assert commit == Commit(ID, "", (), NOBODY, NOBODY, "", faults=(found,))
    return found


def person(line: bytes) -> str:
    return fault(TREE + AUTHOR + b"committer " + line + b"\n\nm\n")


# --- reading -------------------------------------------------------------------------------------


def test_a_commit_is_read_from_its_bytes() -> None:
    assert read_commit(ID, SOUND) == Commit(
        ID,
        "a" * 40,
        ("b" * 40,),
        Signature("Alice Example", "alice@acme.com", 1767268800, "+0100"),
        Signature("alice", "alice@acme.com", 1767268801, "+0000"),
        "A summary\n",
    )


def test_a_root_commit_has_no_parents_and_a_merge_has_several() -> None:
    assert read_commit(ID, SOUND.replace(PARENT, b"")).parents == ()
    other = PARENT.replace(b"b", b"d")
    assert read_commit(ID, SOUND.replace(PARENT, PARENT + other)).parents == ("b" * 40, "d" * 40)


def test_a_signed_commit_is_read_with_its_signature() -> None:
    signed = b"gpgsig -----BEGIN SSH SIGNATURE-----\n abc\n \n -----END SSH SIGNATURE-----\n"
    found = read_commit(ID, SOUND.replace(COMMITTER, COMMITTER + signed))
    assert found.faults == ()
    assert found.signature == ("-----BEGIN SSH SIGNATURE-----\nabc\n\n-----END SSH SIGNATURE-----")
    assert found.message == "A summary\n"


@pytest.mark.parametrize("header", [b"gpgsig\n", b"gpgsig \n", b"gpgsig\n abc\n", b"gpgsig \n a\n"])
def test_a_signature_is_one_that_git_sees_too(header: bytes) -> None:
    expected = "has a signature whose first line is empty"
    assert fault(SOUND.replace(COMMITTER, COMMITTER + header)) == expected


@pytest.mark.parametrize("message", ["", "m", "m\n\nbody\n", "\n\nlate\n", "modèle 🙂", "\x1b[0m"])
def test_any_message_in_utf8_is_taken(message: str) -> None:
    found = read_commit(ID, SOUND.replace(b"A summary\n", message.encode()))
    assert (found.faults, found.message) == ((), message)


def test_what_git_itself_writes_is_sound(tmp_path: Path) -> None:
    def git(*words: str, data: str = "") -> bytes:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=Zoë", "-c", "user.email=z@x.y"]
        done = subprocess.run([*command, *words], input=data.encode(), capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    git("init", "-q", "--initial-branch=main")
    tree = git("mktree").decode()
    root = git("commit-tree", tree, data="root\n").decode()
    merge = git("commit-tree", tree, "-p", root, data="m\n\nGitreg-Answer: rejected\n").decode()
    raw = subprocess.run(
        ["git", "-C", str(tmp_path), "cat-file", "commit", merge], capture_output=True
    ).stdout
    found = read_commit(merge, raw)
    assert found.faults == ()
    assert (found.tree, found.parents, found.committer.name) == (tree, (root,), "Zoë")
    assert found.trailer(ANSWER) == "rejected"
    assert write_commit(found) == raw


# --- faults --------------------------------------------------------------------------------------

ORDER = (
    "does not have one tree, its parents, one author, one committer and at most one gpgsig, "
    "in this order"
)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(SOUND.replace(COMMITTER, COMMITTER + COMMITTER), id="two committers"),
        pytest.param(SOUND.replace(AUTHOR, AUTHOR + AUTHOR), id="two authors"),
        pytest.param(SOUND.replace(TREE, TREE + TREE), id="two trees"),
        pytest.param(SOUND.replace(COMMITTER, COMMITTER + TREE), id="a tree at the end"),
        pytest.param(SOUND.replace(COMMITTER, COMMITTER + PARENT), id="a parent at the end"),
        pytest.param(SOUND.replace(COMMITTER, COMMITTER + AUTHOR), id="an author at the end"),
        pytest.param(
            SOUND.replace(COMMITTER, COMMITTER + b"gpgsig a\ngpgsig b\n"), id="two signatures"
        ),
        pytest.param(SOUND.replace(AUTHOR, b"gpgsig a\n" + AUTHOR), id="an early signature"),
        pytest.param(TREE + COMMITTER + AUTHOR + b"\nm\n", id="committer first"),
        pytest.param(PARENT + TREE + AUTHOR + COMMITTER + b"\nm\n", id="parent first"),
        pytest.param(AUTHOR + COMMITTER + b"\nm\n", id="no tree"),
        pytest.param(TREE + COMMITTER + b"\nm\n", id="no author"),
        pytest.param(TREE + AUTHOR + b"\nm\n", id="no committer"),
    ],
)
def test_headers_stand_once_and_in_order(raw: bytes) -> None:
    assert fault(raw) == ORDER


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (b"encoding UTF-7\n", "'encoding'"),
        (b"encoding UTF-8\n", "'encoding'"),
        (b"mergetag object 1\n tagged\n", "'mergetag'"),
        (b"gpgsig-sha256 x\n", "'gpgsig-sha256'"),
        (b"HG:extra x\n", "'HG:extra'"),
        (b"Committer eve <e@x> 1 +0000\n", "'Committer'"),
        (b"commit\xc3\xa9r x\n", r"'commit\xe9r'"),
        (b"\xff x\n", r"'\\xff'"),
        (b"x" * 99 + b"\n", f"'{'x' * 40}'"),
    ],
)
def test_no_other_header_is_taken(header: bytes, told: str) -> None:
    expected = f"has a header {told} that no registry commit may have"
    assert fault(SOUND.replace(COMMITTER, COMMITTER + header)) == expected


@pytest.mark.parametrize("start", [b" hidden\n", b"\n", b" \n"])
def test_nothing_stands_before_the_tree(start: bytes) -> None:
    assert fault(start + SOUND) == "has a header '' that no registry commit may have"


@pytest.mark.parametrize(
    "raw",
    [
        SOUND.replace(b"summary", b"sum\0mary"),
        SOUND.replace(b"Alice", b"Al\0ice"),
        SOUND.replace(COMMITTER, COMMITTER + b"gpgsig a\0b\n"),
        SOUND + b"\0",
    ],
)
def test_a_commit_holds_no_nul(raw: bytes) -> None:
    assert fault(raw) == "holds a NUL, at which some readers stop"


@pytest.mark.parametrize(
    "raw", [b"", b"tree", TREE, TREE + AUTHOR + COMMITTER, b"\n", b"blob 12 not a commit at all"]
)
def test_a_commit_has_a_message(raw: bytes) -> None:
    assert fault(raw) == "has no message"


@pytest.mark.parametrize(
    "raw",
    [
        SOUND.replace(b"summary", b"r\xe9sum\xe9"),
        SOUND.replace(b"Alice", b"Andr\xe9"),
        SOUND.replace(b"alice@acme.com> 1767268801", b"al\xffice@acme.com> 1767268801"),
        SOUND.replace(COMMITTER, COMMITTER + b"gpgsig \xc3\n"),
        SOUND.replace(b"summary", b"\xed\xa0\x80"),
    ],
)
def test_a_commit_is_utf8(raw: bytes) -> None:
    assert fault(raw) == "is not UTF-8"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"a" * 39, "a" * 39),
        (b"a" * 41, "a" * 41),
        (b"A" * 40, "A" * 40),
        (b"a" * 64, "a" * 60),
        (b"a" * 40 + b" ", "a" * 40 + " "),
        (b"", ""),
        (b"a" * 40 + b"\n more", "a" * 40 + r"\nmore"),
    ],
)
def test_trees_and_parents_are_ids(value: bytes, told: str) -> None:
    expected = f"names an object '{told}', which is no id"
    assert fault(SOUND.replace(b"a" * 40, value)) == expected
    assert fault(SOUND.replace(b"b" * 40, value)) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"eve <e@x> 12345678901234567890 +0000",
        b"eve <e@x> 123456789012 +0000",
        b"eve <e@x> -1 +0000",
        b"eve <e@x> 01 +0000",
        b"eve <e@x> 1 +000",
        b"eve <e@x> 1 UTC",
        b"eve <e@x> 1",
        b"eve <e@x>",
        b"eve <e@x>1 +0000",
        b"eve<e@x> 1 +0000",
        b"<e@x> 1 +0000",
        b"eve e@x 1 +0000",
        b"eve <e@x> 1 +0000 ",
        b"eve <e@x> <f@x> 1 +0000 x",
        b"eve <e<x> 1 +0000",
        b"eve <e>x> 1 +0000",
        b"",
    ],
)
def test_a_person_is_a_name_an_address_a_time_and_a_zone(line: bytes) -> None:
    told = line.decode()
    assert person(line) == f"has committer '{told}': not NAME <E-MAIL> SECONDS ZONE"


def test_a_name_over_two_lines_is_none() -> None:
    expected = r"has committer 'eve\nadmin <e@x> 1 +0000': not NAME <E-MAIL> SECONDS ZONE"
    assert person(b"eve\n admin <e@x> 1 +0000") == expected


def test_a_long_misshaped_person_is_told_in_part() -> None:
    assert person(b"x" * 200) == f"has committer '{'x' * 80}': not NAME <E-MAIL> SECONDS ZONE"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b" <e@x> 1 +0000", "name ''"),
        (b"eve <> 1 +0000", "e-mail ''"),
        (b" eve <e@x> 1 +0000", "name ' eve'"),
        (b"eve  <e@x> 1 +0000", "name 'eve '"),
        (b"eve < e@x> 1 +0000", "e-mail ' e@x'"),
        (b"eve <e@x > 1 +0000", "e-mail 'e@x '"),
        (b"\xc2\xa0eve <e@x> 1 +0000", r"name '\xa0eve'"),
        (b"eve\t <e@x> 1 +0000", r"name 'eve\t'"),
        (b"a <b> <e@x> 1 +0000", "name 'a <b>'"),
        (b"a<b <e@x> 1 +0000", "name 'a<b'"),
        (b"a>b <e@x> 1 +0000", "name 'a>b'"),
    ],
)
def test_a_name_is_not_empty_and_has_no_spaces_outside_nor_brackets(line: bytes, told: str) -> None:
    assert person(line) == f"has committer {told}: empty or misshaped"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"al\x07ice <e@x> 1 +0000", r"name 'al\x07ice'"),
        (b"al\rice <e@x> 1 +0000", r"name 'al\rice'"),
        ("al\u200bice <e@x> 1 +0000".encode(), r"name 'al\u200bice'"),
        ("\u202eecila <e@x> 1 +0000".encode(), r"name '\u202eecila'"),
        ("al\u00adice <e@x> 1 +0000".encode(), r"name 'al\xadice'"),
        ("al\u2028ice <e@x> 1 +0000".encode(), r"name 'al\u2028ice'"),
        (b"alice <e\x7f@x> 1 +0000", r"e-mail 'e\x7f@x'"),
        (b"alice <e@x\n y> 1 +0000", r"e-mail 'e@x\ny'"),
        ("alice <e\ufeff@x> 1 +0000".encode(), r"e-mail 'e\ufeff@x'"),
    ],
)
def test_a_name_holds_nothing_that_cannot_be_seen(line: bytes, told: str) -> None:
    assert person(line) == f"has committer {told} with a hidden character"


def test_the_author_is_held_to_the_same() -> None:
    raw = SOUND.replace(b"author Alice Example", b"author ")
    assert fault(raw) == "has author name '': empty or misshaped"


def test_a_time_of_eleven_digits_is_the_latest() -> None:
    raw = SOUND.replace(b"1767268801", b"99999999999")
    assert read_commit(ID, raw).own_time == 99999999999000
    assert format_time(99999999999000) == "5138-11-16T09:46:39.000Z"


def test_a_commit_is_bounded() -> None:
    assert read_commit(ID, SOUND + b"x" * (MAX_COMMIT - len(SOUND))).faults == ()
    expected = f"has {MAX_COMMIT + 1} bytes, {MAX_COMMIT} is the most"
    assert fault(SOUND + b"x" * (MAX_COMMIT + 1 - len(SOUND))) == expected


def test_a_commit_has_at_most_a_thousand_parents() -> None:
    assert read_commit(ID, SOUND.replace(PARENT, PARENT * MAX_PARENTS)).faults == ()
    expected = "has 1001 parents, 1000 is the most"
    assert fault(SOUND.replace(PARENT, PARENT * (MAX_PARENTS + 1))) == expected


@pytest.mark.parametrize("key", ["Gitreg-Bypass", "gitreg-answer", "GITREG-TIME", "Gitreg-"])
def test_an_unknown_trailer_of_ours_is_a_fault(key: str) -> None:
    assert fault(SOUND + f"\n{key}: approved\n".encode()) == f"has an unknown trailer '{key}'"


@pytest.mark.parametrize("key", [ANSWER, TIME, ORIGINAL_TIME, ORIGINAL_USER])
def test_a_trailer_of_ours_stands_once(key: str) -> None:
    assert read_commit(ID, SOUND + f"\n{key}: x\n".encode()).trailer(key) == "x"
    expected = f"has the trailer {key} twice"
    assert fault(SOUND + f"\n{key}: x\n{key}: x\n".encode()) == expected


@pytest.mark.parametrize("key", [ANSWER, TIME, ORIGINAL_TIME, ORIGINAL_USER])
@pytest.mark.parametrize("value", ["", " ", " \t "])
@pytest.mark.parametrize("beside", ["", "Reviewed-by: a <a@x>\n"])
def test_a_trailer_of_ours_has_a_value(key: str, value: str, beside: str) -> None:
    expected = f"has the trailer {key} without a value"
    assert fault(SOUND + f"\n{beside}{key}:{value}\n".encode()) == expected
    assert read_commit(ID, SOUND + f"\n{beside}{key}:{value}\n\nwords\n".encode()).faults == ()
    assert read_commit(ID, SOUND + b"\nNotes:\n").comment == "Notes:"


def test_trailers_of_others_are_theirs() -> None:
    raw = SOUND + b"\nCo-authored-by: a <a@x>\nCo-authored-by: b <b@x>\nX-Gitreg-Answer: no\n"
    assert len(read_commit(ID, raw).trailers) == 3


# --- messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "summary", "body", "trailers"),
    [
        ("", "", "", ()),
        ("a\n", "a", "", ()),
        ("a\nb\n", "a", "b", ()),
        ("a\n\nb\n\nc\n", "a", "b\n\nc", ()),
        ("a\n\nK: v\n", "a", "", (("K", "v"),)),
        ("a\n\n\nK: v\n\n", "a", "", (("K", "v"),)),
        ("a\n\nb\n\nK: v\nL-m:  w \n", "a", "b", (("K", "v"), ("L-m", "w"))),
        ("K: v\n", "K: v", "", ()),
        ("a\nK: v\n", "a", "K: v", ()),
        ("a\n\nK: v\nnot a trailer\n", "a", "K: v\nnot a trailer", ()),
        ("a\n\nK: v\n\nlast words\n", "a", "K: v\n\nlast words", ()),
        ("a\n\nK:v\n", "a", "K:v", ()),
        ("a\n\nK : v\n", "a", "K : v", ()),
        ("a\n\n1K: v\n", "a", "1K: v", ()),
        ("a\n\nK: v\n continued\n", "a", "K: v\n continued", ()),
        ("a\r\n\r\nK: v\r\n", "a\r", "\r\nK: v\r", ()),
    ],
)
def test_trailers_are_the_last_paragraph_if_all_its_lines_are(
    message: str, summary: str, body: str, trailers: tuple[tuple[str, str], ...]
) -> None:
    assert split_message(message) == (summary, body, trailers)


_words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
_plain = _words.map(str.strip).filter(bool).filter(lambda text: ": " not in text)
_keys = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True).filter(
    lambda key: not key.lower().startswith("gitreg-")
)


@given(_plain, _plain, st.lists(st.tuples(_keys, _plain), max_size=3).map(tuple))
def test_a_message_is_taken_apart_as_it_was_joined(
    summary: str, body: str, trailers: tuple[tuple[str, str], ...]
) -> None:
    assert split_message(join_message(summary, body, trailers)) == (summary, body, trailers)
    assert split_message(join_message(summary, "", trailers)) == (summary, "", trailers)


@given(
    _plain,
    st.lists(st.sampled_from(("K: v", f"{ANSWER}: approved", f"{TIME}:", "words", "", " "))),
)
def test_what_a_person_wrote_never_becomes_a_trailer(summary: str, lines: list[str]) -> None:
    body = "\n".join(lines).strip("\n")
    ours = ((TIME, "2026-01-01T12:00:01.123Z"),)
    assert split_message(join_message(summary, body, ours)) == (summary, body, ours)
    try:
        alone = join_message(summary, body, ())
    except InvalidValueError as error:
        assert str(error) == "the last lines of the message would be read as trailers"
        assert error.hint == "add a line that is no KEY: VALUE"
    else:
        assert split_message(alone)[2] == ()


def test_a_commit_tells_its_summary_its_comment_and_its_trailers() -> None:
    commit = replace(
        read_commit(ID, SOUND),
        message="Approve fraud/3\n\nLooks good.\n\nReally.\n\nGitreg-Answer: approved\n",
    )
    assert commit.summary == "Approve fraud/3"
    assert commit.comment == "Looks good.\n\nReally."
    assert commit.trailers == (("Gitreg-Answer", "approved"),)
    assert commit.trailer(ANSWER) == "approved"
    assert commit.trailer(TIME) == ""
    assert commit.short == "ccccccc"


def test_a_person_is_told_by_name_or_by_address() -> None:
    who = Signature("alice", "alice@acme.com", 1)
    assert str(who) == "alice <alice@acme.com>"
    assert who.told("name") == "alice"
    assert who.told("email") == "alice@acme.com"
    assert who.line == "alice <alice@acme.com> 1 +0000"


# --- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trailer", "time"),
    [
        ("", 1767268801000),
        ("\nGitreg-Time: 2026-01-01T12:00:01.123Z\n", 1767268801123),
        ("\nGitreg-Time: 2026-01-01T12:00:01.999Z\n", 1767268801999),
        ("\nGitreg-Time: 2026-01-01T12:00:02.000Z\n", 1767268801000),
        ("\nGitreg-Time: 2026-01-01T12:00:00.999Z\n", 1767268801000),
        ("\nGitreg-Time: 2026-01-01T13:00:01.123+01:00\n", 1767268801000),
        ("\nGitreg-Time: soon\n", 1767268801000),
    ],
)
def test_a_time_is_the_committers_refined_within_its_second(trailer: str, time: int) -> None:
    assert read_commit(ID, SOUND + trailer.encode()).own_time == time


@given(st.integers(min_value=0, max_value=253402300799999))
def test_a_time_reads_back_as_written(milliseconds: int) -> None:
    assert parse_time(format_time(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", "2026-01-01", "2026-01-01T12:00:00Z", "2026-01-01T12:00:00.123",
     "2026-02-30T12:00:00.000Z",
     "2026-01-01T24:00:00.000Z", "2026-01-01T12:00:60.000Z", "2026-01-01T12:00:00.123Z\n",
     "0000-01-01T00:00:00.000Z", "२०२६-01-01T12:00:00.123Z"],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text) is None


# --- round trip and fuzz -------------------------------------------------------------------------

_ids = st.text("0123456789abcdef", min_size=40, max_size=40)
_names = st.text(
    st.characters(exclude_characters="<>", exclude_categories=["Cs"]), min_size=1
).filter(lambda text: text == text.strip() and hidden_character(text) is None)
_people = st.builds(
    Signature,
    _names,
    _names,
    st.integers(min_value=0, max_value=10**11 - 1),
    st.from_regex(r"[+-][0-9]{4}", fullmatch=True).filter(str.isascii),
)
_messages = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(
    lambda text: "gitreg-" not in text.lower()
)
commits = st.builds(
    Commit,
    st.just(ID),
    _ids,
    st.lists(_ids, max_size=3).map(tuple),
    _people,
    _people,
    _messages,
)


@given(commits)
def test_a_commit_reads_back_as_written(commit: Commit) -> None:
    assert read_commit(ID, write_commit(commit)) == commit


_scraps = st.sampled_from(
    [b"\n", b"\n\n", b" ", b"\0", b"\xff", b"<", b">", b"tree ", b"parent ", b"author ", b"gpgsig ",
     b"committer ", b"encoding x\n", b"+0000", b"9" * 20, b"Gitreg-Answer: ", "\u202e".encode()]
)  # fmt: skip


@given(st.data())
def test_reading_a_mutated_commit_never_fails(data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from([SOUND, SOUND + b"\nGitreg-Time: 2026-01-01T12:00:01.123Z\n"]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(len(raw), start + 60)))
        raw = raw[:start] + data.draw(st.binary(max_size=3) | _scraps) + raw[end:]
    commit = read_commit(ID, raw)
    if not commit.faults:
        assert len(commit.tree) == 40
        for who in (commit.author, commit.committer):
            assert who.name.strip() == who.name != ""
            assert hidden_character(who.name + who.email) is None
        assert commit.own_time // 1000 == commit.committer.seconds
        if not commit.signature:
            again = read_commit(ID, write_commit(commit))
            assert again == commit
