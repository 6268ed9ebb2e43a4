//! What differs between two commits, as facts and as a patch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod scene;

use herder_workspace::*;
use scene::*;
use std::path::Path;

fn diff_of(change: impl FnOnce(&Work)) -> (Scene, CommitId, CommitId, DiffFacts) {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    change(&work);
    let tip = work.snapshot(1).commit;
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    let facts = scene.vault.bare().diff(&work.prepared.base, &tip).unwrap();
    (scene, work.prepared.base, tip, facts)
}

fn find<'a>(facts: &'a DiffFacts, path: &str) -> &'a FileChange {
    facts
        .files
        .iter()
        .find(|file| file.path == Path::new(path))
        .unwrap_or_else(|| panic!("{path}: {facts:?}"))
}

#[test]
fn every_kind_of_change_is_named_and_counted() {
    let (_scene, _, _, facts) = diff_of(|work| {
        work.write("README.md", "hello\nworld\n");
        std::fs::rename(work.clone.join("src/lib.txt"), work.clone.join("src/moved.txt")).unwrap();
        work.write("src/moved.txt", "one\ntwo\nthree\nfour\nfive\nsix\n");
        std::fs::remove_file(work.clone.join(".gitignore")).unwrap();
        std::fs::write(work.clone.join("image.bin"), [0_u8, 1, 2, 0]).unwrap();
        std::fs::remove_file(work.clone.join(".ralph/check")).unwrap();
        std::os::unix::fs::symlink("../README.md", work.clone.join(".ralph/check")).unwrap();
    });
    let summary = |path: &str| {
        let file = find(&facts, path);
        (file.kind, file.added, file.deleted)
    };
    assert_eq!(summary("README.md"), (ChangeKind::Modified, Some(1), Some(0)));
    assert_eq!(summary("src/moved.txt"), (ChangeKind::Renamed, Some(1), Some(0)));
    assert_eq!(find(&facts, "src/moved.txt").old_path.as_deref(), Some(Path::new("src/lib.txt")));
    assert_eq!(summary(".gitignore"), (ChangeKind::Deleted, Some(0), Some(1)));
    assert_eq!(summary("image.bin"), (ChangeKind::Added, None, None));
    assert_eq!(summary(".ralph/check"), (ChangeKind::TypeChanged, Some(1), Some(2)));
    assert_eq!((facts.files.len(), facts.lines_added, facts.lines_deleted), (5, 3, 3));
}

#[test]
fn a_patch_is_cut_to_its_size() {
    let (scene, base, tip, _) = diff_of(|work| work.write("long.txt", &"line\n".repeat(1000)));
    let whole = scene.vault.bare().patch_text(&base, &tip, 1 << 20).unwrap();
    assert!(whole.text.contains("+++ b/long.txt") && whole.bytes_cut == 0);
    let cut = scene.vault.bare().patch_text(&base, &tip, 100).unwrap();
    assert_eq!((cut.text.len(), cut.bytes_cut), (100, whole.text.len() as u64 - 100));
}

#[test]
fn no_change_is_an_empty_diff() {
    let (scene, base, _, _) = diff_of(|work| work.write("README.md", "x\n"));
    assert_eq!(scene.vault.bare().diff(&base, &base).unwrap(), DiffFacts::default());
}

#[test]
fn a_submodule_s_directory_is_left_to_itself() {
    let scene = Scene::new();
    let inner = git(&scene.desk, &["rev-parse", "HEAD"]);
    git(&scene.desk, &["update-index", "--add", "--cacheinfo", &format!("160000,{inner},sub")]);
    write(
        &scene.desk.join(".gitmodules"),
        "[submodule \"sub\"]\n\tpath = sub\n\turl = https://example.org/sub\n",
    );
    git(&scene.desk, &["add", ".gitmodules"]);
    git(&scene.desk, &["commit", "-q", "-m", "Add a submodule"]);
    git(&scene.desk, &["push", "-q", "origin", "main"]);
    scene.mirror.fetch(&scene.user).unwrap();
    let work = scene.prepare(1, 1);
    assert!(work.clone.join("sub").is_dir());
    let first = work.snapshot(1);
    assert!(!first.changed && first.skipped.is_empty(), "{first:?}");
    git(&work.clone.join("sub"), &["init", "-q"]);
    work.write("sub/file.txt", "x\n");
    commit_all(&work.clone.join("sub"), "inner");
    work.write("new.txt", "x\n");
    let second = work.snapshot(2);
    assert_eq!(work.skipped(&second), ["sub"]);
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    assert_eq!(scene.vault.bare().entry(&second.commit, "sub").unwrap().unwrap().mode, 0o160_000);
    scene.vault.bare().checkout(&second.commit, &scene.top.join("checkout")).unwrap();
}
