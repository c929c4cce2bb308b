"""Small factories: one row each, with plausible values; whole months are built by services."""

from datetime import UTC, date, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from branches.models import Branch, Committee
from members.models import (
    LeadershipDuty,
    Member,
    Membership,
    Position,
    StaffAppointment,
    User,
)
from points.models import Category, Criterion, RuleBook

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")


class CommitteeFactory(DjangoModelFactory):
    class Meta:
        model = Committee

    name = factory.Sequence(lambda n: f"机关党委{n}")
    kind = Committee.Kind.PARTY_COMMITTEE


class BranchFactory(DjangoModelFactory):
    class Meta:
        model = Branch

    name = factory.Sequence(lambda n: f"第{n}党支部")
    committee = factory.SubFactory(CommitteeFactory)
    roll_order = factory.Sequence(lambda n: n)


class MemberFactory(DjangoModelFactory):
    """A member with an account; ``branch=`` puts them into a branch for good."""

    class Meta:
        model = Member
        skip_postgeneration_save = True

    staff_no = factory.Sequence(lambda n: f"M{n:05d}")
    name = factory.Sequence(lambda n: f"党员{n}")
    user = factory.SubFactory(UserFactory)
    roll_order = factory.Sequence(lambda n: n)

    @factory.post_generation
    def branch(self, create, extracted, **kwargs):
        if extracted is not None:
            Membership.objects.create(member=self, branch=extracted)

    @factory.post_generation
    def position(self, create, extracted, **kwargs):
        """``position=(branch, kind)``."""
        if extracted is not None:
            branch, kind = extracted
            Position.objects.create(member=self, branch=branch, kind=kind)


class LeadershipDutyFactory(DjangoModelFactory):
    class Meta:
        model = LeadershipDuty

    leader = factory.SubFactory(MemberFactory, is_leading_cadre=True)
    branch = factory.SubFactory(BranchFactory)
    kind = LeadershipDuty.Kind.IN_CHARGE


class StaffAppointmentFactory(DjangoModelFactory):
    class Meta:
        model = StaffAppointment

    user = factory.SubFactory(UserFactory)
    committee = factory.SubFactory(CommitteeFactory)


class RuleBookFactory(DjangoModelFactory):
    class Meta:
        model = RuleBook

    branch = factory.SubFactory(BranchFactory)
    version = 1
    effective_from = date(2024, 1, 1)
    base_points = Decimal("80.00")
    pass_line = Decimal("70.00")
    ceiling = Decimal("100.00")
    approved_by = factory.SubFactory(UserFactory)
    approved_at = LONG_AGO


class CriterionFactory(DjangoModelFactory):
    class Meta:
        model = Criterion

    rule_book = factory.SubFactory(RuleBookFactory)
    code = factory.Sequence(lambda n: f"C{n:02d}")
    category = Category.STUDY
    text = factory.Sequence(lambda n: f"条目{n}")
    points = Decimal("2.00")
    registered_by = Criterion.RegisteredBy.EITHER
    sort_order = factory.Sequence(lambda n: n)
