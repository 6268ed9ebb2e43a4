//! A clone whose agent means harm: nothing of it is executed, nothing of ours is damaged.
//!
//! Each plant is a program that would leave a file if it ever ran: the canary.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod scene;

use herder_workspace::*;
use scene::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A program that leaves a file named after its first argument.
struct Canary {
    program: PathBuf,
    songs: PathBuf,
}

impl Canary {
    fn new(top: &Path) -> Self {
        let (program, songs) = (top.join("canary"), top.join("songs"));
        std::fs::create_dir_all(&songs).unwrap();
        write(&program, &format!("#!/bin/sh\ntouch '{}/'\"${{1:-$(basename $0)}}\"\ncat\n", songs.display()));
        set_mode(&program, 0o755);
        Self { program, songs }
    }

    fn command(&self, name: &str) -> String {
        format!("{} {name}", self.program.display())
    }

    fn songs(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.songs).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn assert_silent(&self) {
        assert_eq!(self.songs(), Vec::<String>::new());
    }

    /// Hooks, filters, monitors and drivers in one git directory.
    fn plant_git(&self, git_dir: &Path, name: &str) {
        for hook in [
            "pre-commit",
            "post-commit",
            "post-checkout",
            "post-index-change",
            "reference-transaction",
            "post-merge",
            "pre-push",
            "fsmonitor-watchman",
            "post-update",
            "update",
            "pre-receive",
        ] {
            let path = git_dir.join("hooks").join(hook);
            write(&path, &format!("#!/bin/sh\nexec {}\n", self.command(&format!("{name}-hook-{hook}"))));
            set_mode(&path, 0o755);
        }
        let say = |what: &str| self.command(&format!("{name}-{what}"));
        let mut config = std::fs::read_to_string(git_dir.join("config")).unwrap();
        config.push_str(&format!(
            "[core]\n\tfsmonitor = {}\n\thooksPath = {}\n\tsshCommand = {}\n\tpager = {}\n\teditor = {}\n\
             \tattributesFile = {}\n",
            say("fsmonitor"),
            git_dir.join("hooks").display(),
            say("ssh"),
            say("pager"),
            say("editor"),
            git_dir.join("info/attributes").display(),
        ));
        config.push_str(&format!(
            "[filter \"evil\"]\n\tclean = {}\n\tsmudge = {}\n\tprocess = {}\n\trequired = true\n\
             [diff \"evil\"]\n\ttextconv = {}\n\tcommand = {}\n[merge \"evil\"]\n\tdriver = {}\n\
             [diff]\n\texternal = {}\n[uploadpack]\n\tpackObjectsHook = {}\n[gpg]\n\tprogram = {}\n",
            say("clean"),
            say("smudge"),
            say("process"),
            say("textconv"),
            say("diff"),
            say("merge"),
            say("external"),
            say("pack-objects"),
            say("gpg"),
        ));
        config.push_str("[commit]\n\tgpgSign = true\n[uploadpack]\n\tallowFilter = true\n");
        write(&git_dir.join("config"), &config);
        write(&git_dir.join("info/attributes"), "* filter=evil diff=evil merge=evil\n");
    }
}

const ATTRIBUTES: &str = "* filter=evil diff=evil merge=evil\n";

/// Takes hostile work the whole way and looks after each step.
fn whole_way(scene: &Scene, work: &Work, canary: &Canary) -> CommitId {
    let snapshot = work.snapshot(1);
    canary.assert_silent();
    let _ = work.git().refresh_clone_git();
    canary.assert_silent();
    work.snapshot(2);
    work.git().ignored_paths(100).unwrap();
    canary.assert_silent();
    let tip = scene.vault.fetch_run(work.git(), &work.key).unwrap().unwrap();
    assert_eq!(tip, snapshot.commit);
    canary.assert_silent();
    scene.vault.bare().diff(&work.prepared.base, &tip).unwrap();
    scene.vault.bare().patch_text(&work.prepared.base, &tip, 1 << 20).unwrap();
    canary.assert_silent();
    scene.pushes("elsewhere.txt", "moved on\n");
    let squashed = match scene.squash(work, &tip) {
        Squash::Commit(squashed) => squashed,
        Squash::Empty => scene.mirror.tip("main").unwrap(),
        Squash::Conflict { files } => panic!("conflict in {files:?}"),
    };
    canary.assert_silent();
    scene.vault.bare().checkout(&squashed, &scene.top.join("checkout")).unwrap();
    canary.assert_silent();
    let again = scene.prepare(work.key.goal(), 2);
    canary.assert_silent();
    again.snapshot(1);
    remove_tree(&scene.root(), &work.clone).unwrap();
    assert!(!work.clone.exists());
    canary.assert_silent();
    scene.assert_sound();
    tip
}

#[test]
fn the_canary_does_sing_for_whoever_is_careless() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    canary.plant_git(&work.clone.join(".git"), "root");
    work.write(".gitattributes", ATTRIBUTES);
    work.write("new.txt", "x\n");
    let _ = std::panic::catch_unwind(|| git(&work.clone, &["add", "-A"]));
    assert!(canary.songs().len() >= 2, "{:?}", canary.songs());
}

#[test]
fn hooks_filters_monitors_and_drivers_stay_silent() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    canary.plant_git(&work.clone.join(".git"), "root");
    work.write(".gitattributes", ATTRIBUTES);
    work.write("README.md", "changed\n");
    work.write("new.txt", "x\n");
    // Both sides change one file, so that its contents must be merged.
    work.write("src/lib.txt", "ONE\ntwo\nthree\nfour\nfive\n");
    scene.pushes("src/lib.txt", "one\ntwo\nthree\nfour\nFIVE\n");
    let tip = whole_way(&scene, &work, &canary);
    assert_eq!(read(&scene.top.join("checkout/src/lib.txt")), "ONE\ntwo\nthree\nfour\nFIVE\n");
    assert_eq!(content(scene.vault.bare(), &tip, "new.txt").as_deref(), Some("x\n"));
    assert_eq!(content(scene.vault.bare(), &tip, ".gitattributes").as_deref(), Some(ATTRIBUTES));
}

#[test]
fn a_nested_repository_is_left_out_and_stays_silent() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    for nested in ["vendor/tool", "src"] {
        let directory = work.clone.join(nested);
        std::fs::create_dir_all(&directory).unwrap();
        git(&directory, &["init", "-q"]);
        write(&directory.join("inner.txt"), "x\n");
        commit_all(&directory, "inner");
        canary.plant_git(&directory.join(".git"), "nested");
        write(&directory.join(".gitattributes"), ATTRIBUTES);
    }
    std::fs::create_dir_all(work.clone.join("odd/.git/objects")).unwrap();
    work.write("odd/file.txt", "x\n");
    work.write("new.txt", "x\n");
    let snapshot = work.snapshot(1);
    assert!(work.skipped(&snapshot).contains(&"vendor/tool/".to_owned()), "{:?}", snapshot.skipped);
    let message = git(&work.private, &["log", "-1", "--format=%B", snapshot.commit.as_str()]);
    assert!(message.contains("\"vendor/tool/\": a repository of its own"), "{message}");
    canary.assert_silent();
    let tip = whole_way(&scene, &work, &canary);
    let paths = paths(scene.vault.bare(), &tip);
    assert!(paths.contains(&"odd/file.txt".to_owned()) && paths.contains(&"src/lib.txt".to_owned()));
    assert!(!paths.iter().any(|path| path.starts_with("vendor/")), "{paths:?}");
}

#[test]
fn a_submodule_file_that_runs_commands_is_left_out() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    let modules = format!(
        "[submodule \"x\"]\n\tpath = x\n\turl = ext::{}\n\tupdate = !{}\n",
        canary.command("ext"),
        canary.command("update")
    );
    work.write(".gitmodules", &modules);
    work.write("deep/.gitmodules", "[submodule \"../x\"]\n\tpath = x\n\turl = -u./evil\n");
    symlink("README.md", work.clone.join("src/.gitmodules")).unwrap();
    work.write("new.txt", "x\n");
    let snapshot = work.snapshot(1);
    let skipped = work.skipped(&snapshot);
    for path in [".gitmodules", "deep/.gitmodules", "src/.gitmodules"] {
        assert!(skipped.contains(&path.to_owned()), "{path}: {skipped:?}");
    }
    let tip = whole_way(&scene, &work, &canary);
    assert!(paths(scene.vault.bare(), &tip).contains(&"new.txt".to_owned()));
}

#[test]
fn a_submodule_file_of_upstream_is_no_obstacle() {
    let scene = Scene::new();
    scene.pushes(".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = x\n\tupdate = !true\n");
    let work = scene.prepare(1, 1);
    work.write("new.txt", "x\n");
    let first = work.snapshot(1);
    assert_eq!(first.skipped, []);
    work.write("new.txt", "y\n");
    let second = work.snapshot(2);
    assert_eq!(scene.vault.fetch_run(work.git(), &work.key).unwrap(), Some(second.commit));
}

#[test]
fn a_tree_without_its_own_git_directory_is_still_taken() {
    type Plant = fn(&Path, &Path);
    let plants: [(&str, Plant); 5] = [
        ("gone", |_, _| {}),
        ("link", |git_dir, elsewhere| symlink(elsewhere, git_dir).unwrap()),
        ("gitfile", |git_dir, elsewhere| write(git_dir, &format!("gitdir: {}\n", elsewhere.display()))),
        ("garbage", |git_dir, _| write(git_dir, "\0\0\0")),
        ("empty", |git_dir, _| std::fs::create_dir(git_dir).unwrap()),
    ];
    for (name, plant) in plants {
        let scene = Scene::new();
        let canary = Canary::new(&scene.top);
        let elsewhere = scene.top.join("elsewhere");
        git(&scene.top, &["init", "-q", "--bare", "elsewhere"]);
        canary.plant_git(&elsewhere, "elsewhere");
        let before = tree_of_files(&elsewhere);
        let work = scene.prepare(1, 1);
        std::fs::remove_dir_all(work.clone.join(".git")).unwrap();
        plant(&work.clone.join(".git"), &elsewhere);
        work.write("new.txt", "x\n");
        let tip = whole_way(&scene, &work, &canary);
        assert!(paths(scene.vault.bare(), &tip).contains(&"new.txt".to_owned()), "{name}");
        assert_eq!(tree_of_files(&elsewhere), before, "{name}: nothing was written elsewhere");
    }
}

/// All paths below a directory with their sizes.
fn tree_of_files(directory: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(tree_of_files(&path));
        } else {
            found.push((path.clone(), path.symlink_metadata().unwrap().len()));
        }
    }
    found.sort();
    found
}

#[test]
fn refreshing_follows_no_link_in_the_git_directory() {
    for place in [".git/objects/pack", ".git/refs/heads", ".git/index", ".git/HEAD", ".git/refs/heads/goal-1"]
    {
        let scene = Scene::new();
        let canary = Canary::new(&scene.top);
        let victim = scene.top.join("victim");
        std::fs::create_dir(&victim).unwrap();
        write(&victim.join("file"), "precious\n");
        let before = tree_of_files(&victim);
        let work = scene.prepare(1, 1);
        let target = work.clone.join(place);
        let is_directory = target.is_dir();
        if is_directory {
            std::fs::remove_dir_all(&target).unwrap();
        } else {
            let _ = std::fs::remove_file(&target);
        }
        symlink(if is_directory { victim.clone() } else { victim.join("file") }, &target).unwrap();
        work.write("new.txt", "x\n");
        whole_way(&scene, &work, &canary);
        assert_eq!(tree_of_files(&victim), before, "{place}");
        assert_eq!(read(&victim.join("file")), "precious\n", "{place}");
    }
}

#[test]
fn corrupted_objects_and_foreign_alternates_reach_nobody() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    let objects = work.clone.join(".git/objects");
    for (file, _) in tree_of_files(&objects) {
        set_mode(&file, 0o644);
        std::fs::write(&file, "corrupt").unwrap();
    }
    write(&objects.join("info/alternates"), &format!("{}\n", scene.top.join("nowhere").display()));
    write(&work.clone.join(".git/info/grafts"), "garbage\n");
    write(&work.clone.join(".git/refs/replace/x"), "garbage\n");
    work.write("new.txt", "x\n");
    whole_way(&scene, &work, &canary);
}

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
fn what_a_killed_git_left_locked_is_no_obstacle() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    write(&work.private.join("index.lock"), "");
    write(&work.private.join("refs/heads/goal-1.lock"), "");
    work.write("new.txt", "x\n");
    assert!(work.snapshot(1).changed);
}

#[test]
fn the_clone_s_index_and_excludes_count_for_nothing() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    write(&work.clone.join(".git/info/exclude"), "*\n");
    std::fs::write(work.clone.join(".git/index"), "garbage").unwrap();
    work.write("new.txt", "x\n");
    work.write("target/built", "x\n");
    let snapshot = work.snapshot(1);
    assert!(snapshot.changed && snapshot.skipped.is_empty());
    let (ignored, more) = work.git().ignored_paths(10).unwrap();
    assert_eq!((ignored, more), (vec![PathBuf::from("target/")], false));
}

/// The user's own configuration may name filters and monitors; they are not for herder's eyes either.
/// The whole test runs again in a process whose home holds such a configuration.
#[test]
fn the_user_s_configuration_stays_silent_where_a_clone_is_touched() {
    let home = tempfile::tempdir().unwrap();
    let canary = Canary::new(home.path());
    write(&home.path().join(".gitconfig"), "");
    let fake = home.path().join("fake.git");
    write(&fake.join("config"), "");
    canary.plant_git(&fake, "user");
    std::fs::copy(fake.join("config"), home.path().join(".gitconfig")).unwrap();
    write(&home.path().join(".config/git/attributes"), ATTRIBUTES);
    write(&home.path().join(".config/git/ignore"), "new.txt\n");
    let test = herder_oneshot::OneShot::new(std::env::current_exe().unwrap())
        .args(["--exact", "hooks_filters_monitors_and_drivers_stay_silent"])
        .environment(herder_oneshot::Environment::Inherited(vec![
            ("HOME".into(), home.path().into()),
            ("XDG_CONFIG_HOME".into(), home.path().join(".config").into()),
        ]));
    let finished = test.run().unwrap();
    assert!(finished.status.success(), "{}", finished.stdout.text());
    assert!(finished.stdout.text().contains("1 passed"), "{}", finished.stdout.text());
    canary.assert_silent();
}

#[test]
fn what_makes_git_wait_for_ever_is_removed() {
    for place in [".gitignore", "deep/.gitattributes", "nested/.git/HEAD"] {
        let scene = Scene::new();
        let work = scene.prepare(1, 1);
        let path = work.clone.join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::create_dir_all(work.clone.join("nested/.git/objects")).unwrap();
        std::fs::create_dir_all(work.clone.join("nested/.git/refs")).unwrap();
        let _ = std::fs::remove_file(&path);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
        work.write("deep/new.txt", "x\n");
        let limits = SnapshotLimits { patience: Duration::from_secs(2), ..SnapshotLimits::default() };
        let snapshot = work.snapshot_within(1, limits).unwrap();
        let found = paths(work.git().bare(), &snapshot.commit);
        assert!(found.contains(&"deep/new.txt".to_owned()), "{place}: {found:?}");
    }
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
fn odd_git_entries_and_rule_files_are_no_obstacle() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.top);
    let work = scene.prepare(1, 1);
    let elsewhere = scene.top.join("elsewhere");
    git(&scene.top, &["init", "-q", "--bare", "elsewhere"]);
    canary.plant_git(&elsewhere, "elsewhere");
    for name in ["garbage", "nowhere", "elsewhere", "link", "device", "dangling"] {
        work.write(&format!("{name}/file.txt"), "x\n");
    }
    work.write("garbage/.git", "\0\0\0");
    work.write("nowhere/.git", "gitdir: /no/such/place\n");
    work.write("elsewhere/.git", &format!("gitdir: {}\n", elsewhere.display()));
    symlink(&elsewhere, work.clone.join("link/.git")).unwrap();
    symlink("/dev/zero", work.clone.join("device/.git")).unwrap();
    symlink("nothing", work.clone.join("dangling/.git")).unwrap();
    for (directory, rules) in [("a", ".gitignore"), ("b", ".gitattributes"), ("c", ".gitmodules")] {
        std::fs::create_dir_all(work.clone.join(directory).join(rules)).unwrap();
        work.write(&format!("{directory}/{rules}/inner.txt"), "x\n");
        let linked = work.clone.join(format!("{directory}-linked"));
        std::fs::create_dir_all(&linked).unwrap();
        symlink("/dev/zero", linked.join(rules)).unwrap();
        write(&linked.join("file.txt"), "x\n");
    }
    work.write("long/.gitattributes", &format!("{} text\n", "x".repeat(5000)));
    work.write("new.txt", "x\n");
    let tip = whole_way(&scene, &work, &canary);
    let found = paths(scene.vault.bare(), &tip);
    for path in ["new.txt", "a-linked/file.txt", "b-linked/file.txt", "garbage/file.txt"] {
        assert!(found.contains(&path.to_owned()), "{path}: {found:?}");
    }
}

#[test]
fn an_edit_that_hides_its_time_and_size_is_seen() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    let path = work.clone.join("README.md");
    let before = path.metadata().unwrap();
    write(&path, "HELLO\n");
    let times = std::fs::FileTimes::new().set_modified(before.modified().unwrap());
    std::fs::File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    assert_eq!(path.metadata().unwrap().len(), before.len());
    let snapshot = work.snapshot(1);
    assert_eq!(content(work.git().bare(), &snapshot.commit, "README.md").as_deref(), Some("HELLO\n"));
}
