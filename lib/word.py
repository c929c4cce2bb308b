"""Official papers as Word files, laid out as GB/T 9704-2012 has them: A4, the title in 小标宋,
the text in 仿宋, a signature with its date and room for the seal. No macros, links or fields."""

from collections.abc import Iterable, Sequence
from typing import IO, Final

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

TITLE: Final = "方正小标宋简体"
TEXT: Final = "仿宋"
HEADING: Final = "黑体"
# What a machine without the first font shows instead (the font table's w:altName).
FALLBACKS: Final = {TITLE: "SimSun", TEXT: "FangSong", HEADING: "SimHei"}
LATIN: Final = "Times New Roman"

# A cell is one line of text, or several.
Cell = str | Sequence[str]


class Paper:
    """A paper that is written from top to bottom."""

    def __init__(self, title: str) -> None:
        self.document = Document()
        section = self.document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = Mm(37), Mm(35)
        section.left_margin, section.right_margin = Mm(28), Mm(26)
        normal = self.document.styles["Normal"]
        assert isinstance(normal, ParagraphStyle)
        _set_font(normal, TEXT, Pt(16))
        normal.paragraph_format.line_spacing = Pt(28)
        normal.paragraph_format.space_after = Pt(0)
        self.document.core_properties.title = printable(title)
        self.document.core_properties.author = ""
        self.document.core_properties.comments = ""
        _name_fallbacks(self.document.part.package.iter_parts())
        heading = self._line(title, WD_ALIGN_PARAGRAPH.CENTER)
        heading.paragraph_format.line_spacing = Pt(34)
        heading.paragraph_format.space_after = Pt(28)
        _style_runs(heading, TITLE, Pt(22))

    def text(self, text: str) -> None:
        """Paragraphs, one for each line, indented by two characters."""
        for line in text.splitlines():
            if line.strip():
                self._line(line.strip()).paragraph_format.first_line_indent = Pt(32)

    def heading(self, text: str) -> None:
        line = self._line(text)
        line.paragraph_format.first_line_indent = Pt(32)
        line.paragraph_format.keep_with_next = True
        _style_runs(line, HEADING, Pt(16))

    def table(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        widths: Sequence[float],
        numeric: Sequence[int] = (),
    ) -> None:
        """A table whose head is repeated on every sheet; widths in millimetres; ``numeric`` are
        the columns of figures."""
        table = self.document.add_table(rows=0, cols=len(head))
        table.style = "Table Grid"
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        # LibreOffice goes by the columns, Word by the cells.
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width)
        self._row(table, head, widths, centred=range(len(head)), font=HEADING)
        properties = table.rows[0]._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:tblHeader"))
        for row in rows:
            self._row(table, row, widths, centred=numeric)
        for row_ in table.rows:
            row_._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        self._line("").paragraph_format.line_spacing = Pt(12)

    def signature(self, name: str, day: str, note: str = "") -> None:
        """Who signs, over the date; with room above for the seal. Kept on one sheet."""
        for _row in range(2):
            self._line("").paragraph_format.keep_with_next = True
        for line, indent in ((name, Pt(64)), (day, Pt(64))):
            signed = self._line(line, WD_ALIGN_PARAGRAPH.RIGHT)
            signed.paragraph_format.right_indent = indent
            signed.paragraph_format.keep_with_next = line is name
        if note:
            self._line(note, WD_ALIGN_PARAGRAPH.RIGHT).paragraph_format.right_indent = Pt(64)

    def save(self, target: IO[bytes]) -> None:
        self.document.save(target)

    def _line(self, text: str, alignment: WD_ALIGN_PARAGRAPH | None = None) -> Paragraph:
        line = self.document.add_paragraph(printable(text))
        if alignment is not None:
            line.alignment = alignment
        return line

    def _row(
        self,
        table: Table,
        cells: Sequence[Cell],
        widths: Sequence[float],
        *,
        centred: Iterable[int] = (),
        font: str = TEXT,
    ) -> None:
        middle = set(centred)
        row = table.add_row()
        for number, (content, width) in enumerate(zip(cells, widths, strict=True)):
            cell = row.cells[number]
            cell.width = Mm(width)
            _write(cell, content, font, is_centred=number in middle)


def printable(text: str) -> str:
    """Without the control characters that no Word file can hold."""
    return "".join(c if c >= " " or c in "\t\n" else " " for c in text)


def _write(cell: _Cell, content: Cell, font: str, *, is_centred: bool) -> None:
    lines = [content] if isinstance(content, str) else list(content)
    for number, text in enumerate(lines or [""]):
        line = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        line.add_run(printable(text))
        line.paragraph_format.line_spacing = Pt(18)
        if is_centred:
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _style_runs(line, font, Pt(12))


def _style_runs(line: Paragraph, font: str, size: Pt) -> None:
    for run in line.runs:
        run.font.size = size
        run.font.name = LATIN
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _set_font(style: ParagraphStyle, font: str, size: Pt) -> None:
    style.font.name, style.font.size = LATIN, size
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _name_fallbacks(parts: Iterable[Part]) -> None:
    """Add the fonts to the file's table of fonts, each with what takes its place."""
    table = next(part for part in parts if part.partname == "/word/fontTable.xml")
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
        for name, other in FALLBACKS.items()
    )
    table._blob = table.blob.replace(b"</w:fonts>", fonts.encode() + b"</w:fonts>")
