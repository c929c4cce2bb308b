"""Small evidence files, drawn on the spot: a picture of a sign-in sheet, a one-page PDF."""

import io
from datetime import date

from django.conf import settings
from PIL import Image, ImageDraw

from points.files import Accepted, inspect

PAPER, INK, RULE, STAMP = (250, 248, 242), (52, 58, 70), (196, 200, 206), (196, 40, 30)


def sign_in_sheet(*, name: str, on: date, number: int) -> Accepted:
    """A picture such as a telephone takes: lines, a date, a red stamp. ``number`` makes two
    of the same day differ."""
    picture = Image.new("RGB", (480, 640), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((24, 24, 456, 616), outline=INK, width=2)
    pen.text((170, 48), "SIGN-IN SHEET", fill=INK)
    pen.text((48, 84), f"{on:%Y-%m-%d}    No. {number:05d}", fill=INK)
    for row in range(12):
        top = 120 + row * 38
        pen.line((48, top, 432, top), fill=RULE, width=1)
        width = 40 + (number * 37 + row * 53) % 120
        pen.line((60, top + 22, 60 + width, top + 16), fill=INK, width=3)
        pen.line((280, top + 20, 280 + width // 2, top + 18), fill=INK, width=2)
    pen.ellipse((330, 480, 430, 580), outline=STAMP, width=4)
    content = io.BytesIO()
    picture.save(content, "PNG")
    return _accepted(f"{name}.png", content.getvalue())


def letter(*, name: str, on: date, number: int) -> Accepted:
    """A PDF of one page with a date and a number."""
    text = f"BT /F1 18 Tf 72 760 Td (Certificate No. {number:05d}, {on:%Y-%m-%d}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            "/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = "%PDF-1.4\n", []
    for place, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{place} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    body += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    )
    return _accepted(f"{name}.pdf", body.encode("ascii"))


def _accepted(name: str, content: bytes) -> Accepted:
    return inspect(name=name, content=content, max_bytes=settings.EVIDENCE_MAX_BYTES)
