"""The catalogues of the pages' languages: what is to be translated, found in code, templates and games.

`python -m server_sync.page.catalogue` brings every catalogue up to date, and says what it still lacks; with a code such
as `it` it begins one for that language.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from server_sync.page.language import CATALOGUES
from server_sync.page.translated import names

SOURCES = Path(__file__).parent.parent
METHODS = [("page/templates/**.html", "jinja2"), ("page/**.py", "python"), ("web/**.py", "python")]
OPTIONS = {"page/templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def template() -> Catalog:
    """All that is to be translated, untranslated."""
    found = Catalog(charset="utf-8")
    for _file, _line, message, _comments, _context in extract_from_dir(
        SOURCES, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=()
    ):
        found.add(message)
    for name in names():
        found.add(name)
    return found


def read(path: Path) -> Catalog:
    """The catalogue of a language from its file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def updated(path: Path) -> Catalog:
    """A catalogue with all there is to translate, each as it is translated so far, and nothing else."""
    known = read(path) if path.exists() else Catalog(locale=path.stem)
    fresh = Catalog(locale=path.stem, charset="utf-8", fuzzy=False)
    for message in template():
        if message.id:
            before = known.get(message.id)
            fresh[message.id] = Message(message.id, before.string if before else "", flags=message.flags)
    return fresh


def lacking(catalogue: Catalog) -> list[str]:
    """What is not translated yet, wholly or in one of its plural forms."""
    return [str(message.id) for message in catalogue if message.id and not all(_forms(message))]


def write(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue by the alphabet: no places in code and no dates, which would change with every commit."""
    said = BytesIO()
    write_po(said, catalogue, width=120, no_location=True, omit_header=True, sort_output=True)
    head = f'msgid ""\nmsgstr ""\n"Language: {path.stem}\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n'
    path.write_bytes(f'{head}"Content-Type: text/plain; charset=utf-8\\n"\n\n'.encode() + said.getvalue())


def _forms(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (tuple, list)) else (str(message.string or ""),)


def main(languages: list[str]) -> None:
    """Bring catalogues up to date: those named, else all there are."""
    for path in [CATALOGUES / f"{name}.po" for name in languages] or sorted(CATALOGUES.glob("*.po")):
        catalogue = updated(path)
        write(path, catalogue)
        left = lacking(catalogue)
        print("\n  ".join([f"{path}: {len(catalogue) - len(left)} translated, {len(left)} to translate", *left]))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
