"""A small department, and its people each in a browser of their own."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext

from lib.months import month_of
from members.models import Position, User
from members.rights import Actor, actor_on, system_actor
from points.models import Criterion
from points.services.registration import Item
from reviews.models import Round
from reviews.services import opening
from reviews.services import review as reviewing
from reviews.services import round as rounds
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    CriterionFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
# How wide a page is, and whether scripts run in it.
WAYS = {
    "phone": (PHONE, True),
    "desk": (DESK, True),
    "phone without JavaScript": (PHONE, False),
    "desk without JavaScript": (DESK, False),
}


class Office:
    """A branch of four under a committee with staff, this month open."""

    def __init__(self) -> None:
        self.now: datetime = timezone.now()
        self.today = timezone.localdate(self.now)
        self.month = month_of(self.today)
        committee = CommitteeFactory(name="厅直属机关党委")
        self.branch = BranchFactory(name="就业促进处党支部", committee=committee)
        book = RuleBookFactory(branch=self.branch, effective_from=self.month)
        self.task_force = CriterionFactory(
            rule_book=book,
            code="YW-07",
            text="参加急难险重任务、突击队",
            points=Decimal("4.00"),
            registered_by=Criterion.RegisteredBy.MEMBER,
            needs_evidence=True,
        )
        self.study = CriterionFactory(rule_book=book, code="XX-05", text="专题发言、领学")
        self.absence = CriterionFactory(
            rule_book=book,
            code="ZZ-01",
            text="无故不参加三会一课",
            points=Decimal("-12.00"),
            registered_by=Criterion.RegisteredBy.BRANCH,
        )
        kinds = Position.Kind
        self.secretary = self.person("高景江", position=(self.branch, kinds.SECRETARY))
        self.deputy = self.person("王启斌", position=(self.branch, kinds.DEPUTY_SECRETARY))
        self.member = self.person("杨静")
        self.other = self.person("陈文宁")
        self.staff = StaffAppointmentFactory(committee=committee).user
        opening.open_month(month=self.month, by=system_actor(), at=self.now)
        self.round = Round.objects.get()

    def person(self, name: str, **more):
        return MemberFactory(name=name, branch=self.branch, **more)

    def actor(self, person) -> Actor:
        return actor_on(person.user, self.today)

    def decide(self, entry) -> None:
        """Approve an entry, whoever may."""
        reviewing.decide_entry(
            pk=self.round.pk,
            entry_id=entry.pk,
            outcome="APPROVED",
            points=None,
            reason="",
            seen=0,
            by=system_actor(),
            at=self.now,
        )

    def register_absence(self) -> None:
        rounds.register(
            pk=self.round.pk,
            token=uuid4(),
            item=Item(self.absence, Decimal("1.00"), self.today, "未请假缺席党员大会"),
            members=[self.other.pk],
            by=actor_on(self.secretary.user, self.today),
            at=self.now,
        )


@dataclass
class Browsers:
    """Opens pages for people, and notes what a page should not have done."""

    browser: object
    base: str
    viewport: dict[str, int]
    java_script: bool = True
    complaints: list[str] = field(default_factory=list)

    def of(self, user: User):
        """A new page in which this person is signed in."""
        client = Client()
        client.force_login(user)
        context = self.browser.new_context(
            viewport=self.viewport,
            java_script_enabled=self.java_script,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        context.set_default_timeout(15_000)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.base}
        context.add_cookies([cookie])
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.on("request", self._watch)
        return page

    def _listen(self, message) -> None:
        # A form that is refused answers 4xx, which the console mentions: that is no mistake.
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def _watch(self, request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.complaints.append(f"outside: {request.url}")


def in_browsers(*ways: str) -> pytest.MarkDecorator:
    """Run with the fixture ``browsers`` in these of WAYS."""
    return pytest.mark.parametrize("browsers", ways, indirect=True)


def said(text: str) -> str:
    """A text of the product in the language of the page."""
    return gettext(text)


def fits(page) -> bool:
    """Whether nothing is to be scrolled to sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def sheets_of(page) -> int:
    """How many sheets of A4 the page is printed on."""
    return len(re.findall(rb"/Type /Page\b", page.pdf(format="A4")))


def confirm(page, label: str) -> None:
    """Press a button that asks before it acts, and say yes."""
    page.locator("summary", has_text=said(label)).first.click()
    page.locator("dialog button[type=submit]:visible").first.click()
    page.wait_for_load_state()
