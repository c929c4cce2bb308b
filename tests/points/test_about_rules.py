"""The rules page: every figure has its sentence, and every number in it is the policy's."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from members.models import Position
from points.about import CHAPTERS, TITLES
from points.models import Policy
from points.services.policy import FIGURES
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
)

pytestmark = pytest.mark.django_db
LINK = re.compile(r"""\{% (?:rule_link|with_rule [^%]*?) "([a-z-]+)"[^%]*%\}""")
OTHERS = {
    "declare_by_day": 11,
    "review_by_day": 12,
    "publication_days": 21,
    "publication_period": "QUARTERLY",
    "appeal_days": 22,
    "decide_appeal_days": 23,
    "confirm_days": 24,
    "inspection_days": 26,
    "talk_after": 4,
    "interview_after": 6,
    "disposition_after": 8,
    "follow_up_days": 27,
    "candidate_ranks": 7,
    "branch_below_percent": 41,
    "escalate_after_days": 28,
}


@pytest.fixture
def branch():
    return BranchFactory()


def page(client, user) -> str:
    client.force_login(user)
    answer = client.get(reverse("about_rules"))
    assert answer.status_code == 200
    return answer.content.decode()


def text_of(html: str) -> str:
    main = html[html.index('class="contents"') :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def linked() -> dict[str, set[str]]:
    """Every anchor that a template links to, and where from."""
    found: dict[str, set[str]] = {}
    for path in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        for anchor in LINK.findall(path.read_text()):
            found.setdefault(anchor, set()).add(path.name)
    return found


def test_every_link_leads_to_a_sentence(client, branch):
    html = page(client, MemberFactory(branch=branch).user)
    anchors = re.findall(r'<section class="rule" id="([^"]+)"', html)

    assert anchors == list(TITLES)
    for anchor, title in TITLES.items():
        assert f'href="#{anchor}"' in html
        assert str(title) in html
    assert len(linked()) > 12
    assert not set(linked()) - set(anchors)
    assert sum(len(chapter.rules) for chapter in CHAPTERS) == len(TITLES)


@pytest.mark.parametrize(
    ("template", "figures"),
    [
        ("result_sum.html", {"base", "plus", "cut", "score", "below", "zero", "exempt"}),
        ("result_year.html", {"total", "average", "pass-total", "streak", "zero"}),
        ("year_sheet_sums.html", {"total", "average", "pass-total", "rank", "candidate", "grade"}),
        ("year_members.html", {"rank", "total", "average", "pass-total", "candidate"}),
        ("year_eligibility.html", {"eligibility"}),
        ("disposition_row.html", {"deadline"}),
        ("year_sheet_months.html", {"base", "plus", "score", "line", "streak"}),
    ],
)
def test_the_figures_of_a_page_link_to_their_sentences(template, figures):
    assert figures <= {anchor for anchor, names in linked().items() if template in names}


def test_every_figure_on_the_page_is_the_policy_s(client, branch):
    """Change one figure at a time: wherever the page spoke of it, it says the new one."""
    assert set(OTHERS) == set(FIGURES) - {"notice_template"}
    user = MemberFactory(branch=branch).user
    before = text_of(page(client, user))
    policy = Policy.objects.create(committee=branch.committee, effective_from=date(2020, 1, 1))
    for name, value in OTHERS.items():
        was = getattr(policy, name)
        # Thresholds rise, so the later ones make room.
        room = {"disposition_after": 30, "interview_after": 20} if name == "talk_after" else {}
        room = {"disposition_after": 30} if name == "interview_after" else room
        Policy.objects.filter(pk=policy.pk).update(**room, **{name: value})
        now = text_of(page(client, user))
        assert now != before, name
        if isinstance(value, int):
            assert len(re.findall(rf"(?<!\d){value}(?!\d)", now)) >= 2, name
        Policy.objects.filter(pk=policy.pk).update(
            **{one: getattr(policy, one) for one in room}, **{name: was}
        )


def test_the_sentences_hold_no_number_of_their_own(client, branch):
    """What is not the policy's is the rules': one half, one third, two places, a year."""
    Policy.objects.create(committee=branch.committee, effective_from=date(2020, 1, 1), **OTHERS)
    for named in (branch, branch.committee):  # a factory's names have numbers of their own
        type(named).objects.filter(pk=named.pk).update(name="甲")
    text = text_of(page(client, MemberFactory(branch=branch, name="乙").user))
    of_policy = {str(value) for value in OTHERS.values()}
    of_rules = {"0", "1", "2", "4", "100", "2020"}
    assert set(re.findall(r"\d+", text)) <= of_policy | of_rules


def test_everybody_reads_the_figures_of_their_own_committee(client, branch):
    Policy.objects.create(
        committee=branch.committee, effective_from=date(2020, 1, 1), candidate_ranks=7
    )
    elsewhere = BranchFactory(committee=CommitteeFactory())
    secretary = MemberFactory(branch=branch, position=(branch, Position.Kind.SECRETARY))
    readers = {
        secretary.user: True,
        StaffAppointmentFactory(committee=branch.committee).user: True,
        MemberFactory(branch=elsewhere).user: False,
    }
    for user, reads in readers.items():
        assert (branch.committee.name in page(client, user)) == reads


def test_the_readings_adopted_are_marked_as_such(client, branch):
    html = page(client, MemberFactory(branch=branch).user)
    sections = re.findall(r'<section class="rule" id="([^"]+)"(.*?)</section>', html, re.DOTALL)
    found = {anchor for anchor, said in sections if "decided__mark" in said}
    assert found == {
        "below",
        "zero",
        "cut",
        "transfer",
        "exempt",
        "missing",
        "talk",
        "deadline",
        "explanation",
        "year-branch",
        "rank",
        "candidate",
        "grade",
        "policy",
    }
