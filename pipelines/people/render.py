"""From a record to one HTML page that needs nothing outside itself."""

from __future__ import annotations

from pipelines.people.day import Day
from pipelines.people.records import Record
from pipelines.people.wording import (
    choose_words,
    tell_situation,
    write_agreement,
    write_gold,
    write_people_tiles,
    write_rest,
)
from pipelines.report.page import page_environment
from pipelines.settings import Settings


def render_person(record: Record, campaign: str, day: Day, settings: Settings) -> str:
    """Render somebody's own page; equal content gives equal text.

    It holds no name and no address, and says nothing of anybody else but what all of them
    together do.

    Args:
        record: How the annotator fares.
        campaign: In which campaign.
        day: The day of which it speaks.
        settings: Cap, and minutes before a rest.

    Returns:
        The HTML text.
    """
    people = settings.people
    situation = tell_situation(
        record, cap=people.votes_per_day, rest_after_min=people.rest_after_min
    )
    answered = record.open_clips - record.open_to_them
    return (
        page_environment("pipelines.people")
        .get_template("person.html.j2")
        .render(
            record=record,
            campaign=campaign,
            day=day.name,
            words=choose_words(situation, record.annotator, day.name),
            tiles=write_people_tiles(record, cap=people.votes_per_day),
            agreement=write_agreement(record),
            gold=write_gold(record),
            rest=write_rest(record, rest_after_min=people.rest_after_min),
            cap=people.votes_per_day,
            cap_share=min(record.votes_today / people.votes_per_day, 1)
            if people.votes_per_day
            else 0.0,
            open_share=answered / record.open_clips if record.open_clips else 1.0,
            answered=answered,
        )
    )
