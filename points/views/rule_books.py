"""Rule books as they are read, compared, approved and offered."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.models import Branch
from lib.addresses import words_from
from lib.form_fields import refuse
from lib.months import month_of
from lib.steps import Refused
from members.requests import Request
from points.forms.rule_book import ApproveForm, OfferForm, ReturnForm
from points.models import RuleBook
from points.rules import Drafter, may_draft_for, may_read_drafts
from points.selectors.rule_book import (
    books_in_force,
    content_of,
    drafts_visible_to,
    reader_of,
    readings_of,
    steps_of,
    version_before,
    versions,
    versions_of,
)
from points.selectors.rule_book_rows import differences
from points.services.rule_book import approval, reading
from points.services.rule_book.draft import drafter_of
from points.workflow import RULE_BOOK_STEPS

State = RuleBook.State


@require_safe
def rule_books(request: Request) -> HttpResponse:
    """The rule book of my branch with its versions, and what is in the making; below it, those
    of other branches that I may read."""
    actor, today = request.actor, timezone.localdate()
    month = month_of(today)
    query = words_from(request.GET.get("q", ""))
    others = books_in_force(actor, month).exclude(branch=actor.branch_id)
    if query:
        others = others.filter(branch__name__icontains=query)
    mine = RuleBook.objects.filter(branch=actor.branch_id).select_related("branch")
    drafts = drafts_visible_to(actor)
    is_secretary = actor.branch_id in actor.secretary_branches
    own_draft = next((book for book in drafts if book.branch_id == actor.branch_id), None)
    context = {
        "branch": Branch.objects.filter(pk=actor.branch_id or 0).first(),
        "mine": versions(mine, month),
        "draft": own_draft,
        "may_start": own_draft is None and is_secretary,
        "may_edit_draft": is_secretary and own_draft is not None and is_at_the_branch(own_draft),
        "awaiting": [
            book
            for book in drafts
            if book.state == State.SUBMITTED and actor.is_staff_over(book.branch_id)
        ],
        "page": Paginator(others, 30).get_page(request.GET.get("page")),
        "query": query,
    }
    return render(request, "points/rule_book_list.html", context)


@require_safe
def rule_book(request: Request, pk: int) -> HttpResponse:
    """One version of a branch's rule book."""
    book, today = visible(request, pk), timezone.localdate()
    reader = reader_of(book, request.actor)
    mine = request.GET.get("mine") == "1"
    all_versions = versions_of(book, month_of(today))
    version = next((one for one in all_versions if one.book.pk == book.pk), None)
    counts = version is not None and (version.is_in_force or version.is_to_come)
    drafter = seat_of(request, book)
    context = {
        "book": book,
        "reader": reader,
        "mine": mine,
        "groups": content_of(book, mine=mine, reader=reader),
        "versions": all_versions,
        "version": version,
        "readings": readings_of(book, request.actor, today, counts=counts),
        "may_try_out": may_try_out(request, book),
        "may_start": not book.is_in_the_making and may_draft_for(drafter, book.branch_id),
        **steps_of(drafter, book),
    }
    return render(request, "points/rule_book_detail.html", context)


@require_safe
def rule_book_differences(request: Request, pk: int) -> HttpResponse:
    """What a version says otherwise than another one; unless asked, the one before it."""
    book = visible(request, pk)
    others = RuleBook.objects.visible_to(request.actor).exclude(pk=book.pk)
    comparable = others.filter(branch=book.branch_id) | others.filter(pk=book.based_on_id or 0)
    choices = list(comparable.select_related("branch").order_by("branch", "-version"))
    asked = request.GET.get("with", "")
    before = version_before(book)
    wanted = asked if asked.isdecimal() else str(before.pk if before else "")
    other = next((one for one in choices if str(one.pk) == wanted), None)
    context = {
        "book": book,
        "choices": choices,
        "other": other,
        "differences": differences(other, book) if other else None,
    }
    return render(request, "points/rule_book_differences.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_book_approval(request: Request, pk: int) -> HttpResponse:
    """The committee's desk: what changes, and the two verdicts."""
    book = visible(request, pk)
    drafter = seat_of(request, book)
    if not RULE_BOOK_STEPS["approve"].may(drafter, book):
        raise PermissionDenied
    if book.state != State.SUBMITTED:
        messages.warning(request, _("This rule book does not wait for approval (any more)."))
        return redirect(book)
    verdict = request.POST.get("verdict", "")
    months = approval.possible_months(book.branch_id, today=timezone.localdate())
    approving = ApproveForm(request.POST if verdict == "APPROVE" else None, months=months)
    returning = ReturnForm(request.POST if verdict == "RETURN" else None)
    if request.method == "POST":
        try:
            if said := _decide(request, book, approving, returning):
                messages.success(request, said)
                return redirect(book)
        except Refused as refused:
            refuse(approving if verdict == "APPROVE" else returning, refused)
    before = version_before(book)
    context = {
        "book": book,
        "approving": approving,
        "returning": returning,
        "differences": differences(before, book) if before else None,
        "may_try_out": may_try_out(request, book),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "points/rule_book_approval.html", context, status=status)


def _decide(request: Request, book: RuleBook, approving: ApproveForm, returning: ReturnForm) -> str:
    """Approve or return, as the form that was sent says; empty where it is not complete."""
    how: dict[str, Any] = {"pk": book.pk, "by": request.actor, "at": timezone.now()}
    if approving.is_bound and approving.is_valid():
        approval.approve(month=approving.cleaned_data["month"], **how)
        return _("The rule book is approved. Every member of the branch is asked to read it.")
    if returning.is_bound and returning.is_valid():
        approval.return_book(remarks=returning.cleaned_data["remarks"], **how)
        return _("The rule book is returned. The secretary is told.")
    return ""


@require_POST
def read_rule_book(request: Request, pk: int) -> HttpResponse:
    """已阅知: mark a version as read."""
    book = visible(request, pk)
    try:
        reading.mark_as_read(book=book, by=request.actor, at=timezone.now())
        messages.success(request, _("Noted: you have read this version."))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(book)


@require_POST
def offer_rule_book(request: Request, pk: int) -> HttpResponse:
    """Offer an approved version as a template."""
    book, form = visible(request, pk), OfferForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else ""
    try:
        approval.offer(pk=book.pk, name=name, by=request.actor, at=timezone.now())
        messages.success(request, _("Offered: the branches below can copy it."))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(book)


@require_POST
def withdraw_offer(request: Request, pk: int) -> HttpResponse:
    """Withdraw a template."""
    book = visible(request, pk)
    try:
        approval.withdraw_offer(pk=book.pk, by=request.actor, at=timezone.now())
        messages.success(request, _("The template is withdrawn."))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(book)


# -- below the views -----------------------------------------------------------------------


def visible(request: Request, pk: int) -> RuleBook:
    book: RuleBook = get_object_or_404(
        RuleBook.objects.visible_to(request.actor).select_related(
            "branch__committee",
            "approved_by__member",
            "drafted_by__member",
            "submitted_by__member",
            "based_on__branch",
            "offered_by",
        ),
        pk=pk,
    )
    return book


def seat_of(request: Request, book: RuleBook) -> Drafter:
    """Who acts on a rule book. Whether the secretary is missing matters to staff alone."""
    if not request.actor.is_staff_over(book.branch_id):
        return Drafter(request.actor, has_secretary=True)
    return drafter_of(request.actor, book.branch_id, timezone.localdate())


def is_at_the_branch(book: RuleBook) -> bool:
    """Whether it is the branch's to work on, and not the committee's."""
    return book.state in RULE_BOOK_STEPS["edit"].sources


def may_try_out(request: Request, book: RuleBook) -> bool:
    """A draft, and a version to come, by those who look after the branch."""
    is_past = not book.is_in_the_making and book.has_begun(month_of(timezone.localdate()))
    return not is_past and may_read_drafts(request.actor, book.branch_id)
