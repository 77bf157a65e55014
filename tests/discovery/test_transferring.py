"""Does a backup come out of the command line whole, and go into an empty store only?"""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from discovery import cli, transferring
from graph.store import StoreError
from graph.stores.sqlite import SqliteStore
from graph.transfer.export import exported
from tests.graph.stores.test_kill import live
from tests.graph.world import World


class Desk:
    """A folder with a store that has seen something, and the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "full.db"
        store = SqliteStore(self.store)
        world = World(store)
        for step in range(1, 9):
            live(world, 5, step)
        self.whole = b"".join(exported(store))
        store.close()

    def run(self, command: str, *arguments: object, store: str = "full.db") -> Result:
        [found] = [one for one in cli.commands if one.name == command]
        told = [str(one) for one in arguments]
        return CliRunner().invoke(found, [*told, "--store", str(self.folder / store)])

    def content(self, store: str) -> bytes:
        """Export what another store has."""
        opened = SqliteStore(self.folder / store)
        content = b"".join(exported(opened))
        opened.close()
        return content


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk in a folder without configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASBUILT_CONFIG", raising=False)
    return Desk(tmp_path)


@pytest.mark.parametrize("name", ["backup.jsonl", "backup.jsonl.gz"])
def test_a_backup_fills_another_store(desk: Desk, name: str) -> None:
    """Plain or compressed by its name: the other store exports the same bytes, and the file is the same every time."""
    backup = desk.folder / name
    first = desk.run("export", backup)
    assert first.exit_code == 0, first.output
    assert f"records to {backup}" in first.stderr
    assert first.stdout == ""
    written = backup.read_bytes()
    assert (gzip.decompress(written) if name.endswith(".gz") else written) == desk.whole
    assert desk.run("export", backup).exit_code == 0
    assert backup.read_bytes() == written
    second = desk.run("import", backup, store="new.db")
    assert second.exit_code == 0, second.output
    assert "up to revision 8" in second.stderr
    assert desk.content("new.db") == desk.whole
    assert [one.name for one in desk.folder.glob("*.part")] == []


def test_standard_output_has_the_export_and_nothing_else(desk: Desk) -> None:
    """Without a file, or with `-`, the lines go where they can be piped on."""
    for arguments in ((), ("-",)):
        result = desk.run("export", *arguments)
        assert result.exit_code == 0
        assert result.stdout_bytes == desk.whole
        assert result.stderr == ""


@pytest.mark.parametrize("name", ["cut.jsonl", "cut.jsonl.gz"])
def test_a_cut_backup_is_refused_before_a_store_is_made(desk: Desk, name: str) -> None:
    """A file that lacks its end, compressed or not, is a mistake, and no store comes of it."""
    backup = desk.folder / name
    desk.run("export", backup)
    whole = backup.read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        backup.write_bytes(whole[:length])
        result = desk.run("import", backup, store="new.db")
        assert result.exit_code == 2, length
        assert name in result.stderr
        assert "export" in result.stderr
        assert not (desk.folder / "new.db").exists()


def test_what_is_no_export_is_refused(desk: Desk) -> None:
    """A database, another JSON Lines file, one of a newer format, and a file that is not there are mistakes."""
    (desk.folder / "other.jsonl").write_text('{"a":1}\n{"a":2}\n')
    newer = desk.whole.replace(b'"version":1}', b'"version":2}', 1)
    (desk.folder / "newer.jsonl").write_bytes(newer)
    told = {"full.db": "is no export", "other.jsonl": "is no export", "newer.jsonl": "upgrade", "none": "another file"}
    for name, words in told.items():
        result = desk.run("import", desk.folder / name, store="new.db")
        assert result.exit_code == 2, name
        assert words in result.stderr


def test_a_store_that_has_something_is_left_as_it_is(desk: Desk) -> None:
    """An import into a store that is not empty ends with 3 and a sentence."""
    desk.run("export", desk.folder / "backup.jsonl")
    result = desk.run("import", desk.folder / "backup.jsonl")
    assert result.exit_code == 3
    assert "not empty" in result.stderr
    assert desk.content("full.db") == desk.whole


def test_a_store_that_is_being_written_is_exported_but_not_imported_into(desk: Desk) -> None:
    """Its writer goes on meanwhile."""
    desk.run("export", desk.folder / "backup.jsonl")
    store = SqliteStore(desk.store)
    writer = store.writer()
    assert desk.run("export").stdout_bytes == desk.whole
    result = desk.run("import", desk.folder / "backup.jsonl")
    assert result.exit_code == 3
    assert "already writes" in result.stderr
    writer.close()
    store.close()


def test_no_store_is_made_by_exporting(desk: Desk) -> None:
    """Where there is none, that is said, and there still is none."""
    result = desk.run("export", desk.folder / "backup.jsonl", store="absent.db")
    assert result.exit_code == 3
    assert "there is no store" in result.stderr
    assert not (desk.folder / "absent.db").exists()
    assert not (desk.folder / "backup.jsonl").exists()


def test_a_backup_that_fails_leaves_the_last_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has its name only once it is whole: a full disk takes nothing away."""
    backup = desk.folder / "backup.jsonl"
    backup.write_text("the last one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = desk.run("export", backup)
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert backup.read_text() == "the last one"
    assert [one.name for one in desk.folder.glob("*.part")] == []


def test_a_line_without_end_is_not_read_into_memory(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on and on without a line feed is refused after so many bytes."""
    monkeypatch.setattr(transferring, "LONGEST", 1000)
    (desk.folder / "endless.jsonl").write_bytes(b'{"' + b"a" * 1_000_000)
    result = desk.run("import", desk.folder / "endless.jsonl", store="new.db")
    assert result.exit_code == 2
    assert "is no export" in result.stderr


def test_a_store_that_may_not_be_written_is_not_the_fault_of_the_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code is that of a store, and the sentence names the store."""
    assert desk.run("export", "a.jsonl").exit_code == 0

    def denied(*_args: object, **_kwargs: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("graph.stores.sqlite.file.os.open", denied)
    result = desk.run("import", "a.jsonl", store="new.db")
    assert result.exit_code == 3, result.output
    assert "new.db cannot be written" in result.stderr
    assert "a.jsonl" not in result.stderr


def test_a_backup_takes_the_place_of_no_database_folder_or_device(desk: Desk) -> None:
    """Also who takes FILE for the store that is to be exported loses nothing."""
    pipe = desk.folder / "pipe"
    os.mkfifo(pipe)
    before = desk.store.read_bytes()
    for place, words in {desk.store: "--store names", ".": "is a folder", "/": "is a folder", pipe: "no plain"}.items():
        result = desk.run("export", place)
        assert result.exit_code == 2, result.output
        assert words in result.stderr
    assert desk.store.read_bytes() == before
    assert pipe.is_fifo()


def test_a_backup_that_can_be_read_only_once_is_refused(desk: Desk) -> None:
    """It is read to be proved, and then again; no store is made before that is said."""
    pipe = desk.folder / "pipe"
    os.mkfifo(pipe)
    result = desk.run("import", pipe, store="new.db")
    assert result.exit_code == 2
    assert "read twice" in result.stderr
    assert not (desk.folder / "new.db").exists()


def test_who_has_imported_lets_go_of_the_store(desk: Desk) -> None:
    """Another may write at once: a lease that is not given back keeps it out for as long as it lasts."""
    backup = desk.folder / "backup.jsonl"
    desk.run("export", backup)
    store = SqliteStore(desk.folder / "new.db")
    for _ in range(2):
        records = transferring.check(str(backup))
        with suppress(StoreError):  # the second time it is not empty
            transferring.import_(store, str(backup), records)
        another = SqliteStore(desk.folder / "new.db")
        another.writer().close()
        another.close()
    store.close()
