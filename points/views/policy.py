"""The policy of a committee: what is in force, what is to come, and setting a new version."""

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from branches.models import Committee
from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_staff, page_for
from members.requests import Request
from points.forms.policy import PolicyForm
from points.models import Policy
from points.selectors import policy as selectors
from points.services import policy as services


@page_for(is_staff)
@require_safe
def policy(request: Request) -> HttpResponse:
    """The policies of one's committee and of those below it."""
    today = timezone.localdate()
    committees = selectors.committees_of(request.actor)
    context = {"standings": selectors.standings(committees, today=today), "today": today}
    return render(request, "points/policy.html", context)


@page_for(is_staff)
@require_safe
def policy_version(request: Request, pk: int) -> HttpResponse:
    """One version: all it says, beside what held before it; who set it, and when."""
    version = get_object_or_404(
        Policy.objects.select_related("committee"),
        pk=pk,
        committee__in=selectors.committees_of(request.actor),
    )
    today = timezone.localdate()
    context = {
        "version": version,
        "figures": selectors.figures(version, selectors.before_of(version)),
        "changes": selectors.changes_of(version),
        "branches": selectors.branches_concerned(version.committee, version.effective_from),
        "may_change": not services.has_begun(version, today=today),
    }
    return render(request, "points/policy_version.html", context)


@page_for(is_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def new_policy(request: Request, pk: int) -> HttpResponse:
    """Enter a new version, beginning with the figures in force."""
    committee = get_object_or_404(
        Committee, pk=pk, pk__in=Committee.objects.subtree_ids(request.actor.committees)
    )
    months = services.possible_months(committee.pk, today=timezone.localdate())
    policy = services.PolicyBook().of(committee.pk, months[0])
    figures = {name: getattr(policy, name) for name in services.FIGURES}
    form = PolicyForm(
        request.POST if request.method == "POST" else None,
        months=months,
        instance=Policy(committee=committee, **figures),
        initial={"effective_from": months[0].isoformat()},
    )
    return _form_page(request, form, committee, months[0])


@page_for(is_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def change_policy(request: Request, pk: int) -> HttpResponse:
    """Change a version that is still to come."""
    version = get_object_or_404(
        Policy.objects.select_related("committee"),
        pk=pk,
        committee__in=selectors.committees_of(request.actor),
    )
    months = services.possible_months(version.committee_id, today=timezone.localdate())
    form = PolicyForm(
        request.POST if request.method == "POST" else None,
        months=months,
        instance=version,
        initial={"effective_from": version.effective_from.isoformat()},
    )
    return _form_page(request, form, version.committee, version.effective_from)


def _form_page(
    request: Request, form: PolicyForm, committee: Committee, month: date
) -> HttpResponse:
    version = form.instance.pk
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.set_policy(
                committee=committee,
                effective_from=form.cleaned_data["effective_from"],
                figures=form.figures(),
                version=version,
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The policy is set."))
            return redirect("policy_version", saved.pk)
    context = {
        "form": form,
        "committee": committee,
        "version": version,
        "month": month,
        "back_url": reverse("policy_version", args=[version]) if version else reverse("policy"),
        "branches": selectors.branches_concerned(committee, month),
    }
    status = 422 if form.is_bound else 200
    return render(request, "points/policy_form.html", context, status=status)
