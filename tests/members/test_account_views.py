"""Signing in and out, first passwords, lock-out, big text and the language."""

import pytest
from django.conf import settings
from django.urls import reverse

from members.models import Event, User
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
PASSWORD = "Willow-Bridge-42"


@pytest.fixture
def user():
    user = MemberFactory(branch=BranchFactory(name="办公室党支部")).user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def sign_in(client, user, password=PASSWORD):
    return client.post(reverse("sign_in"), {"username": user.username, "password": password})


def test_sign_in_leads_to_the_page_that_was_asked_for(client, user):
    asked = client.get(reverse("notices"))
    assert asked["Location"] == "/sign-in/?next=/notices/"

    response = client.post(
        asked["Location"],
        {"username": user.username, "password": PASSWORD, "next": "/notices/"},
    )

    assert response["Location"] == "/notices/"


def test_wrong_password_is_refused(client, user):
    response = sign_in(client, user, "wrong")

    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_five_wrong_passwords_lock_this_account_only(client, user):
    for _attempt in range(5):
        locked = sign_in(client, user, "wrong")

    assert locked.status_code == 429
    assert "锁定" in locked.content.decode()
    assert sign_in(client, user).status_code == 429
    other = UserFactory(password="!")
    other.set_password(PASSWORD)
    other.save(update_fields=["password"])
    assert sign_in(client, other).status_code == 302


def test_demo_accounts_are_offered_in_demo_mode_only(client, settings):
    UserFactory(username="secretary")

    settings.DEMO = False
    assert settings.DEMO_PASSWORD not in client.get(reverse("sign_in")).content.decode()
    settings.DEMO = True
    page = client.get(reverse("sign_in")).content.decode()

    assert page.count(f'value="{settings.DEMO_PASSWORD}"') == 1
    assert 'value="secretary"' in page


def test_signing_out_takes_a_form(client, user):
    client.force_login(user)

    assert client.get(reverse("sign_out")).status_code == 405
    client.post(reverse("sign_out"))

    assert "_auth_user_id" not in client.session


def test_first_password_must_be_changed_before_anything_else(client, user):
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    client.force_login(user)
    form = reverse("change_password")

    assert client.get(reverse("notices"))["Location"] == form
    assert client.get(form).status_code == 200
    new = "Larch-Ferry-97"
    changed = client.post(
        form, {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )

    assert changed["Location"] == "/"
    user.refresh_from_db()
    assert (user.must_change_password, user.check_password(new)) == (False, True)
    assert Event.objects.filter(by=user, verb="change_password").exists()
    assert client.get(reverse("notices")).status_code == 200


def test_old_password_is_refused_as_the_new_one(client, user):
    client.force_login(user)

    response = client.post(
        reverse("change_password"),
        {"old_password": PASSWORD, "new_password1": PASSWORD, "new_password2": PASSWORD},
    )

    assert response.context["form"].errors.keys() == {"new_password1"}


def test_big_text_stays_with_the_account(client, user):
    client.force_login(user)

    response = client.post(reverse("set_big_text"), {"big_text": "on", "next": "/notices/"})

    assert response["Location"] == "/notices/"
    assert 'data-text="big"' in client.get(reverse("notices")).content.decode()
    client.post(reverse("set_big_text"), {"big_text": "off"})
    assert 'data-text="big"' not in client.get(reverse("notices")).content.decode()


def test_switches_lead_to_pages_of_this_site_only(client, user):
    client.force_login(user)

    response = client.post(
        reverse("set_big_text"), {"big_text": "on", "next": "https://example.com/"}
    )

    assert response["Location"] == "/"


def test_language_is_kept_in_a_cookie_before_signing_in(client):
    response = client.post(reverse("set_language"), {"language": "en", "next": "/sign-in/"})

    assert response["Location"] == "/sign-in/"
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert 'lang="en"' in client.get(reverse("sign_in")).content.decode()


def test_frame_says_where_somebody_belongs(client, user):
    client.force_login(user)

    assert "办公室党支部" in client.get(reverse("notices")).content.decode()


def test_frame_says_for_which_committee_staff_work(client):
    staff = StaffAppointmentFactory(committee=CommitteeFactory(name="厅机关党委")).user
    client.force_login(staff)

    assert "厅机关党委 · 工作人员" in client.get(reverse("notices")).content.decode()
