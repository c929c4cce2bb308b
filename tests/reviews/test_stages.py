"""What a follow-up waits for, in words, in the list and above its page."""

import pytest
from django.urls import reverse
from django.utils.translation import gettext as said

from tests.reviews.case_world import CaseWorld
from tests.reviews.sitting_world import Sittings
from tests.reviews.test_explanations import Unit

pytestmark = pytest.mark.django_db


def shown(client, user, follow_up) -> tuple[str, str]:
    """The stage in the list, which is the one above the page too."""
    client.force_login(user)
    show = "open" if follow_up.state not in follow_up.DONE else "done"
    lines = client.get(reverse("follow_ups"), {"show": show}).context["lines"]
    (stage,) = [stage for one, stage in lines if one == follow_up]
    assert client.get(follow_up.get_absolute_url()).context["stage"] == stage
    return stage.value, stage.label


def named(follow_up) -> str:
    return follow_up.get_state_display()


@pytest.mark.parametrize(
    ("steps", "stage"),
    [
        ((), "OPEN"),
        (("explain",), "RECORDED"),
        (("explain", "serious"), "SERIOUS"),
        (("explain", "serious", "decide"), "CLOSED"),
        (("explain", "accepted"), "CLOSED"),
    ],
)
def test_an_explanation_given_is_not_yet_one_that_is_judged(client, steps, stage):
    unit = Unit()
    do = {
        "explain": unit.explain,
        "serious": lambda: unit.judge("SERIOUS", "长期放任不管"),
        "accepted": lambda: unit.judge("ACCEPTED", "已知悉"),
        "decide": unit.decide,
    }
    for step in steps:
        do[step]()

    value, label = shown(client, unit.users["staff"], unit.of())

    words = {
        "RECORDED": "explained, to be judged",
        "SERIOUS": "serious, to be decided on accountability",
    }
    assert (value, label) == (stage, said(words[stage]) if stage in words else named(unit.of()))


def test_a_record_waits_for_the_member_and_what_is_put_right_for_the_check(client):
    sittings = Sittings()
    staff = sittings.user("staff")

    sittings.record(sitting=sittings.measures())
    sittings.talk.refresh_from_db()
    assert shown(client, staff, sittings.talk) == (
        "RECORDED",
        said("recorded, to be confirmed by the member"),
    )

    sittings.confirm()
    sittings.talk.refresh_from_db()
    assert shown(client, staff, sittings.talk) == ("RECTIFYING", named(sittings.talk))

    sittings.add_step()
    sittings.hand_in()
    assert shown(client, staff, sittings.talk) == ("SUBMITTED", said("put right, to be checked"))


@pytest.mark.parametrize(
    ("stage", "value"),
    [("OPEN", "PENDING"), ("PREPARED", "PREPARED"), ("FILED", "FILED"), ("APPROVED", "RECTIFYING")],
)
def test_a_case_says_its_stage_in_the_list_of_all(client, stage, value):
    world = CaseWorld().to(stage)

    assert shown(client, world.users["staff"], world.case)[0] == value
