"""Pages of records are like the tuples they hold."""

from gitreg.domain.records import Page


def test_a_page_is_like_the_tuple_it_holds() -> None:
    page = Page(("a", "b"), "token")
    assert list(page) == ["a", "b"]
    assert len(page) == 2
    assert page[0] == "a"
    assert page[-1] == "b"
    assert not Page(())
