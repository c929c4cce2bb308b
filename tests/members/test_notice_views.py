"""Notices: one's own, read one by one or all at once."""

import pytest
from django.urls import reverse
from django.utils import timezone

from members.models import Notice
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def notices(user, count=1):
    return [
        Notice.objects.create(
            user=user, key=f"k{n}", subject=f"通知{n}", url="/rules/", created_at=timezone.now()
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same_whatever_its_length(client, django_assert_num_queries, count):
    user = UserFactory()
    notices(user, count)
    client.force_login(user)

    with django_assert_num_queries(7):
        page = client.get(reverse("notices"))

    assert page.content.decode().count('<li class="notice"') == count


def test_opening_a_notice_marks_it_read_and_leads_there(client):
    user = UserFactory()
    first, second = notices(user, 2)
    client.force_login(user)

    response = client.post(reverse("open_notice", args=[first.pk]))

    assert response["Location"] == "/rules/"
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.read_at is not None
    assert second.read_at is None
    unread = client.get(reverse("notices"), {"show": "unread"}).content.decode()
    assert "通知1" in unread
    assert "通知0" not in unread


def test_notice_of_somebody_else_does_not_exist(client):
    (theirs,) = notices(UserFactory())
    client.force_login(UserFactory())

    assert client.post(reverse("open_notice", args=[theirs.pk])).status_code == 404


def test_all_at_once_reads_only_ones_own(client):
    user, other = UserFactory(), UserFactory()
    notices(user, 2)
    notices(other)
    client.force_login(user)

    client.post(reverse("read_notices"))

    assert list(Notice.objects.filter(read_at=None).values_list("user", flat=True)) == [other.pk]
