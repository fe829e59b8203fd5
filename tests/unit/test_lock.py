import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ven_actors.errors import StateError
from ven_actors.storage.lock import FileLock, lock_beside


def test_an_exclusive_lock_keeps_everybody_else_out_and_says_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with FileLock(path, shared=False):
        for shared in (True, False):
            with pytest.raises(StateError, match=f"the folder is in use by process {os.getpid()}; go away"):
                FileLock(path, shared=shared, what="the folder", remedy="go away").acquire()
    with FileLock(path, shared=False):
        pass


def test_shared_locks_go_together_and_keep_an_exclusive_one_out(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with (
        FileLock(path, shared=True),
        FileLock(path, shared=True),
        pytest.raises(StateError, match=r"a.lock is in use by another process; stop"),
    ):
        FileLock(path, shared=False).acquire()


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    code = (
        "import sys; from ven_actors.storage.lock import FileLock; "
        "lock = FileLock(sys.argv[1], shared=False).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(StateError, match=f"process {child.pid}"):
            FileLock(path, shared=True).acquire()
        child.kill()
    with FileLock(path, shared=False):
        pass


def test_releasing_twice_does_nothing(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a.lock", shared=False).acquire()
    lock.release()
    lock.release()


def test_a_lock_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for shared in (True, False):
        with pytest.raises(StateError, match="cannot be opened"):
            FileLock(tmp_path / "none" / "a.lock", shared=shared).acquire()


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be opened"):
        FileLock(tmp_path / "a.lock", shared=False).acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_a_reader_that_may_not_write_the_folder_locks_the_file_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, whom no permission stops: the refusal is made here."""
    real_open = os.open

    def refusing(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return real_open(path, flags, mode)

    path = tmp_path / "a.lock"
    with FileLock(path, shared=False):
        monkeypatch.setattr(os, "open", refusing)
        with pytest.raises(StateError, match="in use"):
            FileLock(path, shared=True).acquire()
    with FileLock(path, shared=True):
        monkeypatch.undo()
        with pytest.raises(StateError, match="in use"):
            FileLock(path, shared=False).acquire()
        monkeypatch.setattr(os, "open", refusing)
    path.unlink()
    with FileLock(path, shared=True):
        assert not path.exists()
    with pytest.raises(StateError, match="make its folder writeable"):
        FileLock(path, shared=False).acquire()


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(handle: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(StateError, match="No locks available"):
        FileLock(tmp_path / "a.lock", shared=True).acquire()


def test_the_lock_of_a_file_stands_beside_it() -> None:
    assert lock_beside(Path("a/b.db")) == Path("a/b.db.lock")


def test_a_full_disk_does_not_keep_a_lock_from_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    path = tmp_path / "a.lock"
    with FileLock(path, shared=False), pytest.raises(StateError, match="in use by another process"):
        FileLock(path, shared=False).acquire()
