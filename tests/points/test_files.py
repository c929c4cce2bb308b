"""What is accepted as evidence, told from its content."""

import io
import struct
import zipfile
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lib.steps import Refused
from points.files import MAX_SIDE, inspect, thumbnail
from tests.points.uploads import located_picture, office, pdf, picture

LIMIT = 10 * 1024 * 1024


def look(content: bytes, name: str = "证明.jpg", max_bytes: int = LIMIT):
    return inspect(name=name, content=content, max_bytes=max_bytes)


@pytest.mark.parametrize(
    ("content", "suffix", "content_type"),
    [
        (picture("JPEG"), ".jpg", "image/jpeg"),
        (picture("PNG"), ".png", "image/png"),
        (picture("WEBP"), ".jpg", "image/jpeg"),
        (pdf(), ".pdf", "application/pdf"),
        (
            office(),
            ".docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            office(
                main="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
            ),
            ".xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ],
)
def test_known_kinds_are_told_from_their_content(content, suffix, content_type):
    accepted = look(content, "随便什么.exe")

    assert (accepted.suffix, accepted.content_type) == (suffix, content_type)
    assert accepted.name == f"随便什么{suffix}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00 a program",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 40,
        b"PK\x03\x04 not a zip at all",
        b"%PDF-1.4 cut off",
        picture("GIF"),
        picture("JPEG")[:120],
        office(main="application/vnd.ms-word.document.macroEnabled.main+xml"),
        office(parts=("word/document.xml", "word/vbaProject.bin")),
        office(main="application/vnd.oasis.opendocument.text"),
    ],
)
def test_everything_else_is_refused_with_a_reason(content):
    with pytest.raises(Refused) as refused:
        look(content, "证明.pdf")

    assert "证明.pdf" in str(refused.value)


def test_a_picture_keeps_nothing_but_the_picture():
    accepted = look(located_picture())

    with Image.open(io.BytesIO(accepted.content)) as stored:
        assert stored.size == (40, 60)  # upright
        assert not stored.getexif()
    assert b"Secret" not in accepted.content


def test_a_picture_is_made_smaller():
    with Image.open(io.BytesIO(look(picture(size=(4000, 1000))).content)) as stored:
        assert stored.size == (MAX_SIDE, 600)


def test_too_many_bytes_are_refused():
    with pytest.raises(Refused):
        look(picture(), max_bytes=10)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked():
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(header))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
    )

    with pytest.raises(Refused):
        look(bomb)


def test_an_office_file_that_unpacks_to_too_much_is_refused():
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "wordprocessingml.document.main+xml")
        archive.writestr("word/document.xml", b"\x00" * (101 * 1024 * 1024))

    with pytest.raises(Refused):
        look(stored.getvalue())


def test_a_name_loses_its_path_and_control_characters():
    assert look(pdf(), "C:\\temp\\..\\a\x00b\r\n.pdf").name == "ab.pdf"
    assert look(pdf(), "../../etc/passwd").name == "passwd.pdf"
    assert look(pdf(), ".pdf").name == "文件.pdf" or look(pdf(), ".pdf").name == "file.pdf"


def test_the_same_picture_twice_is_the_same_content():
    assert look(located_picture()).sha256 == look(located_picture()).sha256


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", office(), b"%PDF-1.4 %%EOF"])
def test_what_hangs_behind_a_picture_is_cut_off(kind, tail):
    """A file that is a picture to one program and something else to another (polyglot)."""
    accepted = look(picture(kind) + tail, "证明.html")

    assert tail not in accepted.content
    assert accepted.suffix in (".jpg", ".png")


def test_what_hides_in_a_picture_is_cut_off():
    hidden = PngInfo()
    hidden.add_text("Comment", "<script>alert(1)</script>")
    hidden.add_text("Location", "30.65,104.06")
    accepted = look(picture("PNG", pnginfo=hidden))

    assert b"script" not in accepted.content
    assert b"30.65" not in accepted.content


def test_the_place_of_a_picture_is_gone():
    with Image.open(io.BytesIO(located_picture())) as sent:
        assert sent.getexif().get_ifd(0x8825)
    with Image.open(io.BytesIO(look(located_picture()).content)) as stored:
        assert not stored.getexif().get_ifd(0x8825)


def test_a_thumbnail_is_made_of_pictures_only():
    with Image.open(io.BytesIO(thumbnail(picture(size=(900, 300))))) as small:
        assert small.size == (160, 53)
    with pytest.raises(Refused):
        thumbnail(pdf())
