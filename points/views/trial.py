"""试算: what past months would have brought under a draft."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lib.months import format_month
from members.requests import Request
from points.forms.rule_book import TrialForm
from points.selectors.trial import DEFAULT_MONTHS, by_month, final_months, trial_of
from points.views.rule_books import may_try_out, visible


@require_safe
def rule_book_trial(request: Request, pk: int) -> HttpResponse:
    """Score a span of the branch's past months with this version; nothing is stored."""
    book = visible(request, pk)
    if not may_try_out(request, book):
        raise PermissionDenied
    months = final_months(book.branch_id)
    if not months:
        return render(request, "points/rule_book_trial.html", {"book": book})
    newest = {"first": months[:DEFAULT_MONTHS][-1], "last": months[0]}
    asked = {name: request.GET.get(name) or format_month(newest[name]) for name in newest}
    form = TrialForm(asked, months=months)
    trial = None
    if form.is_valid():
        first, last = form.span
        trial = trial_of(book, first=first, last=last)
    context = {
        "book": book,
        "form": form,
        "trial": trial,
        "months": by_month(trial) if trial else {},
    }
    return render(request, "points/rule_book_trial.html", context)
