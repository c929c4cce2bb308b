"""E-mail for notices: sent once, tried again with patience, given up visibly."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from members import delivery
from members.delivery import Delivered
from members.models import Notice
from tests.factories import MemberFactory

NOW = datetime(2026, 11, 22, 9, tzinfo=ZoneInfo("Asia/Shanghai"))

pytestmark = pytest.mark.django_db


def pending(**fields) -> Notice:
    member = MemberFactory(email="li@example.cn")
    return Notice.objects.create(
        user=member.user,
        key="published:1",
        subject="2026年10月积分已公示",
        url="/publications/1/",
        created_at=NOW,
        delivery=Notice.Delivery.PENDING,
        **fields,
    )


def deliver(moment=NOW) -> Delivered:
    return delivery.deliver_due(clock=lambda: moment)


def test_a_waiting_notice_is_sent_once_and_says_nothing_personal(settings):
    settings.SITE_URL = "https://points.example.cn"
    notice = pending()

    assert deliver() == Delivered(sent=1)
    assert deliver(NOW + timedelta(days=3)) == Delivered()

    notice.refresh_from_db()
    assert (notice.delivery, notice.attempts) == (Notice.Delivery.SENT, 1)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["li@example.cn"], "2026年10月积分已公示")
    assert sent.body == "2026年10月积分已公示\n\nhttps://points.example.cn/publications/1/\n"


@pytest.mark.parametrize("state", ["NONE", "SENT", "FAILED"])
def test_other_notices_are_not_sent(state):
    notice = pending()
    Notice.objects.filter(pk=notice.pk).update(delivery=state)

    assert deliver() == Delivered()
    assert mail.outbox == []


def test_a_refused_mail_is_tried_again_after_growing_pauses_and_then_has_failed(settings):
    settings.EMAIL_BACKEND = "tests.members.test_delivery.BrokenBackend"
    notice = pending()
    moment = NOW
    outcomes = [deliver(moment)]

    for pause in delivery.PAUSES:
        assert deliver(moment + pause - timedelta(seconds=1)) == Delivered()
        moment += pause
        outcomes.append(deliver(moment))

    notice.refresh_from_db()
    assert outcomes == [Delivered(postponed=1)] * 5 + [Delivered(failed=1)]
    assert (notice.delivery, notice.attempts) == (Notice.Delivery.FAILED, 6)
    assert notice.error == "ConnectionError: the mail server is away"


def test_a_second_worker_does_not_take_what_the_first_one_took():
    pending()

    assert len(delivery.take(at=NOW)) == 1
    assert delivery.take(at=NOW) == []


class BrokenBackend:
    """A mail server that refuses every mail."""

    def __init__(self, **_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def send_messages(self, messages):
        raise ConnectionError("the mail server is away")
