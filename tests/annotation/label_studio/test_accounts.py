"""Users of a server become annotators, once and for all."""

from annotation.label_studio.accounts import find_users, name_annotators
from annotation.label_studio.users import ServerUser, annotator_of


def user(number: int, address: str) -> ServerUser:
    """Return a user."""
    return ServerUser(number, address, "", None)


def test_everybody_who_answered_is_found() -> None:
    """Whether users come as numbers or objects; who was deleted has no number."""
    tasks = [
        {"annotations": [{"completed_by": 1}, {"completed_by": {"id": 2}}]},
        {"annotations": [{"completed_by": None}, {}]},
        {"annotations": None},
        {},
    ]
    assert find_users(tasks) == {1, 2}


def test_only_users_who_were_not_named_before_are_named() -> None:
    """And of these, only those who answered and have an address."""
    users = [user(1, "a@example.org"), user(2, "b@example.org"), user(3, "c@example.org")]
    named = name_annotators([1, 2, 4, 5], [*users, user(5, "deleted")], {1: "annotator-old"})
    assert named == {2: annotator_of("b@example.org")}


def test_an_address_has_no_capitals() -> None:
    """However somebody writes it when they are invited."""
    (one,) = name_annotators([1], [user(1, "Ann@Example.org")], {}).values()
    (other,) = name_annotators([9], [user(9, "ann@example.org")], {}).values()
    assert one == other
