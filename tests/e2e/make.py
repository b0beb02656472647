#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make.py - what the Makefile's targets leave behind, and what they ask for"""
import os
import subprocess

from realm import BUILD, SOURCE, Run, Skip, case, check, main, work


def make(*args, **how):
    build = os.path.relpath(BUILD, SOURCE)  # no target of make can have a space in its name
    return Run("-C", SOURCE, f"BUILD={build}", *args, command="make", **how)


def state(folder):
    """Owner and time of each file that a build reads or writes (but for the test's own log)."""
    found = {}
    for path in folder.rglob("*"):
        if not path.name.startswith("testlog"):
            stat = path.lstat()
            found[path] = stat.st_uid, stat.st_mtime_ns
    return found


def installed(root):
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir())


@case
def installing_leaves_the_build_folder_alone():
    before = state(BUILD)
    root = work() / "root"
    make("install", f"DESTDIR={root}", "PREFIX=/opt/soft").expect(0)
    after = state(BUILD)
    # ninja's own log may be written by the build that comes first, as its owner
    changed = {p for p in {*before, *after} if before.get(p) != after.get(p)}
    changed -= {BUILD / ".ninja_log", BUILD / ".ninja_deps", BUILD / "softrealm"}
    check(not changed, "changed:", sorted(map(str, changed)))
    check("opt/soft/bin/softrealm" in installed(root), installed(root))


@case
def root_installs_the_build_of_a_user_and_the_user_builds_on():
    if os.getuid():
        raise Skip("only root can give a build away")
    # The same files at the same place in the eyes of make, but they belong to somebody else.
    tree = work() / "tree"
    subprocess.run(["cp", "-a", f"{SOURCE}/.", tree], check=True)
    build = tree / "build"
    if not build.exists():
        raise Skip("the build folder is not the tree's")
    subprocess.run(["chown", "-R", "65534:65534", tree], check=True)
    root = work() / "root2"
    Run("-C", tree, "install", f"DESTDIR={root}", command="make").expect(0)
    owners = {p.lstat().st_uid for p in build.rglob("*")}
    check(owners == {65534}, "owners", owners)


@case
def an_installed_tree_works_and_is_removed():
    root = work() / "root3"
    make("install", f"DESTDIR={root}", "PREFIX=/usr").expect(0)
    command = str(root / "usr/bin/softrealm")
    run = Run("check", "vm-type*", command=command).wait(60)
    check(run.status == 0 and "\nok 1 - " in "\n" + run.out, run.story())
    make("uninstall", f"DESTDIR={root}", "PREFIX=/usr").expect(0)
    check(not installed(root), "left:", installed(root))


@case
def the_archive_holds_what_is_committed_and_no_more():
    def git(*args):
        return subprocess.run(["git", "-C", SOURCE, *args], capture_output=True, text=True)

    if git("rev-parse", "HEAD").returncode:
        raise Skip("not a git repository")
    made = []
    for name in ("one", "two"):
        folder = work() / name
        folder.mkdir()
        made.append(Run(str(folder), command=str(SOURCE / "tools/dist")).expect(0).out.strip())
    one, two = (open(m, "rb").read() for m in made)
    check(one == two, "the same commit gives other bytes")
    listed = subprocess.run(["tar", "-tJf", made[0]], capture_output=True, text=True, check=True)
    names = {n.split("/", 1)[1] for n in listed.stdout.split("\n") if n and n[-1] != "/"}
    committed = set(git("ls-tree", "-r", "--name-only", "HEAD").stdout.split("\n")) - {""}
    check(names == committed, names ^ committed)


@case
def building_installs_no_package_that_nobody_asked_for():
    """apt-get is never called by a plain make, and the command to run is printed."""
    tools = work() / "tools"
    tools.mkdir()
    (tools / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (tools / "apt-get").write_text(f"#!/bin/sh\ntouch {work()}/called\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    env = {"PATH": f"{tools}:{os.environ['PATH']}"}
    run = Run("-C", SOURCE, f"BUILD={work()}/new", "all", command="make", env=env).wait(30)
    check(run.status == 2, run.story())
    check("apt-get install --no-install-recommends make gcc" in run.err, run.story())
    check(not (work() / "called").exists(), "apt-get was called")


main()
