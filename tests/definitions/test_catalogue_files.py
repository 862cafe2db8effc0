"""The files of the catalogue: how they are read, and each of those that come with the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolvers.definitions.catalogue import read_catalogue, read_file

CATALOGUE = Path(__file__).parents[2] / "catalogue"
FILES = sorted(CATALOGUE.glob("*.yaml"))
PLAIN = """
vendor: plain
name: Plain
category: storage
source: [{page: "https://docs.example.com", date: 2026-02-01, for: everything}]
auth: {type: BEARER, apiBaseUrl: https://api.example.com, headers: {X-Version: 2026-02-01}}
"""


def refusal_of(folder: Path, text: str | bytes, name: str = "plain.yaml") -> str:
    """The sentence that a catalogue with this file is refused with."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=r".") as refused:
        read_catalogue(folder)
    return str(refused.value).replace(folder.name, "catalogue")


def test_reads_a_folder_by_vendor(tmp_path):
    (tmp_path / "plain.yaml").write_text(PLAIN)
    (tmp_path / "another.yaml").write_text(PLAIN.replace("vendor: plain", "vendor: another"))
    (tmp_path / "notes.txt").write_text("no definition")

    read = read_catalogue(tmp_path)

    assert [definition.vendor for definition in read] == ["another", "plain"]


def test_leaves_dates_as_they_are_written(tmp_path):
    (tmp_path / "plain.yaml").write_text(PLAIN)

    read = read_file(tmp_path / "plain.yaml")

    assert (read.source[0].date, read.auth.headers) == ("2026-02-01", {"X-Version": "2026-02-01"})


def test_names_file_key_and_what_is_wrong(tmp_path):
    sentence = refusal_of(tmp_path, PLAIN.replace("type: BEARER", "type: BEARER, colour: red"))

    assert sentence == "catalogue/plain.yaml is not a valid definition. auth.colour: This key is not allowed here."


def test_refuses_a_key_that_stands_twice(tmp_path):
    assert "name is given twice" in refusal_of(tmp_path, PLAIN + "name: Again\n")


def test_refuses_a_file_of_another_name(tmp_path):
    sentence = refusal_of(tmp_path, PLAIN, "other.yaml")

    assert sentence == "catalogue/other.yaml is not a valid definition. vendor: It must be the file's name, other."


@pytest.mark.parametrize(
    "text", ["", "- a", "a: [", b"\xff\xfe\xfa", "a: !!python/object:os.system {}", "? [a]\n: b"]
)
def test_refuses_what_is_no_definition_at_all(tmp_path, text):
    assert refusal_of(tmp_path, text).startswith("catalogue/plain.yaml ")


def test_refuses_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="There is no catalogue of vendors at "):
        read_catalogue(tmp_path / "nowhere")


def test_comes_with_enough_vendors():
    assert len(FILES) >= 15


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_the_catalogue_is_sound(file):
    definition = read_file(file)

    assert definition.vendor == file.stem
    assert definition.source
    assert definition.description
    assert definition.docs
