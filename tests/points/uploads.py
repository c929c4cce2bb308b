"""Files as people send them, made on the spot."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

DOCX = (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "word/document.xml",
)


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), colour: str = "red", **extra):
    stored = io.BytesIO()
    Image.new("RGB", size, colour).save(stored, kind, **extra)
    return stored.getvalue()


def located_picture() -> bytes:
    """A photo that says where it was taken, by which camera, and which way is up."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (30.0, 39.0, 0.0)
    return picture(exif=exif.tobytes(), comment=b"SecretComment")


def pdf() -> bytes:
    return b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def office(*, main: str = DOCX[0], parts: tuple[str, ...] = (DOCX[1],)) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types><Override ContentType="{main}"/></Types>')
        for part in parts:
            archive.writestr(part, "<x/>")
    return stored.getvalue()


def upload(content: bytes, name: str = "证明.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)
