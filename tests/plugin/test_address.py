"""Registry URIs: where, who, and as of when."""

import pytest

from gitreg.errors import InvalidValueError
from gitreg.plugin.address import Address


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("gitreg:/srv/models.git", Address("/srv/models.git")),
        ("gitreg:models.git", Address("models.git")),
        ("gitreg:///srv/models.git", Address("/srv/models.git")),
        ("gitreg:/srv/m.git?at=2026-01-31", Address("/srv/m.git", at="2026-01-31")),
        (
            "gitreg:/srv/m.git?at=2026-01-31T12:00:00+01:00",
            Address("/srv/m.git", at="2026-01-31T12:00:00+01:00"),
        ),
        ("gitreg+ssh://git@host/m.git", Address("ssh://git@host/m.git")),
        ("gitreg+https://bob@host/m.git", Address("https://bob@host/m.git", user="bob")),
        ("gitreg+http://b%2Bc:pw@host/m", Address("http://b%2Bc:pw@host/m", user="b+c")),
        ("gitreg+file:///srv/m.git", Address("file:///srv/m.git")),
        (
            "gitreg+ssh://host/m.git?max_age=1.5&at=4f1c2aa",
            Address("ssh://host/m.git", at="4f1c2aa", max_age=1.5),
        ),
    ],
)
def test_an_address_says_where_who_and_when(uri: str, address: Address) -> None:
    assert Address.parse(uri) == address


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("gitreg:", "'gitreg:' names no registry"),
        ("gitreg:///", "'gitreg:///' names no registry"),
        ("gitreg+ftp://host/m", "'gitreg+ftp://host/m' names no registry"),
        ("sqlite:///x", "'sqlite:///x' names no registry"),
        ("gitreg:/x?when=1", "'gitreg:/x?when=1': when is nothing a registry's URI can ask for"),
        ("gitreg:/x?max_age=soon", "max_age=soon: that is no number of seconds"),
    ],
)
def test_what_names_no_registry_is_refused(uri: str, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Address.parse(uri)
    assert str(caught.value) == message
