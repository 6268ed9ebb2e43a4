//! A run in a person's own checkout: their branch is moved once, or left alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod scene;

use herder_workspace::*;
use scene::*;
use std::path::PathBuf;
use std::time::Duration;

fn begin(scene: &Scene) -> Standalone {
    let checkout = Checkout::inspect(&scene.desk.join("src"), &scene.user).unwrap();
    assert!(!checkout.is_dirty(&scene.user).unwrap());
    Standalone::begin(checkout, &private(scene), "standalone-1", true, &scene.user).unwrap()
}

fn private(scene: &Scene) -> PathBuf {
    scene.top.join("state/runs/standalone-1/git")
}

fn snapshot(run: &Standalone, iteration: u32) -> Snapshot {
    let message = format!("Iteration {iteration}");
    let limits = SnapshotLimits::default();
    run.private().snapshot(&SnapshotOrder { iteration, message, signature: signature(), limits }).unwrap()
}

#[test]
fn the_branch_moves_to_one_commit_and_the_tree_is_clean() {
    let scene = Scene::new();
    let run = begin(&scene);
    assert_eq!(run.checkout().top, scene.desk);
    assert_eq!(run.checkout().branch.as_deref(), Some("main"));
    let person = run.checkout().identity(&scene.user).unwrap().unwrap();
    assert_eq!((person.name.as_str(), person.email.as_str()), ("A Person", "person@example.org"));
    write(&scene.desk.join("new.txt"), "x\n");
    assert!(snapshot(&run, 1).changed);
    std::fs::remove_file(scene.desk.join("README.md")).unwrap();
    let tree = snapshot(&run, 2).tree;
    assert_eq!(git(&scene.desk, &["rev-parse", "HEAD"]), run.checkout().head.as_str());
    let again = Standalone::resume(&private(&scene), "standalone-1").unwrap();
    let who = Signature { who: person, ..signature() };
    let commit = again.one_commit("Do it", &who).unwrap().unwrap();
    assert_eq!(again.finish(&commit).unwrap(), Moved::Done);
    assert_eq!(git(&scene.desk, &["log", "--format=%s %an"]), "Do it A Person\nBegin A Person");
    assert_eq!(git(&scene.desk, &["status", "--porcelain"]), "");
    assert_eq!(git(&scene.desk, &["rev-parse", "HEAD^{tree}"]), tree.as_str());
    assert_eq!(git(&scene.desk, &["for-each-ref", "refs/herder"]), "");
    git(&scene.desk, &["fsck", "--strict"]);
}

#[test]
fn a_pipe_in_a_persons_files_ends_the_snapshot_and_stays_where_it_is() {
    let scene = Scene::new();
    let run = begin(&scene);
    std::fs::remove_file(scene.desk.join(".gitignore")).unwrap();
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mkfifoat(rustix::fs::CWD, scene.desk.join(".gitignore"), mode).unwrap();
    let limits = SnapshotLimits { patience: Duration::from_millis(50), ..SnapshotLimits::default() };
    let order = SnapshotOrder { iteration: 1, message: "As it is".into(), signature: signature(), limits };
    let taken = run.private().snapshot_of_a_persons(&order);
    assert!(matches!(taken, Err(WorkspaceError::Git { .. })), "{taken:?}");
    assert!(scene.desk.join(".gitignore").exists());
}

#[test]
fn nothing_moves_if_nothing_changed() {
    let scene = Scene::new();
    let run = begin(&scene);
    let tip = snapshot(&run, 1).commit;
    assert_eq!(run.one_commit("x", &signature()).unwrap(), None);
    assert_eq!(run.finish(&tip).unwrap(), Moved::Nothing);
}

#[test]
fn changed_settings_leave_the_branch_alone() {
    type Plant = fn(&Scene);
    let plants: [Plant; 4] = [
        |scene| write(&scene.desk.join(".git/hooks/pre-commit"), "#!/bin/sh\ntouch song\n"),
        |scene| {
            git(&scene.desk, &["config", "core.fsmonitor", "touch song"]);
        },
        |scene| write(&scene.desk.join(".settings"), "[core]\n\talternateRefsCommand = touch song\n"),
        |scene| std::fs::remove_dir_all(scene.desk.join(".git")).unwrap(),
    ];
    for plant in plants {
        let scene = Scene::new();
        git(&scene.desk, &["config", "include.path", "../.settings"]);
        let run = begin(&scene);
        let before = run.checkout().head.clone();
        plant(&scene);
        write(&scene.desk.join("new.txt"), "x\n");
        let tip = snapshot(&run, 1).commit;
        assert_eq!(run.finish(&tip).unwrap(), Moved::Not(WhyNotMoved::SettingsChanged));
        assert!(!scene.desk.join("song").exists());
        if scene.desk.join(".git").exists() {
            assert_eq!(read(&scene.desk.join(".git/refs/heads/main")).trim(), before.as_str());
        }
    }
}

#[test]
fn hooks_do_not_run_when_the_branch_moves() {
    let scene = Scene::new();
    for hook in ["reference-transaction", "post-checkout", "post-index-change", "post-merge"] {
        let path = scene.desk.join(".git/hooks").join(hook);
        write(&path, &format!("#!/bin/sh\ntouch '{}/song'\n", scene.top.display()));
        set_mode(&path, 0o755);
    }
    let run = begin(&scene);
    write(&scene.desk.join("new.txt"), "x\n");
    let tip = snapshot(&run, 1).commit;
    assert_eq!(run.finish(&tip).unwrap(), Moved::Done);
    assert!(!scene.top.join("song").exists());
}

#[test]
fn a_branch_that_somebody_else_moved_is_left_alone() {
    let scene = Scene::new();
    let run = begin(&scene);
    write(&scene.desk.join("new.txt"), "x\n");
    let tip = snapshot(&run, 1).commit;
    commit_all(&scene.desk, "By hand");
    assert_eq!(run.finish(&tip).unwrap(), Moved::Not(WhyNotMoved::BranchMoved));
    git(&scene.desk, &["checkout", "-q", "--detach"]);
    assert_eq!(run.finish(&tip).unwrap(), Moved::Not(WhyNotMoved::BranchMoved));
}

#[test]
fn a_dirty_tree_is_seen_and_ignored_files_are_not() {
    let scene = Scene::new();
    let home = scene.top.join("home");
    write(&home.join(".config/git/ignore"), "*.swp\n");
    write(&scene.desk.join(".git/info/exclude"), "notes.txt\n");
    write(&scene.desk.join("a.swp"), "x\n");
    write(&scene.desk.join("notes.txt"), "x\n");
    let user = UserEnvironment::of([
        ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
        ("HOME".into(), home.clone().into()),
        ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
    ]);
    let checkout = Checkout::inspect(&scene.desk, &user).unwrap();
    assert!(!checkout.is_dirty(&user).unwrap());
    let run = Standalone::begin(checkout.clone(), &private(&scene), "standalone-1", true, &user).unwrap();
    assert!(!snapshot(&run, 1).changed);
    write(&scene.desk.join("new.txt"), "x\n");
    assert!(checkout.is_dirty(&user).unwrap());
}

#[test]
fn files_out_of_a_filter_are_overlooked() {
    let scene = Scene::new();
    write(&scene.desk.join(".gitattributes"), "*.big filter=upper\n");
    write(&scene.desk.join("a.big"), "pointer\n");
    commit_all(&scene.desk, "A pointer");
    git(&scene.desk, &["config", "filter.upper.smudge", "tr a-z A-Z"]);
    git(&scene.desk, &["config", "filter.upper.clean", "tr A-Z a-z"]);
    std::fs::remove_file(scene.desk.join("a.big")).unwrap();
    git(&scene.desk, &["checkout", "-q", "--", "a.big"]);
    assert_eq!(read(&scene.desk.join("a.big")), "POINTER\n");
    let run = begin(&scene);
    assert!(!snapshot(&run, 1).changed);
    write(&scene.desk.join("new.txt"), "x\n");
    let tip = snapshot(&run, 2).commit;
    assert_eq!(run.finish(&tip).unwrap(), Moved::Done);
    assert_eq!(git(&scene.desk, &["status", "--porcelain"]), "");
}
