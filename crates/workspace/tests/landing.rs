//! The way of a goal's work from the origin to the origin.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod scene;

use herder_workspace::*;
use scene::*;
use std::path::Path;

#[test]
fn the_mirror_knows_branches_and_files() {
    let scene = Scene::new();
    let tip = scene.mirror.tip("main").unwrap();
    assert_eq!(scene.mirror.default_branch().unwrap().as_deref(), Some("main"));
    assert_eq!(tip.as_str(), git(&scene.desk, &["rev-parse", "HEAD"]));
    let bare = scene.mirror.bare();
    assert!(bare.contains(&tip).unwrap());
    assert_eq!(content(bare, &tip, "README.md").as_deref(), Some("hello\n"));
    assert_eq!(content(bare, &tip, "missing"), None);
    assert_eq!(content(bare, &tip, "src"), None);
    assert!(matches!(
        bare.read_file(&tip, "README.md", 3),
        Err(WorkspaceError::FileTooLarge { size: 6, .. })
    ));
    assert!(bare.has_path(&tip, ".ralph").unwrap() && !bare.has_path(&tip, "nothing").unwrap());
    assert!(matches!(scene.mirror.tip("nowhere"), Err(WorkspaceError::NoBranch { .. })));
    assert!(scene.mirror.age().is_some());
}

#[test]
fn a_fetch_follows_deleted_and_rewritten_branches() {
    let scene = Scene::new();
    git(&scene.desk, &["push", "-q", "origin", "main:side"]);
    scene.mirror.fetch(&scene.user).unwrap();
    assert!(scene.mirror.tip("side").is_ok());
    git(&scene.desk, &["push", "-q", "origin", ":side"]);
    git(&scene.desk, &["commit", "-q", "--amend", "-m", "Rewritten"]);
    git(&scene.desk, &["push", "-q", "-f", "origin", "main"]);
    scene.mirror.fetch(&scene.user).unwrap();
    assert!(scene.mirror.tip("side").is_err());
    assert_eq!(scene.mirror.tip("main").unwrap().as_str(), git(&scene.desk, &["rev-parse", "HEAD"]));
}

#[test]
fn a_clone_is_complete_and_independent() {
    let scene = Scene::new();
    git(&scene.desk, &["tag", "-a", "v1", "-m", "one"]);
    git(&scene.desk, &["push", "-q", "origin", "v1"]);
    scene.mirror.fetch(&scene.user).unwrap();
    let work = scene.prepare(42, 1);
    assert_eq!(work.prepared.start, Start::Fresh);
    assert!(work.clone.ends_with("local/me/app/42-1"));
    assert_eq!(read(&work.clone.join(".herder/goal.md")), "# Do it\n");
    assert_eq!(git(&work.clone, &["status", "--porcelain"]), "");
    assert_eq!(git(&work.clone, &["branch", "--show-current"]), "goal-42");
    assert_eq!(git(&work.clone, &["remote"]), "");
    assert_eq!(git(&work.clone, &["rev-parse", "origin/main"]), work.prepared.base.as_str());
    assert_eq!(git(&work.clone, &["describe"]), "v1");
    git(&work.clone, &["fsck", "--strict"]);
    assert!(!work.clone.join(".git/objects/info/alternates").exists());
    for file in files_below(&work.clone) {
        assert_eq!(std::os::unix::fs::MetadataExt::nlink(&file.symlink_metadata().unwrap()), 1, "{file:?}");
    }
}

fn files_below(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let (directories, mut files): (Vec<_>, Vec<_>) =
        entries.partition(|path| path.is_dir() && !path.is_symlink());
    files.extend(directories.iter().flat_map(|directory| files_below(directory)));
    files
}

#[test]
fn work_lands_as_one_commit() {
    let scene = Scene::new();
    let work = scene.prepare(42, 1);
    work.write("src/new.txt", "a\nb\n");
    let first = work.snapshot(1);
    assert!(first.changed);
    assert!(matches!(work.git().refresh_clone_git(), Refreshed::Done));
    assert_eq!(git(&work.clone, &["status", "--porcelain"]), "");
    assert_eq!(git(&work.clone, &["rev-parse", "HEAD"]), first.commit.as_str());
    git(&work.clone, &["fsck", "--strict"]);
    std::fs::remove_file(work.clone.join("README.md")).unwrap();
    let second = work.snapshot(2);
    assert_eq!(scene.vault.fetch_run(work.git(), &work.key).unwrap().as_ref(), Some(&second.commit));
    let unchanged = work.snapshot(3);
    assert!(!unchanged.changed && unchanged.commit == second.commit);
    assert_eq!(scene.vault.fetch_run(work.git(), &work.key).unwrap().as_ref(), Some(&second.commit));
    let kept = scene.vault.snapshots(&work.key).unwrap();
    assert_eq!(kept, [(1, first.commit), (2, second.commit.clone()), (3, second.commit.clone())]);

    let moved = scene.pushes("other.txt", "x\n");
    let Squash::Commit(squashed) = scene.squash(&work, &second.commit) else { panic!("no commit") };
    assert_eq!(scene.squash(&work, &second.commit), Squash::Commit(squashed.clone()));
    let facts = scene.vault.bare().diff(&moved, &squashed).unwrap();
    assert_eq!((facts.files.len(), facts.lines_added, facts.lines_deleted), (2, 2, 1));
    let checkout = scene.top.join("checkout");
    scene.vault.bare().checkout(&squashed, &checkout).unwrap();
    assert_eq!(read(&checkout.join("other.txt")), "x\n");
    assert!(!checkout.join("README.md").exists() && !checkout.join(".git").exists());

    let url = scene.origin.to_str().unwrap();
    let order = PushOrder { url, commit: &squashed, branch: "main", expected_old: Some(&moved) };
    assert_eq!(scene.vault.bare().push(order, &scene.user).unwrap(), Push::Done);
    assert_eq!(scene.vault.bare().push(order, &scene.user).unwrap(), Push::Done);
    scene.mirror.fetch(&scene.user).unwrap();
    let tip = scene.mirror.tip("main").unwrap();
    let landed = scene.mirror.bare().landed_run_in(Some(&work.prepared.base), &tip, work.key.run());
    assert_eq!(landed.unwrap(), Some(squashed));
    assert_eq!(scene.mirror.bare().landed_run_in(None, &tip, "app-42").unwrap(), None);
    assert_eq!(scene.squash(&work, &second.commit), Squash::Empty);
    remove_tree(&scene.root(), &work.clone).unwrap();
    scene.assert_sound();
}

#[test]
fn what_a_cut_snapshot_had_staged_and_no_more_is_in_the_next_one() {
    let scene = Scene::new();
    let work = scene.prepare(42, 1);
    work.write("one.txt", "1\n");
    let first = work.snapshot(1);
    work.write("two.txt", "2\n");
    let private = work.git().bare().path();
    let (git_dir, tree) =
        (format!("--git-dir={}", private.display()), format!("--work-tree={}", work.clone.display()));
    git(&work.clone, &[&git_dir, &tree, "update-index", "--add", "two.txt"]);
    let second = work.snapshot(2);
    assert!(second.changed && second.tree != first.tree);
    // Nothing new: the index is the one that was written before.
    assert_eq!(work.snapshot(3).tree, second.tree);
    std::fs::remove_file(work.clone.join("two.txt")).unwrap();
    assert_eq!(work.snapshot(4).tree, first.tree);
    assert_eq!(
        git(&work.clone, &[&git_dir, "ls-tree", "--name-only", second.tree.as_str(), "two.txt"]),
        "two.txt"
    );
}

#[test]
fn a_second_run_takes_up_earlier_work() {
    let scene = Scene::new();
    let work = scene.prepare(7, 1);
    work.write("src/new.txt", "begun\n");
    let snapshot = work.snapshot(1);
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    let base = scene.pushes("README.md", "hello\nagain\n");
    let again = scene.prepare(7, 2);
    assert_eq!(again.prepared.start, Start::Resumed { from: snapshot.commit.clone() });
    assert_eq!(again.prepared.base, base);
    assert_eq!(read(&again.clone.join("src/new.txt")), "begun\n");
    assert_eq!(read(&again.clone.join("README.md")), "hello\nagain\n");
    assert_eq!(git(&again.clone, &["rev-parse", "HEAD~1"]), base.as_str());
    assert_eq!(git(&again.clone, &["status", "--porcelain"]), "");
    git(&again.clone, &["fsck", "--strict"]);
    assert!(!again.snapshot(1).changed);
    scene.vault.fetch_run(again.git(), &again.key).unwrap();
    let kept = scene.vault.branch(7).unwrap().unwrap();
    assert_eq!((kept.tip, kept.base), (again.prepared.tip.clone(), base));
    scene.assert_sound();
}

#[test]
fn earlier_work_survives_a_rewritten_base() {
    let scene = Scene::new();
    scene.pushes("secret.txt", "to be rewritten away\n");
    let work = scene.prepare(7, 1);
    work.write("src/new.txt", "begun\n");
    work.snapshot(1);
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    git(&scene.desk, &["reset", "-q", "--hard", "HEAD~1"]);
    git(&scene.desk, &["push", "-q", "-f", "origin", "main"]);
    scene.mirror.fetch(&scene.user).unwrap();
    let again = scene.prepare(7, 2);
    assert!(matches!(again.prepared.start, Start::Resumed { .. }));
    assert!(again.clone.join("src/new.txt").exists() && !again.clone.join("secret.txt").exists());
}

#[test]
fn earlier_work_in_conflict_is_kept_and_the_run_starts_afresh() {
    let scene = Scene::new();
    let work = scene.prepare(7, 1);
    work.write("README.md", "mine\n");
    let snapshot = work.snapshot(1);
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    scene.pushes("README.md", "theirs\n");
    let Squash::Conflict { files } = scene.squash(&work, &snapshot.commit) else { panic!("no conflict") };
    assert_eq!(files, [Path::new("README.md")]);
    let again = scene.prepare(7, 2);
    let Start::ConflictKept { attempt_ref, files } = &again.prepared.start else { panic!("not kept") };
    assert_eq!(files, &["README.md"]);
    assert_eq!(scene.vault.bare().resolve(attempt_ref).unwrap(), Some(snapshot.commit.clone()));
    assert_eq!(read(&again.clone.join("README.md")), "theirs\n");
    again.write("README.md", "theirs and mine\n");
    let newer = again.snapshot(1).commit;
    scene.vault.fetch_run(again.git(), &again.key).unwrap();
    assert_eq!(scene.vault.branch(7).unwrap().unwrap().tip, newer);
    assert_eq!(scene.vault.bare().resolve(attempt_ref).unwrap(), Some(snapshot.commit));
}

#[test]
fn preparing_again_keeps_what_is_complete_and_replaces_what_is_not() {
    let scene = Scene::new();
    let work = scene.prepare(7, 1);
    work.write("src/new.txt", "begun\n");
    assert_eq!(scene.prepare(7, 1).prepared.start, Start::Fresh);
    assert_eq!(read(&work.clone.join("src/new.txt")), "begun\n");
    // A crash before the last rename leaves no private directory, and perhaps half a sibling.
    std::fs::remove_dir_all(&work.private).unwrap();
    write(&work.clone.with_file_name(".7-1.new").join("half"), "x");
    let again = scene.prepare(7, 1);
    assert!(!again.clone.join("src/new.txt").exists());
    assert!(!again.clone.with_file_name(".7-1.new").exists());
    assert!(!again.snapshot(1).changed);
    // A run with snapshots whose clone is gone must not begin anew unnoticed.
    again.write("src/new.txt", "more\n");
    again.snapshot(2);
    std::fs::remove_dir_all(&again.clone).unwrap();
    assert!(matches!(scene.try_prepare(7, 1), Err(WorkspaceError::CloneMissing { .. })));
}

#[test]
fn a_link_below_the_root_is_not_followed() {
    let scene = Scene::new();
    let outside = scene.top.join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::create_dir_all(scene.root().join("local")).unwrap();
    std::os::unix::fs::symlink(&outside, scene.root().join("local/me")).unwrap();
    assert!(matches!(scene.try_prepare(7, 1), Err(WorkspaceError::NotPlainDirectory { .. })));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn the_gate_comes_from_the_commit_with_its_modes() {
    let scene = Scene::new();
    let tip = scene.mirror.tip("main").unwrap();
    let gate = scene.top.join("gate");
    assert!(scene.mirror.bare().materialize_dir(&tip, ".ralph", &gate).unwrap());
    let mode = std::os::unix::fs::PermissionsExt::mode(&gate.join("check").metadata().unwrap().permissions());
    assert_eq!(mode & 0o111, 0o111);
    assert!(!scene.mirror.bare().materialize_dir(&tip, "README.md", &scene.top.join("none")).unwrap());
    assert!(matches!(
        scene.mirror.bare().materialize_dir(&tip, ".ralph", &gate),
        Err(WorkspaceError::NotEmpty { .. })
    ));
}

#[test]
fn a_checkout_can_have_history_of_its_own() {
    let scene = Scene::new();
    let work = scene.prepare(7, 1);
    work.write("src/new.txt", "begun\n");
    let snapshot = work.snapshot(1);
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    let dest = scene.top.join("checkout");
    let history = History {
        mirror: &scene.mirror,
        templates: &scene.templates,
        base_branch: "main",
        base: &work.prepared.base,
        fetched: &work.prepared.base,
    };
    scene.vault.bare().checkout_with_history(&snapshot.commit, &dest, history).unwrap();
    assert_eq!(git(&dest, &["rev-parse", "origin/main"]), work.prepared.base.as_str());
    assert_eq!(git(&dest, &["status", "--porcelain"]), "");
    assert_eq!(git(&dest, &["rev-parse", "HEAD"]), snapshot.commit.as_str());
    assert_eq!(git(&dest, &["log", "--format=%s"]), "Iteration 1\nBegin");
    // As if the branch were already where a landing ahead is bringing it.
    let dest = scene.top.join("ahead");
    let ahead = History { base: &snapshot.commit, ..history };
    scene.vault.bare().checkout_with_history(&snapshot.commit, &dest, ahead).unwrap();
    assert_eq!(git(&dest, &["rev-parse", "origin/main"]), snapshot.commit.as_str());
}

#[test]
fn a_checkout_can_have_its_history_from_a_runs_own_directory() {
    let scene = Scene::new();
    let work = scene.prepare(7, 1);
    work.write("src/new.txt", "begun\n");
    let snapshot = work.snapshot(1);
    let base = &work.prepared.base;
    for (commit, log) in [(base, "Begin"), (&snapshot.commit, "Iteration 1\nBegin")] {
        let dest = scene.top.join(commit.as_str());
        work.git().bare().checkout_with_own_history(commit, &dest, "main", base).unwrap();
        assert_eq!(git(&dest, &["status", "--porcelain"]), "");
        assert_eq!(git(&dest, &["log", "--format=%s"]), log);
        assert_eq!(git(&dest, &["rev-parse", "origin/main"]), base.as_str());
    }
}

#[test]
fn locks_that_a_killed_git_left_are_no_obstacle() {
    let scene = Scene::new();
    let bares = [scene.mirror.bare().path().to_owned(), scene.vault.bare().path().to_owned()];
    for bare in &bares {
        for name in ["packed-refs.lock", "HEAD.lock", "config.lock", "refs/heads/goal-7.lock"] {
            write(&bare.join(name), "");
        }
    }
    write(&bares[0].join("refs/remotes/origin/main.lock"), "");
    // Not a lock of git: another run of ours is just writing a ref.
    let in_writing = bares[1].join("refs/heads/.goal-8.lock");
    write(&in_writing, "");
    scene.pushes("other.txt", "x\n");
    let work = scene.prepare(7, 1);
    work.write("src/new.txt", "begun\n");
    let snapshot = work.snapshot(1);
    assert_eq!(scene.vault.fetch_run(work.git(), &work.key).unwrap(), Some(snapshot.commit));
    assert!(in_writing.exists());
    // Before anybody writes, it is nobody's, and neither is a directory that nobody holds.
    let scratch = bares[1].join("herder.scratch-bring-left");
    write(&scratch.join("pack"), "half");
    scene.vault.bare().sweep().unwrap();
    assert!(!in_writing.exists() && !scratch.exists());
}

#[test]
fn what_a_power_cut_took_from_the_vault_comes_from_the_mirror() {
    let scene = Scene::new();
    let work = scene.prepare(7, 1);
    work.write("src/new.txt", "new\n");
    let snapshot = work.snapshot(1);
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    let base = scene.mirror.tip("main").unwrap();
    let Squash::Commit(landed) = scene.squash(&work, &snapshot.commit) else { panic!("it was no commit") };
    let url = scene.origin.to_str().unwrap();
    let order = PushOrder { url, commit: &landed, branch: "main", expected_old: Some(&base) };
    assert_eq!(scene.vault.bare().push(order, &scene.user).unwrap(), Push::Done);
    scene.vault.keep_landed(&landed).unwrap();
    scene.mirror.fetch(&scene.user).unwrap();
    let (directory, name) = landed.as_str().split_at(2);
    let object = scene.vault.bare().path().join("objects").join(directory).join(name);
    set_mode(&object, 0o644);
    write(&object, "");
    scene.vault.take(&scene.mirror, &landed).unwrap();
    assert!(scene.vault.bare().contains(&landed).unwrap());
    let next = scene.pushes("other.txt", "x\n");
    scene.vault.take(&scene.mirror, &next).unwrap();
    assert!(matches!(scene.squash(&work, &snapshot.commit), Squash::Commit(_) | Squash::Empty));
}

#[test]
fn runs_side_by_side_do_not_disturb_each_other() {
    let scene = Scene::new();
    std::thread::scope(|threads| {
        for goal in 1..5 {
            let scene = &scene;
            threads.spawn(move || {
                scene.mirror.fetch(&scene.user).unwrap();
                let work = scene.prepare(goal, 1);
                for iteration in 1..4 {
                    work.write(&format!("src/{goal}-{iteration}.txt"), "x\n");
                    let snapshot = work.snapshot(iteration);
                    assert!(matches!(work.git().refresh_clone_git(), Refreshed::Done));
                    scene.vault.fetch_run(work.git(), &work.key).unwrap();
                    assert!(matches!(scene.squash(&work, &snapshot.commit), Squash::Commit(_)));
                }
            });
        }
    });
    for goal in 1..5 {
        let branch = scene.vault.branch(goal).unwrap().unwrap();
        assert_eq!(scene.vault.bare().diff(&branch.base, &branch.tip).unwrap().files.len(), 3);
    }
    scene.assert_sound();
}

#[test]
fn many_snapshots_are_gathered_and_none_is_lost() {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    let mut last = None;
    for iteration in 1..4 {
        for file in 0..2500 {
            work.write(&format!("many/{iteration}-{file}.txt"), &format!("{iteration} {file}\n"));
        }
        last = Some(work.snapshot(iteration).commit);
        // As if they had come one by one.
        git(scene.vault.bare().path(), &["config", "fetch.unpackLimit", "100000"]);
        scene.vault.fetch_run(work.git(), &work.key).unwrap();
    }
    let loose = git(scene.vault.bare().path(), &["count-objects"]);
    assert!(loose.starts_with("0 objects"), "{loose}");
    assert_eq!(paths(scene.vault.bare(), &last.unwrap()).len(), 4 + 7500);
    assert!(!work.snapshot(4).changed);
    scene.assert_sound();
}
