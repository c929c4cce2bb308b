"""Is it safe to open? A workbook is looked over as a zip archive before anything parses it.

The parser lays out a sheet from its first to its last cell, so one cell in the farthest corner
would take all memory; and a few kilobytes of zip can hold gigabytes. Both are found out here, while
reading the archive once in small pieces.
"""

import html
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from lib.excel.problems import Unreadable

MAX_FILE_BYTES: Final = 32 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024
MAX_ENTRIES: Final = 1_000
MAX_ROWS: Final = 200_000
MAX_COLUMNS: Final = 104  # A to CZ

_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 512
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_MEGABYTE: Final = 1024 * 1024

# A reference to column DA or farther, or to row 200,001 or farther.
_TOO_FAR: Final = re.compile(
    rb"""\br\s*=\s*["'](?:
        (?:[A-Z]{3,}|[D-Z][A-Z])\d+
        |[A-Z]*0*(?:20000[1-9]|2000[1-9]\d|200[1-9]\d\d|20[1-9]\d{3}|2[1-9]\d{4}|[3-9]\d{5}|[1-9]\d{6,})
    )["']""",
    re.VERBOSE | re.IGNORECASE,
)
_SPECIAL: Final = re.compile(rb"""<(?:\w+:)?f[\s/>]|\bt\s*=\s*["']e["']""")
_CELL: Final = re.compile(rb"<(?:\w+:)?c\s([^>]*[^/>])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v>([^<]+)</(?:\w+:)?v>|<(?:\w+:)?t[\s>]")
_REFERENCE: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})(\d+)["']""")
_IS_ERROR: Final = re.compile(rb"""\bt\s*=\s*["']e["']""")
_TAG: Final = re.compile(r"<(?:\w+:)?(sheet|Relationship)\s([^>]*)>")
_ATTRIBUTE: Final = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")

Special = Mapping[tuple[int, int], str]
"""Cells that hold no usable value, by (row, column) counted from 0: an error as Excel shows it
(``#REF!``), or ``=`` for a formula whose result is not stored."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A workbook that is safe to parse, and the special cells of each of its sheets."""

    content: bytes
    special: Mapping[str, Special] = field(default_factory=dict)


def open_archive(source: bytes | str | Path) -> Archive:
    """Read a workbook's bytes and make sure that it is safe to parse.

    Raises Unreadable for what is no .xlsx, is encrypted, damaged or too large.
    """
    content = _content(source)
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise Unreadable.because(
                _("The workbook is protected by a password. Remove the password and try again.")
            )
        raise Unreadable.because(
            _("This is an old Excel file (.xls). Open it in Excel and save it as .xlsx.")
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return Archive(content, _look_over(archive))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise Unreadable.because(
            _("This is no Excel workbook (.xlsx), or it is damaged.")
        ) from error


def _content(source: bytes | str | Path) -> bytes:
    if isinstance(source, bytes):
        size = len(source)
    else:
        path = Path(source)
        if not path.is_file():
            raise Unreadable.because(_("There is no file “%(name)s”.") % {"name": path.name})
        size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise Unreadable.because(
            _("The file is larger than %(size)s MB. Split it and import the parts one by one.")
            % {"size": MAX_FILE_BYTES // _MEGABYTE}
        )
    return source if isinstance(source, bytes) else Path(source).read_bytes()


def _look_over(archive: zipfile.ZipFile) -> dict[str, Special]:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES:
        raise Unreadable.because(
            _(
                "The workbook unpacks to more than %(size)s MB. It cannot be an honest roll or ledger."
            )
            % {"size": MAX_UNPACKED_BYTES // _MEGABYTE}
        )
    if len({entry.filename for entry in entries}) < len(entries):
        raise zipfile.BadZipFile("an entry stands twice")
    if "xl/workbook.xml" not in archive.namelist():
        raise zipfile.BadZipFile("no workbook inside")
    sheets = _sheets(archive)
    special: dict[str, Special] = {}
    for entry in entries:
        # Reading to the end also proves the sizes that the directory declares.
        is_special = _look_through(archive, entry)
        for name in sheets.get(entry.filename, ()):
            special[name] = _special_cells(archive.read(entry)) if is_special else {}
    return special


def _look_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Read one entry in pieces; return whether it has formulas or errors. Refuse far cells."""
    is_sheet = entry.filename.startswith("xl/worksheets/")
    is_special = False
    with archive.open(entry) as stream:
        for piece in _pieces(stream):
            if not is_sheet:
                continue
            if b"\x00" in piece:
                raise zipfile.BadZipFile("a sheet that is not UTF-8")
            if _TOO_FAR.search(piece):
                raise Unreadable.because(
                    _(
                        "A sheet reaches beyond row %(rows)s or column CZ. "
                        "Delete the empty rows and columns beyond the data."
                    )
                    % {"rows": MAX_ROWS}
                )
            is_special = is_special or _SPECIAL.search(piece) is not None
    return is_special


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the stream in pieces that overlap, so that nothing sought falls between two."""
    tail = b""
    while chunk := stream.read(_CHUNK):
        yield tail + chunk
        tail = (tail + chunk)[-_OVERLAP:]


def _sheets(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """Return the names of sheets by the archive entry that holds them."""
    targets = {
        attributes.get("Id", ""): _entry_name(attributes.get("Target", ""))
        for tag, attributes in _tags(archive, "xl/_rels/workbook.xml.rels")
        if tag == "Relationship"
    }
    sheets: dict[str, list[str]] = {}
    for tag, attributes in _tags(archive, "xl/workbook.xml"):
        relation = next((v for k, v in attributes.items() if k.endswith(":id")), "")
        if tag == "sheet" and relation in targets:
            sheets.setdefault(targets[relation], []).append(attributes.get("name", ""))
    return sheets


def _tags(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return
    if entry.file_size > _MEGABYTE:
        raise zipfile.BadZipFile("a table of contents of more than a megabyte")
    for match in _TAG.finditer(archive.read(entry).decode("utf-8", "replace")):
        pairs = _ATTRIBUTE.findall(match[2])
        yield match[1], {key: html.unescape(double or single) for key, double, single in pairs}


def _entry_name(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")


def _special_cells(xml: bytes) -> dict[tuple[int, int], str]:
    special = {}
    for attributes, inner in _CELL.findall(xml):
        reference = _REFERENCE.search(attributes)
        if reference is None:
            continue
        value = _VALUE.search(inner)
        place = int(reference[2]) - 1, _column_index(reference[1])
        if _IS_ERROR.search(attributes):
            special[place] = value[1].decode("utf-8", "replace") if value and value[1] else "#"
        elif value is None and _FORMULA.search(inner):
            special[place] = "="
    return special


def _column_index(letters: bytes) -> int:
    index = 0
    for letter in letters.upper():
        index = index * 26 + letter - ord("A") + 1
    return index - 1
