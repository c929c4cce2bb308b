"""Appeals in the browser: raising, the inbox, the thread, the decision with what it changes;
and the correction of a published result."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from points.models import Decision
from reviews.models import Appeal, Attachment, Objection, Post
from reviews.services import appeals as appealing
from tests.points.uploads import picture
from tests.reviews.branch_month import BranchMonth

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(cut) -> BranchMonth:
    return cut


def kept(month, name="member", by="secretary") -> Objection:
    """An objection that was answered a moment ago."""
    objection = month.answer(month.object(name), by=by)
    Objection.objects.filter(pk=objection.pk).update(answered_at=timezone.now())
    objection.refresh_from_db()
    return objection


def appealed(month, name="member", by="secretary") -> Appeal:
    return appealing.appeal_against(
        matter=kept(month, name, by), text="请党委复核", by=month.actor(name), at=timezone.now()
    )


def signed_in(client, month, name):
    client.force_login(month.users[name])
    return client


def new_url(objection) -> str:
    return reverse("new_appeal", args=["objection", objection.pk])


def upheld(month, **more):
    return {
        "verdict": "CORRECT",
        "entry": month.entry("member").pk,
        "outcome": "APPROVED",
        "text": "签到两天",
    } | more


def test_a_member_appeals_with_a_file(client, month):
    objection = kept(month)
    member = signed_in(client, month, "member")
    assert new_url(objection) in member.get(objection.get_absolute_url()).content.decode()

    photo = SimpleUploadedFile("签到.jpg", picture(), "image/jpeg")
    response = member.post(new_url(objection), {"text": "请复核", "papers": [photo]})

    appeal = Appeal.objects.get()
    assert response.url == appeal.get_absolute_url()
    file = Attachment.objects.get()
    assert file.post.appeal == appeal
    assert member.get(file.get_absolute_url())["Content-Type"] == "image/jpeg"
    assert member.get(new_url(objection)).url == appeal.get_absolute_url()


def test_after_the_window_the_page_says_so_and_refuses(client, month):
    objection = kept(month)
    Objection.objects.update(answered_at=timezone.now() - timedelta(days=40))
    member = signed_in(client, month, "member")

    assert not member.get(new_url(objection)).context["box"].window.is_open
    response = member.post(new_url(objection), {"text": "请复核这一条"})
    assert response.status_code == 409
    assert "请复核这一条" in response.content.decode()
    assert not Appeal.objects.exists()


def test_an_appeal_without_words_comes_back(client, month):
    response = signed_in(client, month, "member").post(new_url(kept(month)), {"text": ""})

    assert response.status_code == 422


@pytest.mark.parametrize(
    ("name", "count"),
    [("member", 1), ("other", 0), ("secretary", 1), ("staff", 1), ("staff elsewhere", 0)],
)
def test_everyone_sees_what_concerns_them(client, month, name, count):
    appeal = appealed(month)
    browser = signed_in(client, month, name)

    assert len(browser.get(reverse("appeals")).context["page"]) == count
    status = browser.get(appeal.get_absolute_url()).status_code
    assert status == (200 if count else 404)


def test_the_page_names_who_decides(client, month):
    page = signed_in(client, month, "member").get(appealed(month).get_absolute_url())

    assert page.context["who"].names == [month.users["staff"].display_name]
    assert not page.context["may_decide"]


def test_the_effect_is_shown_and_then_decided(client, month):
    appeal = appealed(month)
    staff = signed_in(client, month, "staff")
    page = staff.post(appeal.get_absolute_url(), upheld(month))

    (effect,) = page.context["effect"].months
    assert (effect.old.score, effect.new.score) == (Decimal(81), Decimal(82))
    assert Decision.objects.filter(entry=month.entry("member")).count() == 1
    seen = page.context["effect"].digest
    response = staff.post(appeal.get_absolute_url(), upheld(month, confirmed="yes", seen=seen))
    assert response.url == appeal.get_absolute_url()
    assert month.result("member").score == Decimal(82)


def test_a_stale_confirmation_is_told_and_keeps_what_was_typed(client, month):
    appeal = appealed(month)
    staff = signed_in(client, month, "staff")
    data = upheld(month, confirmed="yes", seen="another", text="我的裁定理由")
    response = staff.post(appeal.get_absolute_url(), data)

    assert response.status_code == 422
    assert "我的裁定理由" in response.content.decode()
    assert month.result("member").score == Decimal(81)
    appeal.refresh_from_db()
    assert appeal.state == "OPEN"


def test_lowering_is_refused_and_writing_again_keeps_the_words(client, month):
    appeal = appealed(month)
    staff = signed_in(client, month, "staff")
    lower = upheld(month, outcome="REJECTED")

    assert staff.post(appeal.get_absolute_url(), lower).status_code == 422
    page = staff.post(appeal.get_absolute_url(), upheld(month, again="yes"))
    assert "is_preview" not in page.context
    assert "签到两天" in page.content.decode()


def test_a_thread_takes_words_and_refuses_nothing_at_all(client, month):
    appeal = appealed(month)
    url = reverse("post_to_appeal", args=[appeal.pk])
    staff = signed_in(client, month, "staff")

    assert staff.post(url, {"text": "请补交签到表"}).url == appeal.get_absolute_url()
    assert staff.post(url, {"text": ""}).status_code == 409
    assert Post.objects.get().text == "请补交签到表"
    appealing.withdraw(appeal_id=appeal.pk, by=month.actor("member"), at=timezone.now())
    response = staff.post(url, {"text": "还有一句"})
    assert response.status_code == 409


def test_withdrawing_a_decided_appeal_is_told(client, month):
    appeal = appealed(month)
    appealing.decide(
        appeal_id=appeal.pk,
        is_upheld=False,
        text="维持",
        by=month.actor("staff"),
        at=timezone.now(),
    )
    member = signed_in(client, month, "member")
    page = member.post(reverse("withdraw_appeal", args=[appeal.pk]), follow=True)

    assert month.users["staff"].display_name in str(next(iter(page.context["messages"])))
    assert "维持" in page.content.decode()


def test_inbox_costs_the_same_for_one_and_three(client, month, django_assert_num_queries):
    staff = signed_in(client, month, "staff")
    for name in ("member", "other", "deputy"):
        appealed(month, name)
        with django_assert_num_queries(10):
            staff.get(reverse("appeals"))


# -- correcting a published result -----------------------------------------------------------


def correction(month, **more):
    return {
        "member": month.member.pk,
        "verdict": "CORRECT",
        "entry": month.entry("member").pk,
        "outcome": "REJECTED",
        "text": "材料不符",
    } | more


def test_a_correction_is_shown_and_then_made(client, month):
    url = reverse("correct_round", args=[month.round.pk])
    deputy = signed_in(client, month, "deputy")
    page = deputy.post(url, correction(month))

    assert page.context["effect"].months[0].change == Decimal(-1)
    assert month.result("member").score == Decimal(81)
    response = deputy.post(
        url, correction(month, confirmed="yes", seen=page.context["effect"].digest)
    )
    assert response.url == month.round.publication.get_absolute_url()
    assert month.result("member").score == Decimal(80)


def test_nobody_gets_a_form_for_their_own(client, month):
    url = reverse("correct_round", args=[month.round.pk])
    deputy = signed_in(client, month, "deputy")
    page = deputy.get(url, {"member": month.deputy.pk})

    assert page.context["may"] is False
    data = correction(month, member=month.deputy.pk)
    assert deputy.post(url, data).status_code == 403


def test_a_closed_month_is_not_corrected_here(client, month):
    month.close()
    url = reverse("correct_round", args=[month.round.pk])
    deputy = signed_in(client, month, "deputy")

    assert deputy.get(url).url == month.round.get_absolute_url()
    assert deputy.post(url, correction(month, confirmed="yes")).status_code == 422
