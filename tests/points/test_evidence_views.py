"""Evidence leaves through a check of rights, and does no harm on the way."""

import pytest
from django.urls import reverse

from points.files import inspect
from points.models import Criterion, Evidence
from points.services import declaration as declarations
from tests.points.uploads import office, pdf, picture
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch() -> BranchMonth:
    return BranchMonth()


def attach(branch, content: bytes, name: str = "证明.jpg") -> Evidence:
    sheet = branch.sheet("member")
    entry = declarations.add_line(
        pk=sheet.pk,
        line=branch.line(),
        seen=sheet.revision,
        files=[inspect(name=name, content=content, max_bytes=10**7)],
        by=branch.actor("member"),
        at=at(10, 20),
    )
    return entry.evidence.get()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("member", 200),
        ("secretary", 200),
        ("staff", 200),
        ("other", 404),
        ("secretary elsewhere", 404),
        ("staff elsewhere", 404),
    ],
)
def test_who_gets_a_file(branch, client, who, status):
    evidence = attach(branch, picture())
    client.force_login(branch.users[who])

    assert client.get(evidence.get_absolute_url()).status_code == status


def test_nobody_gets_a_file_signed_out(branch, client):
    response = client.get(attach(branch, picture()).get_absolute_url())

    assert response.url.startswith(reverse("sign_in"))


@pytest.mark.parametrize(
    ("content", "is_download"), [(picture(), False), (pdf(), False), (office(), True)]
)
def test_a_file_is_served_so_that_it_can_do_no_harm(branch, client, content, is_download):
    evidence = attach(branch, content, "证明\"材料'.html")
    client.force_login(branch.users["member"])

    response = client.get(evidence.get_absolute_url())

    policy = response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == evidence.content_type
    assert response["Content-Disposition"].startswith("attachment" if is_download else "inline")
    assert policy.startswith("default-src 'none'")
    assert ("sandbox" in policy) is (evidence.content_type != "application/pdf")
    assert b"".join(response.streaming_content)[:3] == content[:3]


def test_a_file_of_the_committees_matter_is_not_shown_to_the_branch(branch, client):
    evidence = attach(branch, picture())
    Criterion.objects.filter(pk=branch.study.pk).update(registered_by="COMMITTEE")

    def status(who):
        client.force_login(branch.users[who])
        return client.get(evidence.get_absolute_url()).status_code

    assert [status(who) for who in ("member", "secretary", "staff")] == [200, 404, 200]
