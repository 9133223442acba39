"""A collection of your own, described by one table: `manifest.csv`, `.jsonl` or `.parquet`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pyarrow as pa

from ser.corpora.manifest_rows import find_manifest, read_rows, read_vote_cell, read_years, text
from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
from ser.corpora.tree import taken_native_id
from ser.corpora.votes import vote_table
from ser.errors import CorpusError
from ser.labels import Taxonomy
from ser.paths import escape_path

LAYOUT = (
    "  manifest.csv, manifest.jsonl or manifest.parquet (or the path of such a file) with\n"
    "  `path` (relative to it) and any of native_id, speaker, session, gender, age, label,\n"
    "  sentence, transcript, language, intensity, votes"
)
GENDERS = {"f": "female", "m": "male"}


@dataclass(frozen=True)
class ManifestCorpus:
    """A corpus whose utterances and votes stand in one table.

    Columns: `path`, and any of `native_id` (default: the path without its suffix), `speaker`,
    `session`, `gender`, `age` (years), `label` (= the intended class), `sentence`, `transcript`,
    `language`, `intensity` and `votes`; others are ignored. `votes` maps a label to its anonymous
    count (`{"anger": 3, "fear": 1}` or `anger:3;fear:1`) or an annotator to the label given
    (`{"ann": "anger"}`).

    Args:
        name: Name of the corpus, the first part of every clip id.
        classes: Classes in order; None = not known, see `with_classes_from`.
        language: BCP 47 tag for rows without one.
        licence: The owners' licence words.
        title: Full name; default the name.
        url: Where it comes from.
        citation: What to cite.
        version: Its release.

    Example:
        >>> corpus = ManifestCorpus("calls", classes=("anger", "neutral"))
        >>> corpus.info.taxonomy
        Taxonomy(name='calls-2', classes=('anger', 'neutral'))
    """

    name: str = "manifest"
    classes: tuple[str, ...] | None = None
    language: str | None = None
    licence: str = "not stated"
    title: str | None = None
    url: str = ""
    citation: str = ""
    version: str = "1"

    @property
    def info(self) -> CorpusInfo:
        """Return the description; its taxonomy is empty while the classes are not known."""
        classes = self.classes or ()
        return CorpusInfo(
            name=self.name,
            version=self.version,
            title=self.title or self.name,
            languages=() if self.language is None else (self.language,),
            licence=self.licence,
            taxonomy=Taxonomy(f"{self.name}-{len(classes)}", classes),
            url=self.url,
            citation=self.citation,
            layout=LAYOUT,
        )

    def with_classes_from(self, root: Path) -> "ManifestCorpus":
        """Return this corpus with its classes, read from the table unless they are known.

        Args:
            root: The table, or the folder that holds it.

        Returns:
            A corpus whose classes are the labels of `label` and `votes`, sorted.

        Raises:
            CorpusError: If the table is not there or cannot be read.
        """
        if self.classes is not None:
            return self
        labels: set[str] = set()
        for row in read_rows(find_manifest(root, self.info)):
            label = text(row, "label")
            labels.update(() if label is None else (label,))
            labels.update(label for _, label, _ in _votes_or_none(row) or ())
        return replace(self, classes=tuple(sorted(labels)))

    def scan(self, root: Path) -> Scan:
        """List the utterances of the table; the audio must be there, inside its folder.

        Args:
            root: The table, or the folder that holds it.

        Returns:
            Utterances, paths relative to the folder of the table, and one report for each row
            that cannot be used: `path_outside_root` (absolute, `..`, a link leading out),
            `missing_file`, `duplicate_native_id` or `invalid_row` (no path, a label that is not
            a class, votes that cannot be read).

        Raises:
            CorpusError: If there is no table, it cannot be read, it has no `path` column, or no
                row is usable.
        """
        path = find_manifest(root, self.info)
        utterances: dict[str, Utterance] = {}
        unrecognised: list[Unrecognised] = []
        for number, row in enumerate(read_rows(path), start=1):
            found = self._read_row(row, path.parent, number, utterances)
            if isinstance(found, Utterance):
                utterances[found.native_id] = found
            else:
                unrecognised.append(found)
        if not utterances:
            first = unrecognised[0].detail if unrecognised else "it has no rows"
            raise CorpusError(
                f"`{path}` has no usable row of corpus `{self.name}`; first reason: {first}. "
                f"Expected:\n{LAYOUT}"
            )
        return Scan(
            folder=path.parent,
            utterances=tuple(utterances[key] for key in sorted(utterances)),
            unrecognised=tuple(sorted(unrecognised, key=lambda report: report.path)),
        )

    def read_votes(self, root: Path) -> pa.Table | None:
        """Read the `votes` column; the audio need not be there.

        Args:
            root: The table, or the folder that holds it.

        Returns:
            A table of `VOTE_SCHEMA` with modality 'audio', or None when no row has votes.
            Annotators are called `<corpus>/<annotator>`. A row whose votes cannot be read, or
            whose native id was met before, has none here; `scan` reports it.

        Raises:
            CorpusError: If there is no table, or it cannot be read.
        """
        native_ids: list[str] = []
        cast: list[tuple[str | None, str, int]] = []
        taken: set[str] = set()
        for row in read_rows(find_manifest(root, self.info)):
            native_id, votes = _native_id(row), self._known_votes(row)
            if native_id is None or votes is None or native_id in taken:
                continue
            taken.add(native_id)
            native_ids.extend([native_id] * len(votes))
            cast.extend(votes)
        if not cast:
            return None
        return vote_table(
            {
                "native_id": native_ids,
                "annotator": [who and f"{self.name}/{who}" for who, _, _ in cast],
                "label": [label for _, label, _ in cast],
                "count": [count for _, _, count in cast],
                "source_ref": [
                    f"{native_id}/{who or label}"
                    for native_id, (who, label, _) in zip(native_ids, cast, strict=True)
                ],
            }
        )

    def _read_row(
        self,
        row: Mapping[str, object],
        folder: Path,
        number: int,
        taken: Mapping[str, Utterance],
    ) -> Utterance | Unrecognised:
        """Return the utterance of a row, or the first reason against it."""
        path, native_id = _path_of(row), _native_id(row)
        if path is None or native_id is None:
            return Unrecognised(f"row {number}", "invalid_row", f"row {number} has no `path`")
        written = escape_path(path)
        refusal = _refuse_path(path, folder)
        if refusal is not None:
            return refusal
        detail = self._refuse_values(row)
        if detail is not None:
            return Unrecognised(written, "invalid_row", detail)
        if native_id in taken:
            found = Utterance(native_id=native_id, path=str(PurePosixPath(path)))
            return taken_native_id(found, taken[native_id])
        return self._utterance(row, native_id, path)

    def _refuse_values(self, row: Mapping[str, object]) -> str | None:
        """Return what is wrong with a value that is more than a name, or None."""
        label, age = text(row, "label"), text(row, "age")
        if self.classes is not None and label is not None and label not in self.classes:
            return f"`label` must be one of {list(self.classes)}, got '{label}'"
        if self._known_votes(row) is None:
            return f"`votes` must map labels to counts or annotators to labels: {row['votes']!r}"
        if age is not None and read_years(age) is None:
            return f"`age` must be a number of years, 0 or more, got '{age}'"
        return None

    def _utterance(self, row: Mapping[str, object], native_id: str, path: str) -> Utterance:
        gender = text(row, "gender")
        return Utterance(
            native_id=native_id,
            path=str(PurePosixPath(path)),
            speaker=text(row, "speaker"),
            session=text(row, "session"),
            gender=None if gender is None else GENDERS.get(gender.lower(), gender.lower()),
            language=text(row, "language") or self.language,
            sentence=text(row, "sentence"),
            transcript=text(row, "transcript"),
            intended=text(row, "label"),
            intensity=text(row, "intensity"),
            age=read_years(text(row, "age")),
        )

    def _known_votes(self, row: Mapping[str, object]) -> list[tuple[str | None, str, int]] | None:
        """Return the votes of a row, or None when one is malformed or not for a class."""
        votes = _votes_or_none(row)
        if votes is None or self.classes is None:
            return votes
        return votes if all(label in self.classes for _, label, _ in votes) else None


def _votes_or_none(row: Mapping[str, object]) -> list[tuple[str | None, str, int]] | None:
    try:
        return read_vote_cell(row.get("votes"))
    except CorpusError:
        return None


def _path_of(row: Mapping[str, object]) -> str | None:
    """Return the path as the operating system wants it: JSON may hold bytes that are no UTF-8."""
    written = row.get("path")
    return text(row, "path") if not isinstance(written, str) else written.strip() or None


def _native_id(row: Mapping[str, object]) -> str | None:
    written = text(row, "path")
    if written is None:
        return None
    path = PurePosixPath(written)
    return text(row, "native_id") or str(path.with_suffix("") if path.name else path)


def _refuse_path(written: str, folder: Path) -> Unrecognised | None:
    """Return why a path must not be opened, or None."""
    path, shown = PurePosixPath(written), escape_path(written)
    if "\0" in written or not path.name:
        return Unrecognised(shown, "invalid_row", f"`path` {shown!r} is not a file name")
    full = folder / path
    try:
        inside = full.resolve().is_relative_to(folder.resolve())
        exists = full.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        # A name too long, a link that leads to itself, half of a character.
        return Unrecognised(shown, "invalid_row", f"`path` cannot be followed: {error}")
    if path.is_absolute() or ".." in path.parts or not inside:
        detail = f"`path` must stay inside `{folder}`, got '{shown}'"
        return Unrecognised(shown, "path_outside_root", detail)
    if exists:
        return None
    return Unrecognised(shown, "missing_file", f"no file at `{escape_path(full)}`")
