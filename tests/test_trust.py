"""Files that the user did not name must be the user's own, and templates stay in their folder."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST, ROOT

from optout_cli.cache import Cache
from optout_cli.cli.user_folder import keep_signatory, last_signatory, signatories_path
from optout_cli.trust import doubt_about, is_own

pytestmark = pytest.mark.usefixtures("with_typst")

IS_ROOT = os.geteuid() == 0
LETTER = "secure-communities/opt-out"
OTHER = 65534
DATA = "offices:\n  ero-san-francisco:\n    phone: 415-555-0199\n"
Foreign = Callable[..., None]


@pytest.fixture
def make_foreign(monkeypatch: pytest.MonkeyPatch) -> Foreign:
    """Give files to another user; who may not do that becomes another user, for whom all are."""

    def give(*paths: Path) -> None:
        for path in paths:
            if IS_ROOT:
                os.chown(path, OTHER, -1, follow_symlinks=False)
        if not IS_ROOT:
            user = os.geteuid() + 1
            monkeypatch.setattr(os, "geteuid", lambda: user)

    return give


def make_writable(*paths: Path) -> None:
    for path in paths:
        path.chmod(path.stat().st_mode | 0o002)


@pytest.fixture
def kept(tmp_path: Path) -> Cache:
    cache = Cache(tmp_path / "cache")
    cache.put(b"key", b"payload")
    assert cache.get(b"key") == b"payload"
    return cache


def parts_of(cache: Cache) -> dict[str, Path]:
    assert cache.folder
    (entry,) = cache.folder.iterdir()
    return {"folder": cache.folder, "entry": entry}


@pytest.mark.parametrize("part", ["folder", "entry"])
@pytest.mark.parametrize("how", ["foreign", "writable"])
def test_a_cache_that_another_user_may_have_filled_is_not_read(
    part: str, how: str, kept: Cache, make_foreign: Foreign
) -> None:
    (make_foreign if how == "foreign" else make_writable)(parts_of(kept)[part])
    assert kept.get(b"key") is None


def test_nothing_is_put_into_another_users_cache(kept: Cache, make_foreign: Foreign) -> None:
    parts = parts_of(kept)
    make_foreign(parts["folder"])
    kept.put(b"another", b"payload")
    assert [*parts["folder"].iterdir()] == [parts["entry"]]


def test_no_folder_is_made_in_another_users_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_foreign: Foreign
) -> None:
    make_foreign(tmp_path)
    Cache(tmp_path / ".cache" / "optout").put(b"key", b"payload")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert not keep_signatory("marin-county-ca", {"name": "Pat", "title": "Sheriff"})
    assert [*tmp_path.iterdir()] == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a link to another user")
def test_a_cache_behind_another_users_link_is_not_read(kept: Cache, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert Cache(link / "cache").get(b"key") == b"payload"
    os.lchown(link, OTHER, -1)
    assert Cache(link / "cache").get(b"key") is None


def test_doctor_reports_a_cache_that_is_not_used(run: Run) -> None:
    folder = platformdirs.user_cache_path("optout")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    try:
        code, out, _ = outcome(run("doctor"))
    finally:
        folder.chmod(0o700)
    told = f"poor    cache: {folder} is not used: another user owns it, or others can change it\n"
    assert (code, told in out) == (0, True)


def test_a_group_of_the_users_alone_is_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import grp
    import pwd

    path = tmp_path / "file"
    path.touch()
    path.chmod(0o664)
    name = pwd.getpwuid(path.stat().st_uid).pw_name
    for group, members, is_own_still in (
        (name, [], True),
        (name, [name], True),
        (name, [name, "eve"], False),
        ("staff", [], False),
    ):
        entry = grp.struct_group((group, "x", 1, members))
        monkeypatch.setattr(grp, "getgrgid", lambda _, entry=entry: entry)
        assert is_own(path) == is_own_still


def test_where_files_have_no_owners_everything_is_the_users() -> None:
    """As on Windows, in a process of its own."""
    code = (
        "import os; del os.geteuid; from pathlib import Path\n"
        "from optout_cli.trust import doubt_about, is_own, is_own_file\n"
        f"path = Path({sys.executable!r}).parent\n"
        "print(doubt_about(path), is_own(path), is_own_file(path.stat()))\n"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, check=True, cwd=ROOT)
    assert done.stdout == b"None True True\n"


def test_a_missing_file_is_trusted(tmp_path: Path) -> None:
    assert doubt_about(tmp_path / "none") is None


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a configuration folder with data and a template."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = platformdirs.user_config_path("optout")
    template = folder / "templates" / f"{LETTER}.html.j2"
    template.parent.mkdir(parents=True)
    template.write_text(f'{{% extends "builtin:{LETTER}.html.j2" %}}', "utf-8")
    (folder / "jurisdictions.yaml").write_text(DATA, "utf-8")
    for path in (tmp_path / "config", *(tmp_path / "config").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


PLACES = {
    "": "jurisdictions.yaml",
    "jurisdictions.yaml": "jurisdictions.yaml",
    "templates": "templates",
    "templates/secure-communities": "templates",
    f"templates/{LETTER}.html.j2": "templates",
}


@pytest.mark.no_cover
@pytest.mark.parametrize(("part", "named"), PLACES.items())
@pytest.mark.parametrize("how", ["foreign", "writable"])
def test_own_data_and_templates_that_others_may_have_written_are_not_used(
    part: str, named: str, how: str, home: Path, run: Run, make_foreign: Foreign
) -> None:
    assert "415-555-0199" in outcome(run("show", "06041"))[1]
    (make_foreign if how == "foreign" else make_writable)(home / part)
    option = "--data" if named.endswith("yaml") else "--templates"
    code, out, err = outcome(run("show", "06041"))
    assert (code, out) == (1, "")
    reason = "can be changed by others" if how == "writable" else "belongs to another user ("
    place = home / part if IS_ROOT or how == "writable" else home
    assert f"{place}: is not used: it {reason}" in err
    options = f"{option} {home / named}"
    if place == home:  # both files in it are in doubt
        options = f"--data {home}/jurisdictions.yaml --templates {home}/templates"
    assert f"add {options} to use it anyway\n" in err
    assert err.count("is not used") == 1
    assert outcome(run("doctor"))[0] == 1


def test_what_the_user_names_is_the_users_choice(
    home: Path, run: Run, make_foreign: Foreign
) -> None:
    make_foreign(home, *home.rglob("*"))
    options = ("--data", f"{home}/jurisdictions.yaml", "--templates", f"{home}/templates")
    code, out, err = outcome(run("show", "06041", *options))
    assert (code, "415-555-0199" in out, err) == (0, True, "")


def test_an_administrators_files_are_trusted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not IS_ROOT:
        pytest.skip("only root can make files of root's")
    monkeypatch.setattr(os, "geteuid", lambda: OTHER)
    assert doubt_about(home, below=True) is None
    assert not is_own(home)


@pytest.mark.parametrize("how", ["foreign", "writable"])
def test_the_last_signatory_is_not_anothers(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_foreign: Foreign
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    pat = {"name": "Pat", "title": "Sheriff"}
    assert keep_signatory("marin-county-ca", pat)
    assert last_signatory("marin-county-ca") == pat
    (make_foreign if how == "foreign" else make_writable)(Path(str(signatories_path())))
    assert last_signatory("marin-county-ca") is None
    assert not keep_signatory("marin-county-ca", pat)


# --- links within a template folder ---

INCLUDES = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% block closing %}<p>{% include "secure-communities/_words.html.j2" %}</p>{% endblock %}
"""
OUTSIDE = (
    "{}: is a link that leads outside the template folder\n"
    "  hint: replace the link with a copy of the file"
)
LINKS = [
    f"{LETTER}.html.j2",
    f"{LETTER}.CA.html.j2",
    "secure-communities/_words.html.j2",
    "secure-communities/program.yaml",
    "secure-communities",
    "_layout/letter.css",
    "_layout",
]


@pytest.fixture
def received(tmp_path: Path, write: Write) -> Path:
    """Have a template folder, as it was received from somebody, and a file beside it."""
    write(f"received/{LETTER}.html.j2", INCLUDES)
    write("received/secure-communities/_words.html.j2", "Sincerely,")
    write("received/_layout/letter.css", "p { color: black }")
    write("received/secure-communities/program.yaml", "title: Secure Communities\n")
    write("secret/file", "SECRET")
    return tmp_path / "received"


def replace_by_link(path: Path, to: Path) -> None:
    if path.is_dir():
        path.rename(path.with_name("aside"))
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(to)


# Whatever the command, the same code reads the folder: one is measured.
UNMEASURED = [pytest.param(it, marks=pytest.mark.no_cover) for it in ("write", "batch")]


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("command", ["check", *UNMEASURED])
def test_no_link_leads_out_of_a_template_folder(
    command: str, name: str, received: Path, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write("n.yaml", f"[{{{', '.join(REQUEST.splitlines())}}}]")
    words = {
        "write": ("write", "r.yaml", "-f", "html"),
        "check": ("check", "r.yaml"),
        "batch": ("batch", "n.yaml", "-f", "html"),
    }[command]
    told = []
    for to in ("secret/file", "secret/none", "secret"):
        replace_by_link(received / name, in_folder / to)
        found = run(*words, "--templates", "received")
        told.append((found.exit_code, found.stdout + found.stderr))
        assert "SECRET" not in told[-1][1]
        assert not list(in_folder.glob("**/*.html"))
        assert OUTSIDE.format(f"received/{name}") in told[-1][1]
        (received / name).unlink()
    assert told[0][0] in (1, 3)


def test_a_link_within_the_template_folder_is_followed(
    received: Path, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write("received/shared/words", "Respectfully,")
    (received / "secure-communities" / "program.yaml").unlink()
    words = received / "secure-communities" / "_words.html.j2"
    replace_by_link(words, Path("../shared/words"))
    (in_folder / "link").symlink_to(received)  # and the folder itself may be a link
    found = run(
        "write", "r.yaml", "-q", "-f", "txt", "-o", "-", "--to", "ice", "--templates", "link"
    )
    assert "Respectfully," in outcome(found)[1]


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["_layout/letter.css", "_layout"])
@pytest.mark.parametrize("to", ["secret/file", "secret", "secret/none"])
def test_check_of_a_folder_reports_a_style_that_is_outside(
    name: str, to: str, received: Path, run: Run, in_folder: Path
) -> None:
    (received / "secure-communities" / "program.yaml").unlink()
    replace_by_link(received / name, in_folder / to)
    # With --coverage it looks at the folder, but does not write all letters with samples.
    code, out, _ = outcome(run("check", "--coverage", "--templates", "received"))
    assert (code, out.count(OUTSIDE.format(f"received/{name}") + "\n")) == (1, 1)


def test_check_reports_a_link_that_no_letter_needs(
    received: Path, run: Run, in_folder: Path
) -> None:
    (received / "secure-communities" / "program.yaml").unlink()
    link = received / "287g" / "terminate.TX.html.j2"
    link.parent.mkdir()
    link.symlink_to(in_folder / "secret" / "file")
    # With --coverage it looks at the folder, but does not write all letters with samples.
    code, out, _ = outcome(run("check", "--coverage", "--templates", "received"))
    assert (code, out.count("received/287g/terminate.TX.html.j2: is a link that leads")) == (1, 1)


def test_a_shipped_template_lies_where_an_installer_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some installers fill a package's folders with links."""
    from optout_cli.templating.search import TemplateSearch

    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "ask.html.j2").symlink_to(ROOT / "templates" / f"{LETTER}.html.j2")
    assert TemplateSearch([tmp_path]).path_of("p/ask.html.j2") == tmp_path / "p" / "ask.html.j2"
