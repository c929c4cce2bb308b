"""Every main page of the demonstration, at both widths: reachable, legible, quiet."""

import pytest
from django.utils import timezone

from members.models import RollChange, User
from members.rights import actor_on
from points.models import Activity, Declaration, MonthlyResult, RuleBook
from reviews.demo.build import build
from reviews.models import (
    Appeal,
    Export,
    FollowUp,
    Nomination,
    Objection,
    Opinion,
    Publication,
    Round,
    SpotCheck,
    YearEnd,
)
from reviews.services.holders import held_by
from tests.browser.office import DESK, PHONE, Browsers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def talks_held():
    """The talks that fall to the demonstration's secretary."""
    secretary = actor_on(User.objects.get(username="secretary"), timezone.localdate())
    return FollowUp.objects.filter(held_by(secretary), kind=FollowUp.Kind.TALK)


def addresses(now) -> list[tuple[str, str]]:
    """Each main page, with the account that looks at it."""
    month = now.date().replace(day=1)
    branch = {"branch__name": "就业促进处党支部"}
    late = Round.objects.get(state=Round.State.REVIEWING, **branch)
    book = RuleBook.objects.decided().filter(**branch).latest("version")
    drafts = RuleBook.objects.in_the_making()
    draft = drafts.get(**branch)
    asked = drafts.get(state=RuleBook.State.SUBMITTED)
    activity = Activity.objects.filter(branch=late.branch).latest("pk")
    quarterly = Publication.objects.filter(together_with__isnull=False).latest("pk")
    withdrawn = Publication.objects.exclude(withdrawn_at=None).latest("pk")
    appeal = Appeal.objects.get(state=Appeal.State.OPEN, opinion=None)
    fresh = SpotCheck.objects.latest("drawn_at")
    item = fresh.items.filter(finding="", inspector__username="staff").first()
    explanations = FollowUp.objects.filter(kind__in=FollowUp.EXPLANATION_KINDS)
    own_explanation = explanations.get(holder__user__username="leader")
    unjudged = explanations.filter(state=FollowUp.State.RECORDED, judgement=None).first()
    serious = explanations.filter(judgement__decided_on=None).exclude(judgement=None).first()
    moved = RollChange.objects.latest("pk").member
    talk = talks_held().latest("trigger_month")
    cases = FollowUp.objects.filter(kind="DISPOSITION")
    returned_case = cases.get(state="OPEN", **branch).get_absolute_url()
    filed_case = cases.get(state="RECORDED").get_absolute_url()
    year = f"{month.year}/"
    frozen = YearEnd.objects.get(state=YearEnd.State.FROZEN)
    result = MonthlyResult.objects.final().filter(member__user__username="member").latest("month")
    opinion = Opinion.objects.get(member__user__username="member")
    nomination = Nomination.objects.filter(branch=opinion.branch_id).latest("pk")
    own = Declaration.objects.filter(member__user__username="member").latest("month")
    return [
        ("member", "/"),
        ("member", "/declarations/"),
        ("member", f"/declarations/{year}{month.month}/"),
        ("member", f"/declarations/{year}{month.month}/?pick=1"),
        ("member", result.get_absolute_url()),
        ("member", f"/results/{year}"),
        ("member", f"/results/{month.year - 1}/sheet/"),
        ("member", "/publications/"),
        (
            "member",
            Publication.objects.filter(round__branch=late.branch).latest("pk").get_absolute_url(),
        ),
        ("member", "/rules/"),
        ("member", f"/rules/{book.pk}/"),
        ("member", "/appeals/"),
        ("member", "/holidays/"),
        ("member", f"/declarations/{own.pk}/print/"),
        ("member", "/about/rules/"),
        ("member", "/notices/"),
        ("secretary", "/"),
        ("secretary", "/register/"),
        ("secretary", "/register/?way=item"),
        ("secretary", activity.get_absolute_url()),
        ("secretary", f"{activity.get_absolute_url()}sheet/"),
        ("secretary", "/rules/"),
        ("secretary", f"/rules/{draft.pk}/edit/"),
        ("secretary", f"/rules/{draft.pk}/trial/"),
        ("secretary", f"/rules/{draft.pk}/differences/"),
        ("secretary", f"/rules/{draft.pk}/submit/"),
        ("secretary", "/exemptions/"),
        ("secretary", "/exemptions/new/"),
        ("secretary", "/rounds/"),
        ("secretary", f"/rounds/{late.pk}/"),
        ("secretary", f"/rounds/{late.pk}/review/"),
        ("secretary", f"/rounds/{late.pk}/review/?show=all"),
        ("secretary", f"/rounds/{late.pk}/meeting/"),
        ("secretary", f"/rounds/{late.pk}/results/"),
        ("secretary", "/objections/"),
        ("secretary", "/follow-ups/"),
        ("secretary", talk.get_absolute_url()),
        ("secretary", "/exports/"),
        ("secretary", "/exports/new/publication/"),
        ("secretary", Export.objects.get(kind="LEDGER").get_absolute_url()),
        ("secretary", f"/branch/{late.branch_id}/"),
        ("secretary", returned_case),
        ("secretary", f"{returned_case}opinion/"),
        *((name, f"/follow-ups/{pk}/{rest}") for name, pk, rest in talks_of()),
        ("member", opinion.get_absolute_url()),
        ("member", f"/results/{opinion.year}/"),
        ("secretary", f"/year/{opinion.year}/appraisals/"),
        ("secretary", f"/year/{opinion.year}/nominate/{nomination.member_id}/"),
        ("secretary", f"/nominations/{nomination.pk}/withdraw/"),
        ("secretary", f"/opinions/new/?nomination={nomination.pk}"),
        ("deputy", f"/year/{opinion.year}/appraisals/print/"),
        ("deputy", f"/rounds/{late.pk}/review/"),
        ("leader", "/follow-ups/"),
        ("leader", f"/follow-ups/{own_explanation.pk}/"),
        ("leader", f"/follow-ups/{own_explanation.pk}/explanation/"),
        ("leader", f"/follow-ups/{own_explanation.pk}/explanation/form/"),
        ("staff", "/"),
        ("staff", f"/rounds/{year}{month.month}/"),
        ("staff", Objection.objects.get(state=Objection.State.OPEN).get_absolute_url()),
        ("staff", "/follow-ups/?show=explanations"),
        ("staff", f"/follow-ups/{unjudged.pk}/judgement/"),
        ("staff", f"/follow-ups/{serious.pk}/"),
        ("staff", f"/follow-ups/{serious.pk}/accountability/"),
        ("staff", "/year/"),
        ("staff", frozen.get_absolute_url()),
        ("staff", f"{frozen.get_absolute_url()}eligible/"),
        ("secretary", frozen.get_absolute_url()),
        ("member", f"/results/{frozen.year}/"),
        ("staff", f"/year/{year}"),
        ("staff", f"/year/{month.year - 1}/sheets/"),
        ("staff", "/audit/?verb=publish"),
        ("staff", "/roll/"),
        ("staff", "/roll/import/"),
        ("staff", "/roll/new/"),
        ("staff", "/roll/passwords/"),
        ("staff", f"/roll/{moved.pk}/"),
        ("staff", f"/roll/{moved.pk}/changes/transfer/"),
        ("staff", "/exemptions/"),
        ("staff", "/register/"),
        ("staff", "/progress/"),
        ("staff", "/branch/"),
        ("staff", "/branch/?show=punctuality"),
        ("staff", "/branch/?show=burden"),
        ("staff", "/policy/"),
        ("staff", f"/policy/committees/{fresh.committee_id}/"),
        ("staff", f"/holidays/{month.year + 1}/"),
        ("staff", "/notices/deliveries/"),
        ("staff", f"/rules/{asked.pk}/approval/"),
        ("staff", quarterly.get_absolute_url()),
        ("staff", f"{quarterly.get_absolute_url()}notice/"),
        ("staff", withdrawn.get_absolute_url()),
        ("staff", "/appeals/"),
        ("staff", appeal.get_absolute_url()),
        ("staff", "/opinions/"),
        ("staff", f"{opinion.get_absolute_url()}print/"),
        ("staff", Appeal.objects.filter(opinion__state="APPEALED").get().get_absolute_url()),
        ("staff", "/spot-checks/"),
        ("staff", "/spot-checks/new/"),
        ("staff", fresh.get_absolute_url()),
        ("staff", f"{fresh.get_absolute_url()}protocol/"),
        ("staff", item.get_absolute_url()),
        ("staff", "/exports/"),
        ("staff", "/exports/new/ledger/"),
        ("staff", "/follow-ups/?show=cases"),
        ("staff", filed_case),
        ("staff", f"{filed_case}decision/"),
        ("staff", f"{filed_case}disposition-form/"),
        ("staff", "/jobs/"),
        ("admin", "/admin/"),
    ]


def talks_of() -> list[tuple[str, int, str]]:
    """Talks in their states: the account that looks, the talk, and what of it."""
    talks = FollowUp.objects.filter(kind=FollowUp.Kind.TALK).order_by("pk")
    of_secretary = talks_held()
    waiting = of_secretary.filter(state="OPEN").latest("pk").pk
    answered = talks.get(member__user__username="member").pk
    right = of_secretary.filter(state="RECTIFYING").latest("pk").pk
    return [
        ("member", answered, ""),
        ("secretary", waiting, ""),
        ("secretary", waiting, "record/"),
        ("secretary", answered, "form/"),
        ("secretary", right, ""),
        ("secretary", right, "check/"),
        ("staff", talks.get(state="DISPUTED").pk, ""),
    ]


def test_every_main_page_is_legible_and_quiet(browser, live_server, settings, violations):
    settings.DEMO = True
    now = timezone.localtime()
    build(now=now)
    browsers = Browsers(browser, live_server.url, PHONE)
    pages = {name: browsers.of(User.objects.get(username=name)) for name in settings.DEMO_ACCOUNTS}

    found = []
    for username, address in addresses(now):
        page = pages[username]
        for viewport in (PHONE, DESK):
            where = f"{username} {address} {viewport['width']}"
            page.set_viewport_size(viewport)
            answer = page.goto(f"{live_server.url}{address}")
            if answer.status != 200:
                found.append(f"{where}: {answer.status}")
                continue
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                found.append(f"{where}: wider than the window")
            if not address.startswith("/admin/"):
                found += [f"{where}: {one}" for one in violations(page)]
    for context in browser.contexts:
        context.close()

    assert found + browsers.complaints == []
