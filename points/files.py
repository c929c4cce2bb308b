"""What an uploaded file really is: told from its content, never from its name.

Pictures are drawn anew, which drops places, names and whatever else hides in them. Values
in, values out; nothing is stored here.
"""

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from lib.steps import Refused

MAX_PIXELS: Final = 60_000_000
MAX_SIDE: Final = 2400
MAX_UNPACKED: Final = 100 * 1024 * 1024
MAX_PARTS: Final = 3000
JPEG_QUALITY: Final = 85
THUMBNAIL_SIDE: Final = 160
THUMBNAIL_QUALITY: Final = 75

ACCEPT: Final = "image/jpeg,image/png,image/webp,.pdf,.docx,.xlsx"
"""What a file field offers: naming image/jpeg makes an iPhone convert its HEIC pictures."""

OFFICE: Final = {
    b"wordprocessingml.document.main+xml": (
        ".docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    b"spreadsheetml.sheet.main+xml": (
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}
INLINE: Final = frozenset({"image/jpeg", "image/png", "application/pdf"})
"""The only kinds that a browser shows; everything else is downloaded."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file fit to be kept. ``content`` is what is stored, not what was sent."""

    name: str
    suffix: str
    content_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def inspect(*, name: str, content: bytes, max_bytes: int) -> Accepted:
    """Accept a picture (JPEG, PNG, WebP), a PDF, or a Word or Excel file without macros.

    Raises Refused, with what to do instead, for anything else and for more than
    ``max_bytes`` bytes.
    """
    if not content:
        raise Refused(_("“%(name)s” is empty.") % {"name": clean_name(name, "")})
    if len(content) > max_bytes:
        raise Refused(too_large(name, max_bytes))
    suffix, content_type, kept = _look(name, content)
    return Accepted(clean_name(name, suffix), suffix, content_type, kept)


def too_large(name: str, max_bytes: int) -> str:
    return _("“%(name)s” is larger than %(limit)s MB. Make it smaller, or take a new picture.") % {
        "name": clean_name(name, ""),
        "limit": max_bytes // (1024 * 1024),
    }


def clean_name(name: str, suffix: str) -> str:
    """The name as people see it: no path, no control characters, the suffix of what it is."""
    base = re.split(r"[\\/]", name)[-1]
    base = "".join(char for char in base if unicodedata.category(char)[0] != "C").strip()
    stem = base.rpartition(".")[0] if suffix and "." in base else base
    return (stem.strip(". ")[:150] or str(_("file"))) + suffix


def _look(name: str, content: bytes) -> tuple[str, str, bytes]:
    """Suffix, type, and the content to keep."""
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or _is_webp(content):
        return _draw_anew(name, content)
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise Refused(_("“%(name)s” is incomplete or damaged.") % {"name": name})
        return ".pdf", "application/pdf", content
    if content.startswith(b"PK\x03\x04"):
        return (*_office(name, content), content)
    raise Refused(_what_instead(name, content))


def _is_webp(content: bytes) -> bool:
    return content.startswith(b"RIFF") and content[8:12] == b"WEBP"


def _what_instead(name: str, content: bytes) -> str:
    values = {"name": clean_name(name, "")}
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"hevc", b"avif"):
        return (
            _(
                "“%(name)s” is a HEIC picture. Send a screenshot of it, or set the camera to "
                "“most compatible” (JPEG)."
            )
            % values
        )
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        return (
            _("“%(name)s” is an old or protected Office file. Save it as .docx, .xlsx or PDF.")
            % values
        )
    return (
        _("“%(name)s” is not a picture (JPEG, PNG), a PDF, or a Word or Excel file (.docx, .xlsx).")
        % values
    )


def _draw_anew(name: str, content: bytes) -> tuple[str, str, bytes]:
    """The picture alone: upright, at most MAX_SIDE pixels a side, with nothing beside it."""
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Refused(_("“%(name)s” has too many pixels.") % {"name": name})
            picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((MAX_SIDE, MAX_SIDE))
            stored = io.BytesIO()
            if picture.format == "PNG":
                plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
                _without_extras(plain).save(stored, "PNG", optimize=True)
                return ".png", "image/png", stored.getvalue()
            _without_extras(upright.convert("RGB")).save(stored, "JPEG", quality=JPEG_QUALITY)
            return ".jpg", "image/jpeg", stored.getvalue()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise Refused(_("“%(name)s” is incomplete or damaged.") % {"name": name}) from error


def thumbnail(content: bytes) -> bytes:
    """A small JPEG of a stored picture, on white where it is transparent.

    Raises Refused if the content is no picture.
    """
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as picture:
            picture.draft("RGB", (THUMBNAIL_SIDE * 2, THUMBNAIL_SIDE * 2))
            picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            small = picture.convert("RGBA")
            ground = Image.new("RGB", small.size, "white")
            ground.paste(small, mask=small.getchannel("A"))
            stored = io.BytesIO()
            ground.save(stored, "JPEG", quality=THUMBNAIL_QUALITY)
            return stored.getvalue()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise Refused(_("This file is not a picture.")) from error


def _without_extras(picture: Image.Image) -> Image.Image:
    """EXIF, comments, profiles and the like hang on ``info``: none of it is saved."""
    picture.info = {}
    return picture


def _office(name: str, content: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Refused(_("“%(name)s” unpacks to too much.") % {"name": name})
            with archive.open("[Content_Types].xml") as file:
                types = file.read(MAX_UNPACKED // 100)
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError) as error:
        raise Refused(_what_instead(name, b"")) from error
    names = {part.filename.lower() for part in parts}
    if b"macroEnabled" in types or any("vbaproject" in part for part in names):
        raise Refused(
            _("“%(name)s” contains macros. Save it without macros, or as PDF.") % {"name": name}
        )
    for mark, (suffix, content_type) in OFFICE.items():
        if mark in types:
            return suffix, content_type
    raise Refused(_what_instead(name, b""))
