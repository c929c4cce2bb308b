"""The holidays and make-up workdays of a year: everybody reads them, few enter them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lib.addresses import id_from
from lib.form_fields import refuse
from lib.steps import Refused
from members.requests import Request
from points.forms.holidays import NoticeForm, SpanForms, entered_days, initial_rows
from points.selectors import holidays as selectors
from points.services.calendar import enter_year, may_enter_holidays, what_is_wrong

YEARS = range(2000, 2100)


@require_safe
def holidays(request: Request) -> HttpResponse:
    """The special days of a year by month, and where they are known from."""
    today = timezone.localdate()
    wanted = id_from(request.GET.get("year", ""))
    year = wanted if wanted in YEARS else today.year
    context = {
        "year": selectors.year_of(year),
        "tabs": [
            {"label": str(one), "url": f"?year={one}", "is_current": one == year}
            for one in selectors.years_around(today)
        ],
        "library": selectors.known_to_library(),
        "may_enter": may_enter_holidays(request.actor),
    }
    return render(request, "points/holidays.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def holiday_year(request: Request, year: int) -> HttpResponse:
    """Enter a year by the State Council's notice, beginning with what is known of it."""
    if not may_enter_holidays(request.actor):
        raise PermissionDenied
    if year not in YEARS:
        raise Http404
    known = selectors.year_of(year)
    posted = request.POST if request.method == "POST" else None
    made_up = "\n".join(one.day.isoformat() for one in known.days if one.is_workday)
    initial = {"number": known.notice.number if known.notice else "", "made_up": made_up}
    form = NoticeForm(posted, year=year, initial=initial)
    rows = SpanForms(posted, initial=initial_rows(known.days), prefix="row")
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        days = entered_days(form, rows)
        for sentence in what_is_wrong(year, form.cleaned_data["number"], days):
            form.add_error(None, sentence)
        if not form.errors and _entered(request, form, year, days):
            messages.success(request, _("The holidays of %(year)s are entered.") % {"year": year})
            return redirect(f"{reverse('holidays')}?year={year}")
    context = {"form": form, "rows": rows, "year": known}
    status = 422 if form.is_bound else 200
    return render(request, "points/holiday_form.html", context, status=status)


def _entered(request: Request, form: NoticeForm, year: int, days: Any) -> bool:
    try:
        enter_year(
            year=year,
            number=form.cleaned_data["number"],
            days=days,
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refused:
        refuse(form, refused)
        return False
    return True
