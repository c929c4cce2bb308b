"""A rule book in the making: started, edited row by row, submitted."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from branches.models import Branch
from lib.addresses import id_from
from lib.form_fields import refuse
from lib.steps import Refused
from members.requests import Request
from points.forms.rule_book import CriterionForm, HeadForm, StartForm
from points.models import Category, Criterion, RuleBook
from points.rules import may_draft_for
from points.selectors.rule_book import sources_for, steps_of, version_before
from points.selectors.rule_book_rows import differences, draft_of
from points.services.rule_book import draft as drafting
from points.services.rule_book import rows
from points.services.rule_book.draft import CRITERION_FIELDS
from points.views.rule_books import is_at_the_branch, may_try_out, seat_of, visible
from points.workflow import RULE_BOOK_STEPS


@require_http_methods(["GET", "HEAD", "POST"])
def start_draft(request: Request, branch_id: int) -> HttpResponse:
    """What a new draft is copied from: a version of the branch, a template, or nothing."""
    actor = request.actor
    known = actor.committee_branches | actor.branches_below | {actor.branch_id}
    branch = get_object_or_404(Branch, pk=branch_id, pk__in=known - {None})
    drafter = drafting.drafter_of(actor, branch.pk, timezone.localdate())
    if not may_draft_for(drafter, branch.pk):
        raise PermissionDenied
    sources = sources_for(branch)
    form = StartForm(request.POST or None, sources=sources)
    if request.method == "POST" and form.is_valid():
        try:
            book = drafting.start(
                branch=branch, source=form.cleaned_data["source"], by=actor, at=timezone.now()
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            return redirect("rule_book_edit", book.pk)
    there = RuleBook.objects.in_the_making().filter(branch=branch).first()
    if there is not None and not form.errors:
        return redirect("rule_book_edit", there.pk)
    listed = list(sources)
    context = {
        "branch": branch,
        "form": form,
        "own": [book for book in listed if book.branch_id == branch.pk],
        "templates": [book for book in listed if book.branch_id != branch.pk],
    }
    status = 422 if form.errors else 200
    return render(request, "points/rule_book_start.html", context, status=status)


@require_safe
def rule_book_edit(request: Request, pk: int) -> HttpResponse:
    """The draft as rows."""
    book = editable(request, pk)
    if not is_at_the_branch(book):
        return redirect(book)
    context = {
        "book": book,
        "draft": draft_of(book),
        "may_try_out": may_try_out(request, book),
        **steps_of(seat_of(request, book), book),
    }
    return render(request, "points/rule_book_edit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_book_head(request: Request, pk: int) -> HttpResponse:
    """Points, goals, procedure and category caps of a draft."""
    book = editable(request, pk)
    if request.method != "POST":
        if not is_at_the_branch(book):
            return redirect(book)
        form, status = HeadForm(instance=book), 200
        return render(
            request, "points/rule_book_head.html", {"book": book, "form": form}, status=status
        )
    form, status = HeadForm(request.POST, instance=book), 422
    if form.is_valid():
        try:
            rows.change_head(
                values=form.values,
                caps=form.caps,
                seen=form.cleaned_data["seen"],
                **how(request, pk),
            )
        except Refused as refused:
            refuse(form, refused)
            status = 409
        else:
            messages.success(request, _("Saved."))
            return redirect("rule_book_edit", pk)
    return render(
        request, "points/rule_book_head.html", {"book": book, "form": form}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
def save_criterion(request: Request, pk: int, criterion_id: int | None = None) -> HttpResponse:
    """Add a criterion (a copy of ``?from=``, or in ``?category=``), or change one."""
    book = editable(request, pk)
    if not is_at_the_branch(book) and request.method != "POST":
        return redirect(book)
    criterion = None
    if criterion_id is not None:
        criterion = get_object_or_404(Criterion, pk=criterion_id, rule_book=book)
    if request.method != "POST":
        form = CriterionForm(instance=criterion, initial=initial_of(request, book), book=book)
        return criterion_page(request, book, form, criterion)
    form, status = CriterionForm(request.POST, instance=criterion, book=book), 422
    if form.is_valid():
        try:
            saved = rows.save_criterion(
                values=form.values,
                criterion_id=criterion_id,
                seen=form.cleaned_data["seen"],
                **how(request, pk),
            )
        except Refused as refused:
            refuse(form, refused)
            status = 409
        else:
            messages.success(request, _("Saved: %(item)s.") % {"item": saved.text})
            return redirect(f"{reverse('rule_book_edit', args=[pk])}#criterion-{saved.pk}")
    return criterion_page(request, book, form, criterion, status=status)


def criterion_page(
    request: Request,
    book: RuleBook,
    form: CriterionForm,
    criterion: Criterion | None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"book": book, "form": form, "criterion": criterion}
    return render(request, "points/rule_book_criterion.html", context, status=status)


def initial_of(request: Request, book: RuleBook) -> dict[str, Any]:
    """A new row: a copy without its code, or an empty one in a category."""
    asked = request.GET.get("from", "")
    original = book.criteria.filter(pk=id_from(asked)).first()
    if original is not None:
        return {name: getattr(original, name) for name in CRITERION_FIELDS} | {"code": ""}
    category = request.GET.get("category", "")
    return {"category": category} if category in Category.values else {}


Act = Callable[..., str]


def draft_step(target: str) -> Callable[[Act], Callable[..., HttpResponse]]:
    """A step on a draft, taken by POST, then on to a page with a word on what came of it.
    Whoever is led here by GET, after signing in anew, finds the draft."""

    def decorate(act: Act) -> Callable[..., HttpResponse]:
        @wraps(act)
        def view(request: Request, pk: int, **kwargs: int) -> HttpResponse:
            book = editable(request, pk)
            address = reverse(target, args=[pk] if target != "rule_books" else [])
            if request.method != "POST":
                return redirect(book)
            try:
                if said := act(request, how(request, pk), **kwargs):
                    messages.success(request, said)
            except Refused as refusal:
                messages.error(request, str(refusal))
                return redirect("rule_book_edit", pk) if is_there(pk) else redirect("rule_books")
            anchor = kwargs.get("criterion_id", "")
            return redirect(f"{address}#criterion-{anchor}" if anchor else address)

        return view

    return decorate


@draft_step("rule_book_edit")
def move_criterion(request: Request, how: dict[str, Any], criterion_id: int) -> str:
    up = request.POST.get("direction") == "up"
    rows.move_criterion(criterion_id=criterion_id, up=up, seen=seen_in(request), **how)
    return ""


@draft_step("rule_book_edit")
def retire_criterion(request: Request, how: dict[str, Any], criterion_id: int) -> str:
    gone = rows.retire_criterion(criterion_id=criterion_id, seen=seen_in(request), **how)
    return _("Retired: %(item)s.") % {"item": gone.text}


@draft_step("rule_book_edit")
def restore_criterion(request: Request, how: dict[str, Any]) -> str:
    code = request.POST.get("code", "")
    back = rows.restore_criterion(code=code, seen=seen_in(request), **how)
    return _("Restored: %(item)s.") % {"item": back.text}


@draft_step("rule_book_edit")
def take_back_rule_book(request: Request, how: dict[str, Any]) -> str:
    drafting.take_back(**how)
    return _("The rule book is a draft again. Remember to submit it.")


@draft_step("rule_books")
def discard_rule_book(request: Request, how: dict[str, Any]) -> str:
    drafting.discard(seen=seen_in(request), **how)
    return _("The draft is discarded.")


@require_http_methods(["GET", "HEAD", "POST"])
def submit_rule_book(request: Request, pk: int) -> HttpResponse:
    """What will change, and then the question whether to submit it."""
    book = editable(request, pk)
    if request.method == "POST":
        try:
            drafting.submit(seen=seen_in(request), **how(request, pk))
            messages.success(request, _("The rule book is submitted. The committee is told."))
            return redirect(book)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("rule_book_edit", pk)
    if not is_at_the_branch(book):
        return redirect(book)
    before = version_before(book)
    context = {
        "book": book,
        "differences": differences(before, book) if before else None,
        "obstacle": drafting.obstacle_to_submit(book),
        "count": book.criteria.count(),
    }
    return render(request, "points/rule_book_submit.html", context)


# -- below the views -----------------------------------------------------------------------


def editable(request: Request, pk: int) -> RuleBook:
    """A rule book that this person may draft."""
    book = visible(request, pk)
    if not RULE_BOOK_STEPS["edit"].may(seat_of(request, book), book):
        raise PermissionDenied
    return book


def is_there(pk: int) -> bool:
    return RuleBook.objects.filter(pk=pk).exists()


def how(request: Request, pk: int) -> dict[str, Any]:
    return {"pk": pk, "by": request.actor, "at": timezone.now()}


def seen_in(request: Request) -> int:
    """The revision of the draft that the person looked at; without one, none is right."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else -1
