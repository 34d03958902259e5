"""What lies at a path itself, links not followed."""

from pathlib import Path
from types import SimpleNamespace
from raastof_geo.files import is_file, is_folder, is_link, is_there


def test_a_link_is_neither_file_nor_folder(tmp_path):
    """A link is a link, whatever it leads to, and also where it leads nowhere."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder", "nothing"):
        link = tmp_path / f"to_{name}"
        link.symlink_to(tmp_path / name)
        assert is_link(link)
        assert is_there(link)
        assert not is_file(link)
        assert not is_folder(link)
    assert is_file(tmp_path / "file")
    assert is_folder(tmp_path / "folder")
    assert not is_there(tmp_path / "nothing")


def test_a_junction_of_windows_is_a_link(tmp_path, monkeypatch):
    """A junction looks like a folder and leads elsewhere: what clears a folder stops at it."""
    mode = tmp_path.lstat().st_mode
    assert is_folder(tmp_path)
    junction = SimpleNamespace(st_mode=mode, st_reparse_tag=0xA0000003)
    monkeypatch.setattr(Path, "lstat", lambda _: junction)
    assert is_link(tmp_path)
    assert not is_folder(tmp_path)
