"""First passwords: one-time passwords of members, as an Excel file that is stored nowhere."""

from collections.abc import Iterable, Sequence
from io import BytesIO

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from branches.models import Branch
from lib.addresses import id_from
from lib.steps import Refused
from members.access import is_staff_or_administrator, page_for
from members.models import Member
from members.requests import Request
from members.selectors import roll as selectors
from members.services import passwords as services

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Hashing one takes a tenth of a second on purpose; a page answers within a minute.
MOST_AT_ONCE = 300


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_staff_or_administrator)
def roll_passwords(request: Request) -> HttpResponse:
    """Whom passwords are for, and then the file. ``member`` asks for one who forgot theirs."""
    branches = selectors.branch_choices(request.actor)
    if request.method == "POST":
        return issue(request, branches_asked(request.POST.get("branch", ""), branches))
    branch = request.GET.get("branch", "")
    waiting = services.waiting_for_passwords(
        branches=[one.pk for one in branches_asked(branch, branches)],
        by=request.actor,
        today=timezone.localdate(),
    )
    context = {"branches": branches, "branch": branch, "waiting": waiting, "most": MOST_AT_ONCE}
    return render(request, "members/roll_passwords.html", context)


def branches_asked(wanted: str, branches: Iterable[Branch]) -> list[Branch]:
    """All of them, or the one asked for. Raises Http404 for one out of reach."""
    found = [branch for branch in branches if not wanted or str(branch.pk) == wanted]
    if wanted and not found:
        raise Http404
    return found


def issue(request: Request, branches: Sequence[Branch]) -> HttpResponse:
    """The file with the passwords; back to the page where there is nobody to give one."""
    member = forgetful(request)
    try:
        issued = services.issue_passwords(
            branches=[branch.pk for branch in branches],
            by=request.actor,
            at=timezone.now(),
            again=[member.staff_no] if member else [],
            only=member.pk if member else None,
            unused=request.POST.get("who") == "unused",
            most=MOST_AT_ONCE,
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("roll_passwords")
    back = reverse("roll_member", args=[member.pk]) if member else reverse("roll_passwords")
    if not issued:
        text = _("Nobody gets a password: there is none without, or the account is closed.")
        messages.info(request, text)
        return redirect(back)
    workbook = BytesIO()
    services.write_passwords(workbook, issued)
    name = _("First passwords %(day)s.xlsx") % {"day": f"{timezone.localdate():%Y-%m-%d}"}
    return HttpResponse(
        workbook.getvalue(),
        content_type=XLSX,
        headers={
            "Content-Disposition": content_disposition_header(True, name) or "attachment",
            "Cache-Control": "no-store",
        },
    )


def forgetful(request: Request) -> Member | None:
    """The one member asked for, if any. Raises Http404 for somebody out of reach."""
    wanted = request.POST.get("member", "")
    if not wanted:
        return None
    visible = selectors.members_visible_to(request.actor, timezone.localdate())
    return get_object_or_404(visible, pk=id_from(wanted))
