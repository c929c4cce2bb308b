"""What follows from a year in a branch: nominations, and the grades of the 民主评议."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from reviews.forms.award import (
    DayCorrectionForm,
    GradeForm,
    MeetingDayForm,
    NominationForm,
    ReasonForm,
)
from reviews.models import AnnualResult, Appraisal, BranchAnnualResult, Nomination, YearEnd
from reviews.rules import may_grade, may_nominate
from reviews.selectors import awards as selectors
from reviews.selectors.year_end import branches_of
from reviews.services import appraisals as appraising
from reviews.services import nominations as nominating
from reviews.services.round import bench_of

Award = Nomination.Award


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_branch_committee_or_staff)
def nominate(request: Request, year: int, member: int) -> HttpResponse:
    """Nominate one member of the branch, beside their figures and the usual ceiling."""
    found = get_object_or_404(
        AnnualResult.objects.select_related("member", "branch", "year_end"),
        member=member,
        year=year,
        branch__in=branches_of(request.actor),
    )
    check_may_nominate(request, found.member_id, found.branch_id)
    # What was sent twice is nominated once, so a form that is sent knows every award.
    left = selectors.awards_left(member, year) if request.method != "POST" else Award.choices
    form, status = NominationForm(request.POST or None, left=left), 200
    if request.method == "POST":
        status = nominated(request, found, form)
        if status == 302:
            return redirect(back_to(year, found.branch_id))
    today = timezone.localdate()
    context = {
        "form": form,
        "result": found,
        "has_left": bool(left),
        "awards": selectors.branch_awards(found.branch, year, request.actor, today),
        "is_final": found.year_end.state in YearEnd.FINAL,
        "back": back_to(year, found.branch_id),
    }
    return render(request, "reviews/nominate.html", context, status=status)


def nominated(request: Request, found: AnnualResult, form: NominationForm) -> int:
    """302 if the member was nominated, else the status of the page that comes back."""
    if not form.is_valid():
        return 422
    try:
        nominating.nominate(
            member=found.member_id,
            year=found.year,
            by=request.actor,
            at=timezone.now(),
            **form.cleaned_data,
        )
    except Refused as refusal:
        refuse(form, refusal)
        return 409
    messages.success(request, _("Nominated. The member is told."))
    return 302


def check_may_nominate(request: Request, member: int, branch: int) -> None:
    bench = bench_of(branch, timezone.localdate())
    if not may_nominate(request.actor, member_id=member, branch_id=branch, bench=bench):
        raise PermissionDenied


def back_to(year: int, branch: int) -> str:
    return f"{reverse('year', args=[year])}?branch={branch}#awards"


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_branch_committee_or_staff)
def withdraw_nomination(request: Request, pk: int) -> HttpResponse:
    """Take a nomination back, with a reason."""
    nominations = Nomination.objects.filter(branch__in=branches_of(request.actor))
    found = get_object_or_404(nominations.select_related("member", "branch"), pk=pk)
    check_may_nominate(request, found.member_id, found.branch_id)
    form, status = ReasonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            nominating.withdraw(
                pk=pk, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now()
            )
            messages.success(request, _("The nomination is withdrawn and the member is told."))
            return redirect(back_to(found.year, found.branch_id))
    context = {"form": form, "nomination": found, "back": back_to(found.year, found.branch_id)}
    return render(request, "reviews/nomination_withdraw.html", context, status=status)


# -- grades --------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_branch_committee_or_staff)
def appraisals(request: Request, year: int) -> HttpResponse:
    """Everybody's grade beside their points, entered in one save."""
    figures, others = of_year(request, year)
    if figures is None:
        return render(request, "reviews/appraisals.html", {"year": year})
    lines = selectors.appraisal_lines(figures.branch_id, year)
    days = selectors.meeting_days(lines)
    of_day = request.POST.get("step") == "correct_day"
    typed = request.POST if request.method == "POST" and not of_day else None
    meeting = MeetingDayForm(typed, initial={"held_on": days[0][0] if days else None})
    correction = DayCorrectionForm(request.POST if of_day else None, days=days)
    rows = [Row(line, typed) for line in lines]
    status = 200
    if request.method == "POST":
        if of_day:
            status = correct_day(request, figures, correction)
        else:
            status = save(request, figures, meeting, rows)
        if status == 302:
            return redirect(f"{reverse('appraisals', args=[year])}?branch={figures.branch_id}")
    bench = bench_of(figures.branch_id, timezone.localdate())
    may = may_grade(request.actor, branch_id=figures.branch_id, bench=bench)
    context = {
        "year": year,
        "figures": figures,
        "others": others,
        "meeting": meeting,
        "correction": correction,
        "days": days,
        "rows": rows,
        "grades": Appraisal.Grade.choices,
        "third": selectors.third_of(figures.ranked),
        "is_final": figures.year_end.state in YearEnd.FINAL,
        "may_grade": may and figures.year_end.state in YearEnd.FINAL,
        "back": back_to(year, figures.branch_id),
    }
    return render(request, "reviews/appraisals.html", context, status=status)


@require_safe
@page_for(is_branch_committee_or_staff)
def appraisals_print(request: Request, year: int) -> HttpResponse:
    """The list of grades on A4, with lines to sign."""
    figures, _others = of_year(request, year)
    if figures is None:
        raise Http404
    lines = selectors.appraisal_lines(figures.branch_id, year)
    context = {
        "year": year,
        "figures": figures,
        "lines": lines,
        "held_on": next((day for day, _count in selectors.meeting_days(lines)), None),
        "third": selectors.third_of(figures.ranked),
    }
    return render(request, "reviews/appraisals_print.html", context)


class Row:
    """A line of the page with its form, and what was wrong with it."""

    def __init__(self, line: selectors.AppraisalLine, typed: QueryDict | None) -> None:
        self.line = line
        standing = line.standing
        self.form = GradeForm(
            typed,
            prefix=f"m{line.person.member.pk}",
            initial={
                "grade": standing.grade if standing else "",
                "seen": standing.number if standing else 0,
            },
        )

    @property
    def chosen(self) -> str:
        return str(self.form["grade"].value() or "")


def of_year(
    request: Request, year: int
) -> tuple[BranchAnnualResult | None, list[BranchAnnualResult]]:
    """The branch asked for, else one's own, else the first; and all there are."""
    found = selectors.branches_with_figures(request.actor, year)
    wanted = request.GET.get("branch", "")
    if wanted:
        chosen = next((one for one in found if str(one.branch_id) == wanted), None)
        if chosen is None:
            raise Http404
        return chosen, found
    own = [one for one in found if one.branch_id == request.actor.branch_id]
    return next(iter(own or found), None), found


def save(
    request: Request, figures: BranchAnnualResult, meeting: MeetingDayForm, rows: list[Row]
) -> int:
    """Enter what was chosen; 302 if it was, else the status of the page that comes back with
    everything typed."""
    are_valid = [row.form.is_valid() for row in rows if row.line.person.is_full_member]
    if not meeting.is_valid() or not all(are_valid):
        return 422
    given = [
        row.form.given(row.line.person.member.pk) for row in rows if row.line.person.is_full_member
    ]
    try:
        count = appraising.enter_grades(
            branch=figures.branch_id,
            year=figures.year,
            held_on=meeting.cleaned_data["held_on"],
            grades=given,
            by=request.actor,
            at=timezone.now(),
        )
    except appraising.GradesRefused as refused:
        for row in rows:
            if problem := refused.problems.get(row.line.person.member.pk):
                row.form.add_error("grade", problem)
        refuse(meeting, refused)
        return 422
    except Refused as refusal:
        meeting.add_error("held_on", str(refusal))
        return 409
    messages.success(request, said(count, is_day_new="held_on" in meeting.changed_data))
    return 302


def correct_day(
    request: Request, figures: BranchAnnualResult, correction: DayCorrectionForm
) -> int:
    """Give the grades of a meeting its right day; 302 if they have it, else the status of the
    page that comes back with everything typed."""
    if not correction.is_valid():
        return 422
    try:
        count = appraising.correct_day(
            branch=figures.branch_id,
            year=figures.year,
            was=correction.cleaned_data["was"],
            held_on=correction.cleaned_data["right_day"],
            reason=correction.cleaned_data["reason"],
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refusal:
        correction.add_error("right_day", str(refusal))
        return 409
    messages.success(request, _said_of_day(count))
    return 302


def _said_of_day(count: int) -> str:
    if not count:
        return _("Nothing was changed.")
    text = ngettext(
        "The day of %(count)s grade was corrected.",
        "The day of %(count)s grades was corrected.",
        count,
    )
    return text % {"count": count}


def said(count: int, *, is_day_new: bool) -> str:
    if not count and is_day_new:
        return _("No grade was changed, so no day was: a wrong day is corrected below the grades.")
    if not count:
        return _("Nothing was changed.")
    text = ngettext("%(count)s grade was entered.", "%(count)s grades were entered.", count)
    return text % {"count": count}
