"""Versions of a project out of a repository, without a checkout; and what is said where that cannot be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kpidsl import compiled, revision
from kpidsl.diff.comparison import put
from kpidsl.git import Unread, repository
from tests.diff.world import DAY, commit, git
from tests.diff.world import repository as created

SPEC = """\
source ads
  from        "data/ads.csv"
  time        day
  column      spend EUR

kpi spend "Spend"
  formula     sum(ads.spend)
  target      at most 100 EUR
  measured    every month
"""


def target(amount: int, spec: str = SPEC) -> str:
    return spec.replace("100 EUR", f"{amount} EUR")


def sentences(old: str, new: str | None = None) -> list[str]:
    return [c.sentence for c in put(*revision.sides(old, new), DAY).changes]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = created(tmp_path / "home", {"kpis.kpi": SPEC, "kpi.toml": ""})
    monkeypatch.chdir(home)
    return home


LOOSENED = "spend: target loosened from at most 100 EUR to at most 120 EUR (+20%); goalposts moved"


def test_a_ref_against_the_working_tree(home: Path) -> None:
    (home / "kpis.kpi").write_text(target(120))
    before = git(home, "status", "--porcelain=v1"), git(home, "rev-parse", "HEAD")
    assert sentences("HEAD") == sentences("main") == [LOOSENED]
    assert (git(home, "status", "--porcelain=v1"), git(home, "rev-parse", "HEAD")) == before


def test_two_refs_a_tag_a_hash_and_a_range(home: Path) -> None:
    git(home, "tag", "v1")
    name = commit(home, {"kpis.kpi": target(120)})
    commit(home, {"kpis.kpi": target(130)})
    assert sentences("v1", name) == sentences("HEAD~2", "HEAD~1") == sentences(f"v1..{name}") == [LOOSENED]
    assert sentences("main") == []


def test_from_where_a_branch_left(home: Path) -> None:
    git(home, "checkout", "-q", "-b", "mine")
    commit(home, {"kpis.kpi": target(120)})
    git(home, "checkout", "-q", "main")
    commit(home, {"more.kpi": "measure other = sum(ads.spend)\n"})
    git(home, "checkout", "-q", "mine")
    assert sentences("main...") == sentences("main...mine") == [LOOSENED]
    assert sentences("main") == [LOOSENED, "other: removed"]
    old, new = revision.against("main", [])
    assert [c.sentence for c in put(old, new, DAY).changes] == [LOOSENED]
    assert old.name == "where it left main"


def test_a_path_in_a_ref(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(home, {"kpis.kpi": None, "specs/kpis.kpi": SPEC})
    (home / "specs/kpis.kpi").write_text(target(120))
    assert sentences("main:specs") == sentences("main:specs/kpis.kpi") == [LOOSENED]
    assert sentences("main", "specs") == [LOOSENED]
    monkeypatch.chdir(home / "specs")
    assert sentences("main") == sentences("main:./kpis.kpi") == [LOOSENED]
    with pytest.raises(Unread) as error:
        sentences("main:spces/kpis.kpi")
    assert error.value.diagnostic.code == "K752"
    assert "specs/kpis.kpi" in (error.value.diagnostic.help or "")


def test_folders_and_files_need_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, amount in (("old", 100), ("new", 120)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kpis.kpi").write_text(target(amount))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert sentences("old", "new") == sentences("old/kpis.kpi", "new/kpis.kpi") == [LOOSENED]


def test_what_exists_is_a_path_and_a_branch_can_still_be_meant(home: Path) -> None:
    commit(home, {"kpis.kpi": None, "specs/kpis.kpi": SPEC})
    git(home, "branch", "specs")
    (home / "specs/kpis.kpi").write_text(target(120))
    assert sentences("specs", "specs") == []
    assert sentences("refs/heads/specs", "specs") == [LOOSENED]


def test_imports_are_read_from_the_same_commit(home: Path) -> None:
    lines = SPEC.splitlines(keepends=True)
    source, own = "".join(lines[:4]), "".join(lines[5:])
    imports = 'import "../shared/ads.kpi"\n\n'
    commit(home, {"kpis.kpi": None, "shared/ads.kpi": source, "a/kpis.kpi": imports + own})
    (home / "shared/ads.kpi").write_text(source.replace("ads.csv", "other.csv"))
    assert sentences("main:a") == [
        'ads: rows changed from "../shared/data/ads.csv" to "../shared/data/other.csv"'
    ]
    git(home, "rm", "-q", "--cached", "shared/ads.kpi")
    git(home, "commit", "-q", "-m", "gone")
    old, _ = revision.sides("main:a")
    assert {d.code for d in old.specs.errors} >= {"K209"}


def test_links_are_followed_inside_of_the_tree_only(home: Path) -> None:
    commit(home, {"real/x.kpi": "measure linked = sum(ads.spend)\n"})
    (home / "link.kpi").symlink_to("real/x.kpi")
    commit(home, {})
    assert sentences("main", "HEAD~1") == []
    old, _ = revision.sides("main", "HEAD")
    assert [source.name for source in old.specs.sources] == ["kpis.kpi", "link.kpi"]
    (home / "out.kpi").symlink_to("/etc/passwd")
    commit(home, {})
    old, _ = revision.sides("main", "HEAD")
    assert [d.code for d in old.specs.errors] == ["K711"]


def test_odd_names_line_ends_and_encodings(home: Path) -> None:
    commit(home, {"kpis.kpi": None, "dossier à moi/chiffre d’affaires é.kpi": SPEC})
    (home / "dossier à moi/chiffre d’affaires é.kpi").write_bytes(SPEC.replace("\n", "\r\n").encode())
    assert sentences("main") == []
    (home / "latin.kpi").write_bytes("# é\n".encode("latin-1"))
    git(home, "add", "-A")
    git(home, "commit", "-q", "-m", "not UTF-8")
    old, _ = revision.sides("main", "HEAD")
    assert [d.code for d in old.specs.errors] == ["K711"]


def test_one_project_of_several(home: Path) -> None:
    commit(
        home,
        {
            "kpis.kpi": None,
            "kpi.toml": None,
            "a/kpi.toml": "",
            "a/x.kpi": SPEC,
            "b/kpi.toml": "",
            "b/x.kpi": SPEC,
        },
    )
    assert sentences("main:a", "main:b") == []
    with pytest.raises(Unread) as error:
        sentences("main", "HEAD")
    assert error.value.diagnostic.code == "K714"


def test_a_first_version_is_all_new(home: Path) -> None:
    commit(
        home,
        {"later/kpi.toml": "", "later/x.kpi": SPEC.replace("kpi spend", "kpi cost").replace("ads", "costs")},
    )
    found = put(*revision.sides("HEAD~1", "later"), DAY)
    assert {c.aspect for c in found.changes if c.kind == "kpi"} == {"added"}
    assert [d.code for d in found.diagnostics] == ["K765"]


# -- what cannot be read -----------------------------------------------------------------------------


def refused(old: str, new: str | None = None) -> tuple[str, str]:
    with pytest.raises(Unread) as error:
        revision.sides(old, new)
    found = error.value.diagnostic
    return found.code, " ".join([found.message, *found.notes, found.help or ""])


def test_no_git(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert refused("main")[0] == "K750"


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "kpis.kpi").write_text(SPEC)
    assert refused("main")[0] == "K751"


def test_a_bare_repository_is_not_said_to_be_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(home, "clone", "-q", "--bare", ".", "bare.git")
    monkeypatch.chdir(home / "bare.git")
    code, said = refused("main")
    assert code == "K751"
    assert "has no working tree" in said


def test_a_name_that_looks_like_an_option_is_never_put_into_a_command(home: Path) -> None:
    git(home, "update-ref", "refs/heads/-x", "HEAD")
    for ref, remedy in (("-x", "`refs/heads/-x`"), ("--upload-pack=y", "`refs/heads/--upload-pack=y`")):
        assert remedy in refused(ref)[1]
    assert "git fetch" not in refused("-x")[1] + refused("")[1]
    assert sentences("refs/heads/-x") == []


def test_what_the_config_excludes_is_excluded_in_a_commit(home: Path) -> None:
    old = SPEC.partition("\nkpi")[2].replace("spend", "old_spend", 1)
    commit(home, {"old/kpis.kpi": "kpi" + old, "kpi.toml": 'exclude = ["old"]\n'})
    assert sentences("HEAD~1") == sentences("HEAD") == sentences("HEAD:old/kpis.kpi", "old") == []
    (home / "kpi.toml").write_text("")
    assert sentences("HEAD") == ["old_spend: added"]
    commit(home, {"kpi.toml": ""})
    (home / "kpi.toml").write_text('exclude = ["old"]\n')
    assert sentences("HEAD") == ["old_spend: removed"]  # what is left out is gone


@pytest.mark.parametrize(
    "ref", ["nowhere", "-x", "--upload-pack=touch x", "", " ", "a\nb", "HEAD~99", "main^{tree}"]
)
def test_no_such_ref(home: Path, ref: str) -> None:
    code, _ = refused(ref)
    assert code == "K752"
    assert not (home / "x").exists()


def test_a_clone_of_depth_one(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(home, "checkout", "-q", "-b", "mine")
    commit(home, {"kpis.kpi": target(120)})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=mine", f"file://{home}", str(clone))
    monkeypatch.chdir(clone)
    assert repository(clone).shallow
    assert sentences("HEAD") == []
    assert "--deepen" in refused("HEAD~1")[1]
    code, said = refused("main")
    assert code == "K752"
    assert "shallow" in said
    remedy = said.split("`")[-2]
    assert remedy == "git fetch --depth=1 origin main:refs/remotes/origin/main"
    git(clone, *remedy.split()[1:])
    assert sentences("main") == sentences("origin/main") == [LOOSENED]
    old, new = revision.against("main", [])
    assert [c.sentence for c in put(old, new, DAY).changes] == [LOOSENED]
    assert [d.code for d in old.notes] == ["K753"]


def test_a_broken_definition_is_neither_gone_nor_new(home: Path) -> None:
    more = SPEC.replace("kpi spend", "kpi other").split("\n\n")[1]
    commit(home, {"kpis.kpi": SPEC + "\n" + more + "\nmeasure m = sum(ads.spend)\n"})
    broken = target(120) + "\n" + more.replace("at most", "atmost") + "\nmeasure m = sum(ads.spnd)\n"
    (home / "kpis.kpi").write_text(broken)
    found = put(*revision.sides("main"), DAY)
    assert [c.sentence for c in found.changes] == [LOOSENED]
    assert found.incomplete
    (told,) = [d for d in found.diagnostics if d.code == "K764"]
    assert "`other`" in told.message
    assert "`m`" in told.message


def test_a_repository_of_someone_else_is_told_with_the_remedy(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    code, said = refused("main")
    assert code == "K751"
    assert "safe.directory" in said


def test_neither_a_file_nor_a_first_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    (tmp_path / "kpis.kpi").write_text(SPEC)
    assert refused("HEAD") == ("K752", "this repository has no commit yet `git commit` makes the first one")
    code, said = refused("kpsi.kpi")
    assert code == "K710"
    assert "`kpis.kpi`" in said


def test_a_commit_is_compiled_once_unless_it_imports_what_was_not_given(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    compile_sources = compiled.compile_sources

    def counted(sources: Any, *more: Any) -> compiled.Result:
        found.append(len(sources))
        return compile_sources(sources, *more)

    monkeypatch.setattr(compiled, "compile_sources", counted)
    commit(home, {"kpis.kpi": target(125)})
    commit(home, {"kpis.kpi": target(135)})
    first = sentences("HEAD~1", "HEAD")
    assert found == [1, 1]
    assert sentences("HEAD~1", "HEAD") == first
    assert found == [1, 1]
    source, _, own = SPEC.partition("\n\n")
    commit(home, {"kpis.kpi": None, "ads.kpi": source + "\n", "a/x.kpi": f'import "../ads.kpi"\n\n{own}'})
    assert sentences("main:a", "main:a") == []
    commit(home, {"ads.kpi": source.replace("ads.csv", "other.csv") + "\n"})
    assert sentences("HEAD~1:a", "main:a")[0].startswith("ads: rows changed")


def test_a_bare_repository_has_commits_to_compare(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(home, {"kpis.kpi": target(120)})
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(home), str(bare))
    for folder in (bare, bare / "refs"):
        monkeypatch.chdir(folder)
        found = sentences("HEAD~1", "HEAD")
        assert found == [
            "spend: target loosened from at most 100 EUR to at most 120 EUR (+20%); goalposts moved"
        ]
    monkeypatch.chdir(bare)
    assert sentences("HEAD~1..HEAD") == sentences("HEAD~1", "HEAD:") == found
    for asked in (lambda: revision.sides("HEAD~1"), lambda: revision.against("HEAD~1", [])):
        with pytest.raises(Unread) as told:
            asked()
        assert told.value.diagnostic.code == "K751"
