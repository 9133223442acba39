"""What annotators can read of a task does not tell which clip it is about."""

from annotation.label_studio.items import find_clip, item_of, name_items

CLIP = "ravdess/03-01-05-01-01-01-01"


def test_an_item_tells_nothing_and_is_the_same_again() -> None:
    """It differs from project to project, so that one project's list explains no other's."""
    item = item_of("a-00c0ffee", CLIP)
    assert item == item_of("a-00c0ffee", CLIP) != item_of("b-00c0ffee", CLIP)
    assert not any(part in item for part in CLIP.split("/"))


def test_clips_are_found_by_item_or_by_name() -> None:
    """Published tasks have an item; those of a file name the clip."""
    items = name_items("a-00c0ffee", [CLIP])
    (item,) = items
    assert find_clip({"item": item}, items) == CLIP
    assert find_clip({"clip_id": "demo/a"}, items) == "demo/a"


def test_what_names_no_clip_is_told() -> None:
    """Somebody may import anything."""
    strangers = ({}, {"item": "ab12"}, {"item": ["x"]}, {"clip_id": 7}, None, "text")
    assert [find_clip(data, {}) for data in strangers] == [None] * 6
