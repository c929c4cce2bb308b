"""One member of the roll: what they were and are, and their own fields."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_staff_or_administrator, page_for
from members.forms.roll_life import ParticularsForm
from members.models import Member
from members.requests import Request
from members.roll_changes import open_roll_steps
from members.selectors import roll as selectors
from members.services.particulars import correct_particulars


@require_safe
@page_for(is_staff_or_administrator)
def roll_member(request: Request, pk: int) -> HttpResponse:
    """Memberships, positions, duties and exemptions by date, the history of the roll, and
    what one may enter now."""
    member, today = visible_member(request, pk), timezone.localdate()
    standing = selectors.standing_of(member)
    context = {
        "member": member,
        "standing": standing,
        "steps": open_roll_steps(standing),
        "career": selectors.career_of(member, today),
        "may_exempt": standing.is_on_roll and request.actor.is_staff,
    }
    return render(request, "members/roll_member.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_staff_or_administrator)
def roll_particulars(request: Request, pk: int) -> HttpResponse:
    """Put a member's own fields right."""
    member = visible_member(request, pk)
    form = ParticularsForm(request.POST or None, instance=member)
    if request.method == "POST" and form.is_valid():
        try:
            changed = correct_particulars(
                member_id=pk, fields=form.cleaned_data, by=request.actor, at=timezone.now()
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing has changed."))
            return redirect("roll_member", pk)
    name = Member.objects.values_list("name", flat=True).get(pk=pk)
    status = 422 if form.errors else 200
    context = {"form": form, "pk": pk, "name": name}
    return render(request, "members/roll_particulars.html", context, status=status)


def visible_member(request: Request, pk: int) -> Member:
    """Somebody who is or was on the roll within reach; else 404."""
    visible = selectors.members_visible_to(request.actor, timezone.localdate(), selectors.EVERYBODY)
    return get_object_or_404(visible.select_related("user"), pk=pk)
