"""What annotators read first."""

from xml.etree import ElementTree as ET

from annotation.label_studio import InterfaceChoices, build_instructions


def test_every_option_has_its_key_and_meaning() -> None:
    """Classes and abstentions are listed in order with the keys of the page."""
    told = build_instructions(["anger", "joy"])
    assert "<b>anger</b> [1]: annoyed" in told
    assert "<b>joy</b> [2]: glad" in told
    assert "<b>can&#x27;t tell</b> [0]: you heard speech" in told
    assert "<b>not speech</b> [n]: silence" in told


def test_definitions_of_a_taxonomy_replace_ours_and_are_escaped() -> None:
    """Nothing from a taxonomy becomes markup; a class without a definition is only named."""
    told = build_instructions(
        ["joy", "<b>awe", "plain"], definitions={"joy": "mine & <script>", "<b>awe": "big"}
    )
    assert "<b>joy</b> [1]: mine &amp; &lt;script&gt;</li>" in told
    assert "<b>&lt;b&gt;awe</b> [2]: big" in told
    assert "<b>plain</b> [3]</li>" in told


def test_only_what_is_asked_is_explained() -> None:
    """Instructions about parts that are not there would confuse."""
    bare = build_instructions(["joy"], InterfaceChoices(autoplay=False, comment=False))
    full = build_instructions(
        ["joy"],
        InterfaceChoices(
            second_choice=True, ratings=("arousal",), rating_scale=5, transcript="asked"
        ),
    )
    for text in ("by itself", "Shift", "Arousal", "words as you hear", "Enter</b> leaves"):
        assert text not in bare
        assert text in full
    assert "from 1 (calm) to 5 (excited)" in full


def test_how_to_submit_and_to_correct_a_slip_is_told() -> None:
    """Servers differ in the key that submits, and everybody presses a wrong one sometimes."""
    told = build_instructions(["joy"])
    assert "<b>Enter</b> submits" in told
    assert "<b>Ctrl+Enter</b> does" in told
    assert "A slip: press another key." in told
    assert "After the last clip the page stays" in told


def test_the_markup_is_closed() -> None:
    """Every tag that opens closes, so that nothing after it changes its looks."""
    told = build_instructions(["joy"], InterfaceChoices(ratings=("arousal",)))
    assert ET.fromstring(f"<div>{told}</div>").find("ul") is not None  # noqa: S314 - our own text
