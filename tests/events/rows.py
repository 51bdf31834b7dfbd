"""The rows of the event matrix: what users do, and what our hooks are told of it.

Which hooks git runs with which arguments was measured; see docs/events.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NEW = ("seed",)
SWITCH = ("post-checkout 1",)
FILES = ("post-checkout 0",)
COMMIT = ("post-commit",)
MERGE = ("post-merge 0",)
SQUASH = ("post-merge 1",)
AMEND = ("post-commit", "post-rewrite amend")
EDIT = "-c sequence.editor='sed -i s/^pick/edit/'"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happens to a worktree.

    Attributes:
        name: in the user's words.
        act: lines to play while the hooks are in place.
        events: what the worktree at `place` is told: each hook with its last argument, and `seed`
            for a new worktree that is seeded in front of git.
        before: lines to play first, without hooks; the index is fresh afterwards.
        place: the worktree that is looked at afterwards.
        tree_decides: whether the hooks of husky and pre-commit are in the tree at every step.
        indexed: whether the worktree at `place` exists, with an index, before the row acts.
    """

    name: str
    act: tuple[str, ...]
    events: tuple[str, ...] = ()
    before: tuple[str, ...] = field(default=())
    place: str = "main"
    tree_decides: bool = True
    indexed: bool = True


def _new(name: str, *act: str, events: tuple[str, ...] = NEW, **more: object) -> Row:
    options: dict[str, object] = {"place": "w1", "indexed": False, **more}
    return Row(name, act, events, **options)  # type: ignore[arg-type]


WORKTREES = [
    _new("new worktree, new branch", "git worktree add -b w1 ../w1"),
    _new("new worktree of a branch", "git worktree add ../w1 topic"),
    _new("new worktree, detached", "git worktree add --detach ../w1 HEAD~1"),
    _new("new worktree, quiet", "git worktree add -q --lock -b w1 ../w1"),
    _new(
        "new worktree inside the main one",
        "git worktree add -b x .claude/worktrees/x",
        place="main/.claude/worktrees/x",
    ),
    _new(
        "new worktree from inside another",
        "@w0 git worktree add -b w1 ../w1",
        before=("git worktree add -q -b w0 ../w0",),
        tree_decides=False,
    ),
    _new(
        "new worktree without a checkout, then reset",
        "git worktree add --no-checkout -b w1 ../w1",
        "@w1 git reset --hard",
        events=(),
    ),
    Row("the parent of a nested worktree", ("git worktree add -b x .claude/worktrees/x",)),
    Row(
        "worktree moved",
        ("git worktree move ../w1 ../w2", "@w2 git switch topic"),
        NEW,
        before=("git worktree add -q -b w1 ../w1",),
        place="w2",
        indexed=False,
        tree_decides=False,
    ),
    Row(
        "worktree removed",
        ("git worktree remove --force ../w1", "git worktree prune"),
        before=("git worktree add -q -b w1 ../w1",),
    ),
    Row(
        "commit in a linked worktree",
        ("@w1 write n.py changed", "@w1 git commit -am changed"),
        COMMIT,
        before=("git worktree add -q -b w1 ../w1",),
        place="w1",
        tree_decides=False,
    ),
    Row(
        "rebase in a linked worktree",
        ("@w1 git rebase main",),
        ("post-checkout 1", "post-commit", "post-commit", "post-rewrite rebase"),
        before=("git worktree add -q ../w1 topic",),
        place="w1",
        tree_decides=False,
    ),
    Row("sibling works on", ("@w1 git commit --allow-empty -m x",),
        before=("git worktree add -q -b w1 ../w1",)),
]  # fmt: skip

SWITCHES = [
    Row("switch to a branch", ("git switch topic",), SWITCH),
    Row("checkout of a branch", ("git checkout topic",), SWITCH),
    Row("switch to a new branch", ("git switch -c other",), SWITCH),
    Row("switch with an edit carried along", ("git switch topic",), SWITCH,
        before=("write m3.py edited",)),
    Row("switch that discards edits", ("git switch --discard-changes topic",), SWITCH,
        before=("write m3.py edited",)),
    Row("detach", ("git switch --detach HEAD~1",), SWITCH),
    Row("there and back", ("git switch topic", "git switch main"), SWITCH * 2),
    Row("switch that git refuses", ("! git switch topic",), before=("write m1.py edited",)),
    Row("orphan and back", ("git switch --orphan empty", "git switch main"), SWITCH * 2,
        tree_decides=False),
    Row("file checkout", ("git checkout -- m0.py",), FILES, before=("write m0.py edited",)),
    Row("file checkout of a revision", ("git checkout topic -- m1.py",), FILES),
    Row("restore", ("git restore m0.py",), FILES, before=("write m0.py edited",)),
    Row("restore of a revision", ("git restore --source=topic --staged --worktree .",), FILES),
    Row("bisect", ("git bisect start HEAD HEAD~2", "git bisect good", "git bisect reset"),
        SWITCH * 2),
]  # fmt: skip

MERGES = [
    Row("merge", ("git merge --no-edit topic",), MERGE),
    Row("merge, fast-forward", ("git merge main",), MERGE, before=("git switch -q base",)),
    Row("merge, squashed", ("git merge --squash topic",), SQUASH),
    Row("merge, squashed and committed", ("git merge --squash topic", "git commit -m squashed"),
        SQUASH + COMMIT),
    Row("merge without commit", ("git merge --no-commit --no-ff topic",)),
    Row("merge of nothing new", ("git merge base",)),
    Row("merge, conflict", ("! git merge clash",)),
    Row("merge, conflict, continue",
        ("! git merge clash", "write m0.py f0 both", "git add m0.py",
         "git merge --continue"), COMMIT),
    Row("merge, conflict, abort", ("! git merge clash", "git merge --abort")),
    Row("pull, fast-forward", ("git pull",), MERGE, before=("git reset -q --hard base",)),
    Row("pull, merge", ("git pull --no-rebase --no-edit",), MERGE,
        before=("git reset -q --hard topic",)),
    Row("pull --rebase", ("git pull --rebase",),
        ("post-checkout 1", "post-commit", "post-commit", "post-rewrite rebase"),
        before=("git reset -q --hard topic",)),
    Row("pushed into", ("@copy git push origin topic:main",),
        before=("git config receive.denyCurrentBranch updateInstead", "git reset -q --hard base",
                "git clone -q --no-local . ../copy", "@copy git branch -q topic origin/topic")),
]  # fmt: skip

COMMITS = [
    Row("commit", ("git commit -am edited",), COMMIT, before=("write m0.py edited",)),
    Row("commit of a new file", ("git add new.py", "git commit -m new"), COMMIT,
        before=("write new.py edited",)),
    Row("commit, empty", ("git commit --allow-empty -m x",), COMMIT),
    Row("commit --amend", ("git commit -a --amend --no-edit",), AMEND,
        before=("write m0.py edited",)),
    Row("cherry-pick", ("git cherry-pick topic",), COMMIT),
    Row("cherry-pick of several", ("git cherry-pick base..topic",), COMMIT * 2),
    Row("cherry-pick -n", ("git cherry-pick -n topic",)),
    Row("cherry-pick, conflict, skip", ("! git cherry-pick clash~1 clash",
                                        "git cherry-pick --skip"), COMMIT),
    Row("revert", ("git revert --no-edit HEAD",), COMMIT),
    Row("am", ("git am ../patches/0001-one.patch ../patches/0002-two.patch",)),
    Row("am, conflict, abort", ("! git am ../clashing/0001-clash.patch", "git am --abort")),
]  # fmt: skip

PICKS = ("post-checkout 1", "post-commit", "post-commit", "post-rewrite rebase")
CONFLICT = "! git rebase main"
ON_CLASH = ("git switch -q clash",)
ON_TOPIC = ("git switch -q topic",)
SOLVE = ("write m0.py f0 both", "git add m0.py")

REBASES = [
    Row("rebase", ("git rebase main",), PICKS, before=ON_TOPIC),
    Row("rebase, from elsewhere", ("git rebase main topic",), PICKS),
    Row("rebase --apply", ("git rebase --apply main",),
        ("post-checkout 1", "post-rewrite rebase"), before=ON_TOPIC),
    Row("rebase, conflict", (CONFLICT,), SWITCH, before=ON_CLASH),
    Row("rebase, conflict, continue", (CONFLICT, *SOLVE, "git rebase --continue"),
        PICKS, before=ON_CLASH),
    Row("rebase, conflict, skip", (CONFLICT, "git rebase --skip"),
        ("post-checkout 1", "post-commit", "post-rewrite rebase"), before=ON_CLASH),
    Row("rebase, conflict, abort", (CONFLICT, "git rebase --abort"), SWITCH, before=ON_CLASH),
    Row("rebase --apply, conflict, abort",
        ("! git rebase --apply main", "git rebase --abort"), SWITCH, before=ON_CLASH),
    Row("rebase, stop to edit", (f"git {EDIT} rebase -i main",), SWITCH + COMMIT,
        before=ON_TOPIC),
    Row("rebase, edit, continue",
        (f"git {EDIT} rebase -i main", "write m2.py edited", "git commit -a --amend --no-edit",
         "git rebase --continue", "git rebase --continue"),
        ("post-checkout 1", "post-commit", *AMEND, "post-commit", "post-rewrite rebase"),
        before=ON_TOPIC),
    Row("rebase that is up to date", ("git rebase base",), before=ON_TOPIC),
]  # fmt: skip

SILENT = [
    Row("stash", ("git stash",), before=("write m0.py edited",)),
    Row("stash of untracked files too", ("git stash -u",), before=("write new.py edited",)),
    Row("stash and pop", ("git stash", "git stash pop"), before=("write m0.py edited",)),
    Row("stash pop", ("git stash pop",), before=("write m0.py edited", "git stash -q")),
    Row("reset --hard", ("git reset --hard HEAD~1",)),
    Row("reset --mixed", ("git reset --mixed HEAD~1",)),
    Row("reset --soft", ("git reset --soft HEAD~1",)),
    Row("reset --merge to another branch", ("git reset --merge topic",)),
    Row("sparse-checkout set", ("git sparse-checkout set pkg",)),
    Row("sparse-checkout disable", ("git sparse-checkout disable",),
        before=("git sparse-checkout set pkg",)),
    Row("apply", ("git apply ../patches/0001-one.patch",)),
    Row("apply to the index too", ("git apply --index ../patches/0001-one.patch",)),
    Row("rm and mv", ("git rm -q m0.py", "git mv m1.py moved.py")),
    Row("clean", ("git clean -fdq",), before=("write new.py edited",)),
    Row("checkout-index", ("git checkout-index -f -a",), before=("write m0.py edited",)),
    Row("read-tree", ("git read-tree -m -u topic",)),
    Row("an editor saves", ("write m0.py edited",)),
    Row("an editor saves a new file", ("write lib/new.py edited",)),
    Row("a file is deleted", ("delete m0.py",)),
    Row("a file is ignored from now on", ("text .gitignore new.py",),
        before=("write new.py edited",)),
    Row("the branch is moved under HEAD", ("git update-ref refs/heads/main topic",)),
    Row("HEAD is pointed elsewhere", ("git symbolic-ref HEAD refs/heads/topic",)),
    Row("references are packed", ("git pack-refs --all", "git gc -q")),
    Row("submodule update", ("git submodule --quiet update --init",),
        before=("git config protocol.file.allow always",
                "git -c protocol.file.allow=always submodule --quiet add -b main ../origin.git sub",
                "git commit -q -m sub", "git submodule --quiet deinit -f sub")),
]  # fmt: skip

ROWS = [*WORKTREES, *SWITCHES, *MERGES, *COMMITS, *REBASES, *SILENT]

NAMED = {row.name: row for row in ROWS}
