//! Files, names and directories of every odd kind.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use herder_workspace::*;

use crate::canary::{Canary, whole_way};
use crate::scene::*;

#[test]
fn links_pipes_sockets_and_huge_files_are_taken_as_what_they_are() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    let secret = scene.top.join("secret");
    write(&secret.join("key"), "private\n");
    symlink(secret.join("key"), work.clone.join("leak")).unwrap();
    symlink(&secret, work.clone.join("leaks")).unwrap();
    symlink("loop", work.clone.join("loop")).unwrap();
    std::fs::remove_dir_all(work.clone.join("src")).unwrap();
    symlink(&secret, work.clone.join("src")).unwrap();
    write(&secret.join("lib.txt"), "not yours\n");
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mkfifoat(rustix::fs::CWD, work.clone.join("pipe"), mode).unwrap();
    std::fs::remove_file(work.clone.join("README.md")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, work.clone.join("README.md"), mode).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(work.clone.join("socket")).unwrap();
    let huge = std::fs::File::create(work.clone.join("huge.bin")).unwrap();
    huge.set_len(60_000_000).unwrap();
    work.write("new.txt", "x\n");
    let snapshot = work.snapshot(1);
    let skipped = work.skipped(&snapshot);
    assert_eq!(skipped, ["README.md", "huge.bin"]);
    assert_eq!(snapshot.skipped[0].why, WhySkipped::Special);
    assert_eq!(snapshot.skipped[1].why, WhySkipped::TooLarge { bytes: 60_000_000 });
    let tip = whole_way(&scene, &work, &canary);
    let mut expected =
        vec![".gitignore", ".ralph/check", "README.md", "leak", "leaks", "loop", "new.txt", "src"];
    expected.sort_unstable();
    let mut found = paths(scene.vault.bare(), &tip);
    found.sort();
    assert_eq!(found, expected);
    let entry = scene.vault.bare().entry(&tip, "leak").unwrap().unwrap();
    assert_eq!((entry.mode, entry.is_file()), (0o120_000, false));
    assert_eq!(read(&secret.join("key")), "private\n");
}

#[test]
fn any_file_name_is_taken_or_left_out_by_name() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    let names: [&[u8]; 9] = [
        b"new\nline",
        b"\"quoted\"",
        b"--force",
        b"-rf",
        b":(exclude)x",
        b"tab\there",
        b"\xff\xfe invalid",
        b" spaces ",
        b"*",
    ];
    for name in names {
        std::fs::write(work.clone.join(OsStr::from_bytes(name)), "x\n").unwrap();
    }
    // Names that other systems take for `.git`.
    for name in [".GIT/config", "git~1/config", ".git /config", ".g\u{200c}it/config"] {
        work.write(name, "[core]\n\tfsmonitor = false\n");
    }
    let snapshot = work.snapshot(1);
    assert_eq!(snapshot.skipped.len(), 4, "{:?}", snapshot.skipped);
    let is_refused = |skipped: &Skipped| matches!(skipped.why, WhySkipped::Refused { .. });
    assert!(snapshot.skipped.iter().all(is_refused), "{:?}", snapshot.skipped);
    let tip = whole_way(&scene, &work, &canary);
    let facts = scene.vault.bare().diff(&work.prepared.base, &tip).unwrap();
    let mut found: Vec<Vec<u8>> =
        facts.files.iter().map(|file| file.path.as_os_str().as_bytes().to_vec()).collect();
    found.sort();
    let mut expected: Vec<Vec<u8>> = names.iter().map(|name| name.to_vec()).collect();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(facts.lines_added, 9);
}

#[test]
fn herders_own_directory_is_never_taken() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    work.write(".gitignore", "!.herder/\n!.herder/**\n");
    work.write(".herder/goal.md", "something easier\n");
    work.write(".herder/more.txt", "x\n");
    let tip = whole_way(&scene, &work, &canary);
    assert!(!paths(scene.vault.bare(), &tip).iter().any(|path| path.starts_with(".herder")));
}

#[test]
fn files_and_directories_may_change_places() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    std::fs::remove_file(work.clone.join("README.md")).unwrap();
    work.write("README.md/inner.txt", "x\n");
    std::fs::remove_dir_all(work.clone.join("src")).unwrap();
    work.write("src", "a file now\n");
    work.write("crlf.txt", "a\r\nb\r\n");
    set_mode(&work.clone.join(".ralph/check"), 0o644);
    let tip = whole_way(&scene, &work, &canary);
    let bare = scene.vault.bare();
    assert_eq!(content(bare, &tip, "src").as_deref(), Some("a file now\n"));
    assert_eq!(content(bare, &tip, "README.md/inner.txt").as_deref(), Some("x\n"));
    assert_eq!(content(bare, &tip, "crlf.txt").as_deref(), Some("a\r\nb\r\n"));
    assert_eq!(bare.entry(&tip, ".ralph/check").unwrap().unwrap().mode, 0o100_644);
}

#[test]
fn an_encoding_that_does_not_hold_leaves_out_that_file_only() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    work.write(".gitattributes", "*.u16 working-tree-encoding=UTF-16\n");
    for number in 0..20 {
        work.write(&format!("file-{number}.txt"), "x\n");
    }
    std::fs::write(work.clone.join("file-7.u16"), b"odd").unwrap();
    let snapshot = work.snapshot(1);
    assert_eq!(work.skipped(&snapshot), ["file-7.u16"]);
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    let facts = scene.vault.bare().diff(&work.prepared.base, &snapshot.commit).unwrap();
    assert_eq!(facts.files.len(), 21);
}

#[test]
fn an_ignore_file_of_any_size_is_no_obstacle() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    std::fs::create_dir(work.clone.join("deep")).unwrap();
    std::fs::File::create(work.clone.join("deep/.gitignore")).unwrap().set_len(1 << 42).unwrap();
    work.write("deep/new.txt", "x\n");
    let snapshot = work.snapshot(1);
    assert!(paths(work.git().bare(), &snapshot.commit).contains(&"deep/new.txt".to_owned()));
}

#[test]
fn what_cannot_be_read_is_named() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    work.write("closed/file.txt", "x\n");
    work.write("secret.txt", "x\n");
    work.write("new.txt", "x\n");
    set_mode(&work.clone.join("secret.txt"), 0o000);
    set_mode(&work.clone.join("closed"), 0o000);
    let snapshot = work.snapshot(1);
    let expected: &[&str] = if std::fs::File::open(work.clone.join("secret.txt")).is_ok() {
        &[]
    } else {
        &["closed/", "secret.txt"]
    };
    assert_eq!(work.skipped(&snapshot), expected);
    remove_tree(&scene.root(), &work.clone).unwrap();
}

#[test]
fn a_bottomless_directory_is_no_obstacle() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    work.write("new.txt", "x\n");
    let open = |dir: &std::os::fd::OwnedFd| {
        rustix::fs::mkdirat(dir, "deeper", rustix::fs::Mode::RWXU).unwrap();
        rustix::fs::openat(dir, "deeper", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap()
    };
    let mut dir =
        rustix::fs::open(&work.clone, rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap();
    for _ in 0..1000 {
        dir = open(&dir);
        let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
        rustix::fs::openat(&dir, "file", flags, rustix::fs::Mode::RWXU).unwrap();
    }
    let snapshot = work.snapshot(1);
    assert!(paths(work.git().bare(), &snapshot.commit).contains(&"new.txt".to_owned()));
    remove_tree(&scene.root(), &work.clone).unwrap();
    assert!(!work.clone.exists());
}

#[test]
fn what_is_shown_to_the_agent_is_written_nowhere_else() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    let precious = scene.top.join("precious");
    write(&precious, "precious\n");
    std::fs::remove_file(work.clone.join(".herder/goal.md")).unwrap();
    symlink(&precious, work.clone.join(".herder/goal.md")).unwrap();
    work.git().show("goal.md", "again\n").unwrap();
    assert_eq!(read(&work.clone.join(".herder/goal.md")), "again\n");
    for name in ["../x", "a/b", "", "/x"] {
        assert!(work.git().show(name, "x").is_err(), "{name:?}");
    }
    std::fs::remove_dir_all(work.clone.join(".herder")).unwrap();
    symlink(&scene.top, work.clone.join(".herder")).unwrap();
    assert!(matches!(work.git().show("precious", "x"), Err(WorkspaceError::NotPlainDirectory { .. })));
    assert_eq!(read(&precious), "precious\n");
}

#[test]
fn a_conflict_in_an_oddly_named_file_is_told() {
    let scene = Scene::new();
    let odd = OsStr::from_bytes(b"odd \xff\nname");
    std::fs::write(scene.desk.join(odd), "base\n").unwrap();
    pushes_all(&scene);
    let work = scene.prepare(1, 1);
    std::fs::write(work.clone.join(odd), "mine\n").unwrap();
    work.snapshot(1);
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    std::fs::write(scene.desk.join(odd), "theirs\n").unwrap();
    pushes_all(&scene);
    for _ in 0..2 {
        let again = scene.prepare(1, 2);
        let Start::ConflictKept { files, .. } = &again.prepared.start else { panic!("no conflict") };
        assert_eq!(files, &["odd \u{fffd}\nname"]);
    }
}

/// Somebody pushes what lies on their desk.
fn pushes_all(scene: &Scene) {
    commit_all(&scene.desk, "By hand");
    git(&scene.desk, &["push", "-q", "origin", "main"]);
    scene.mirror.fetch(&scene.user).unwrap();
}

#[test]
fn an_edit_that_hides_its_time_and_size_is_seen() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    let path = work.clone.join("README.md");
    let before = path.metadata().unwrap();
    write_a_tick_later(&path, "HELLO\n");
    let times = std::fs::FileTimes::new().set_modified(before.modified().unwrap());
    std::fs::File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    assert_eq!(path.metadata().unwrap().len(), before.len());
    let snapshot = work.snapshot(1);
    assert_eq!(content(work.git().bare(), &snapshot.commit, "README.md").as_deref(), Some("HELLO\n"));
}
