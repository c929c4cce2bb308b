"""The Chinese catalogue, kept complete in pure Python: no gettext on any machine.

    python -m lib.catalogue --update [--fragments DIR]    texts in the code → django.po
    python -m lib.catalogue --check                       fail on anything that is not translated
    python -m lib.catalogue --compile                     django.po → django.mo

A fragment is a JSON file {"English": "中文"}; a context stands before the text, parted
by U+0004 as in gettext itself, and a text with a plural has a list of one Chinese form.
"""

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import polib

BASE_DIR = Path(__file__).resolve().parent.parent
PO_FILE = BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
CODE = ("config", "reviews", "points", "members", "branches", "lib")
CONTEXT_MARK = "\u0004"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = {
    "Project-Id-Version": "party-points",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


class Text(NamedTuple):
    """One text to translate; `plural` is empty where the text has none."""

    context: str
    singular: str
    plural: str = ""

    @property
    def key(self) -> str:
        """Return the name of this text in a fragment."""
        return f"{self.context}{CONTEXT_MARK}{self.singular}" if self.context else self.singular


def texts_in_python(source: str) -> Iterator[Text]:
    """Yield every text that a call of the gettext family in this Python source marks."""
    from babel.messages.extract import extract

    marked = extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS)
    for _line, message, _comments, context in marked:
        singular, plural = message if isinstance(message, tuple) else (message, "")
        if singular:
            yield Text(context or "", singular, plural)


def texts_in_template(source: str, origin: str) -> Iterator[Text]:
    """Yield every text that translate and blocktranslate tags of a template mark.

    Django rewrites the template as if it were Python; its lines are indented at random,
    which a tokenizer refuses, so the indentation goes.
    """
    from django.utils.translation.template import templatize

    as_python = templatize(source, origin=origin)
    return texts_in_python("\n".join(line.lstrip() for line in as_python.splitlines()) + "\n")


def texts_in_project(base: Path) -> dict[Text, list[str]]:
    """Return every text of the project with the files that use it."""
    found: dict[Text, set[str]] = {}
    for folder in CODE:
        for path in sorted((base / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                for text in texts_in_python(path.read_text(encoding="utf-8")):
                    found.setdefault(text, set()).add(path.relative_to(base).as_posix())
    for path in sorted((base / "templates").rglob("*.*")):
        if path.suffix in {".html", ".txt"}:
            name = path.relative_to(base).as_posix()
            for text in texts_in_template(path.read_text(encoding="utf-8"), name):
                found.setdefault(text, set()).add(name)
    return {text: sorted(files) for text, files in one_plural_each(found).items()}


def one_plural_each(found: Mapping[Text, set[str]]) -> dict[Text, set[str]]:
    """Join a text used alone and in a plural: gettext knows one entry for both."""
    plurals = {(text.context, text.singular): text for text in found if text.plural}
    joined: dict[Text, set[str]] = {}
    for text, files in found.items():
        joined.setdefault(plurals.get((text.context, text.singular), text), set()).update(files)
    return joined


def read_fragments(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Return the Chinese of every text in a folder of fragments, and where two disagree."""
    chinese: dict[str, str] = {}
    disagreements = []
    for path in sorted(folder.glob("*.json")):
        for key, value in json.loads(path.read_text(encoding="utf-8")).items():
            translation = value[0] if isinstance(value, list) else value
            if chinese.setdefault(key, translation) != translation:
                disagreements.append(f"{path.name}: {key!r} {chinese[key]} / {translation}")
    return chinese, disagreements


def text_of(entry: polib.POEntry) -> Text:
    """Return the text that an entry of the catalogue translates."""
    return Text(entry.msgctxt or "", entry.msgid, entry.msgid_plural or "")


def chinese_of(entry: polib.POEntry) -> str:
    """Return the translation of an entry, empty where there is none."""
    return str(entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr)


def entry_for(text: Text, files: Iterable[str], chinese: str) -> polib.POEntry:
    """Return the catalogue's entry for one text."""
    forms = {"msgstr_plural": {0: chinese}} if text.plural else {"msgstr": chinese}
    return polib.POEntry(
        msgctxt=text.context or None,
        msgid=text.singular,
        msgid_plural=text.plural,
        occurrences=[(name, "") for name in files],
        flags=["python-format"] if "%(" in text.singular + text.plural else [],
        **forms,
    )


def updated(
    old: Iterable[polib.POEntry], wanted: Mapping[Text, list[str]], chinese: Mapping[str, str]
) -> polib.POFile:
    """Return a catalogue of exactly the wanted texts.

    A fragment's translation comes first, then the one that already stood there.
    """
    standing = {text_of(entry).key: chinese_of(entry) for entry in old if not entry.fuzzy}
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = HEADER
    for text, files in sorted(wanted.items()):
        translation = chinese.get(text.key) or standing.get(text.key, "")
        catalogue.append(entry_for(text, files, translation))
    return catalogue


def problems(catalogue: Iterable[polib.POEntry], wanted: Iterable[Text]) -> list[str]:
    """List what keeps the catalogue from being complete: one line for each text."""
    entries = {text_of(entry): entry for entry in catalogue if not entry.obsolete}
    wanted = set(wanted)
    found = [f"missing: {text.key!r}" for text in sorted(wanted - entries.keys())]
    found += [f"stale: {text.key!r}" for text in sorted(entries.keys() - wanted)]
    for text, entry in sorted(entries.items()):
        chinese = chinese_of(entry)
        expected = set(PLACEHOLDER.findall(text.plural or text.singular))
        if entry.fuzzy:
            found.append(f"fuzzy: {text.key!r}")
        elif not chinese.strip():
            found.append(f"untranslated: {text.key!r}")
        elif set(PLACEHOLDER.findall(chinese)) != expected:
            found.append(f"placeholders differ: {text.key!r} → {chinese!r}")
    return found


def read_catalogue(path: Path) -> polib.POFile:
    """Return the catalogue, an empty one where there is no file yet."""
    return polib.pofile(str(path), wrapwidth=100) if path.exists() else polib.POFile()


def update(fragments: Path | None) -> list[str]:
    """Write the catalogue anew; return what still has no translation."""
    chinese, disagreements = read_fragments(fragments) if fragments else ({}, [])
    wanted = texts_in_project(BASE_DIR)
    catalogue = updated(read_catalogue(PO_FILE), wanted, chinese)
    PO_FILE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(PO_FILE))
    return disagreements + problems(catalogue, wanted)


def compile_catalogue() -> None:
    """Write the compiled catalogue beside the catalogue, whole or not at all."""
    compiled = PO_FILE.with_suffix(".mo")
    half = compiled.with_suffix(f".{os.getpid()}")
    read_catalogue(PO_FILE).save_as_mofile(str(half))
    half.replace(compiled)


def main(arguments: list[str]) -> int:
    """Do one of the three; return what the shell should see."""
    parser = argparse.ArgumentParser(prog="python -m lib.catalogue", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    for name in ("update", "check", "compile"):
        action.add_argument(f"--{name}", action="store_const", const=name, dest="action")
    parser.add_argument("--fragments", type=Path)
    options = parser.parse_args(arguments)
    if options.action == "compile":
        compile_catalogue()
        return 0
    if options.action == "update":
        found = update(options.fragments)
    else:
        found = problems(read_catalogue(PO_FILE), texts_in_project(BASE_DIR))
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
