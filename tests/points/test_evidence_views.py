"""Evidence leaves through a check of rights, and does no harm on the way."""

import io

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image

from points.files import inspect
from points.models import Criterion, Evidence
from points.services import declaration as declarations
from points.services.evidence import thumbnail_path
from tests.points.uploads import office, pdf, picture
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db


WHO_LOOKS = {
    "member": 200,
    "secretary": 200,
    "staff": 200,
    "other": 404,
    "secretary elsewhere": 404,
    "staff elsewhere": 404,
}


@pytest.fixture
def branch(month) -> BranchMonth:
    return month


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


@pytest.mark.parametrize(("who", "status"), WHO_LOOKS.items())
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


# -- thumbnails ---------------------------------------------------------------------------------


def thumbnail(evidence: Evidence) -> str:
    return reverse("evidence_thumbnail", args=[evidence.pk])


@pytest.mark.parametrize(("who", "status"), WHO_LOOKS.items())
def test_who_gets_a_thumbnail(branch, client, who, status):
    evidence = attach(branch, picture())
    client.force_login(branch.users[who])

    assert client.get(thumbnail(evidence)).status_code == status


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_thumbnail_is_small_private_and_made_once(branch, client, kind):
    evidence = attach(branch, picture(kind, size=(1200, 600), colour="#102030"))
    client.force_login(branch.users["member"])

    response = client.get(thumbnail(evidence))
    with Image.open(io.BytesIO(b"".join(response.streaming_content))) as small:
        assert (small.format, small.size) == ("JPEG", (160, 80))
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"].startswith("private")
    assert response["X-Content-Type-Options"] == "nosniff"

    stored = thumbnail_path(evidence.sha256)
    made_at = default_storage.get_modified_time(stored)
    client.get(thumbnail(evidence))
    assert default_storage.get_modified_time(stored) == made_at


def test_what_is_transparent_is_white_in_the_thumbnail(branch, client):
    transparent = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(transparent, "PNG")
    evidence = attach(branch, transparent.getvalue(), "印章.png")
    client.force_login(branch.users["member"])

    content = b"".join(client.get(thumbnail(evidence)).streaming_content)
    with Image.open(io.BytesIO(content)) as small:
        assert small.getpixel((20, 20)) == (255, 255, 255)


def test_only_pictures_have_a_thumbnail(branch, client):
    evidence = attach(branch, pdf(), "通知.pdf")
    client.force_login(branch.users["member"])

    assert (evidence.thumbnail_url, client.get(thumbnail(evidence)).status_code) == ("", 404)


def test_a_thumbnail_goes_with_its_file(branch, client, django_capture_on_commit_callbacks):
    evidence = attach(branch, picture(colour="#405060"))
    client.force_login(branch.users["member"])
    assert client.get(thumbnail(evidence)).status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        declarations.detach(
            pk=branch.sheet("member").pk,
            evidence_id=evidence.pk,
            by=branch.actor("member"),
            at=at(10, 20),
        )

    assert not default_storage.exists(thumbnail_path(evidence.sha256))
    assert client.get(thumbnail(evidence)).status_code == 404


def test_a_thumbnail_of_a_lost_file_is_not_found(branch, client):
    evidence = attach(branch, picture(colour="#708090"))
    default_storage.delete(evidence.file.name)
    client.force_login(branch.users["member"])

    assert client.get(thumbnail(evidence)).status_code == 404
