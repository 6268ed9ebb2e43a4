//! Repositories that keep files in Git LFS: what of an agent's work is taken for that, and what is not.
//!
//! Most are ignored by default, because they need git-lfs. `cargo xtask test --suite lfs` runs them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod scene;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use herder_workspace::*;
use scene::*;
use sha2::{Digest, Sha256};

const CONTENT: &str = "the content itself\n";

fn hash(content: &str) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn pointer(content: &str) -> String {
    let (hash, size) = (hash(content), content.len());
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{hash}\nsize {size}\n")
}

/// Where git-lfs keeps a content in a git directory.
fn place(git_dir: &Path, content: &str) -> PathBuf {
    let hash = hash(content);
    git_dir.join("lfs/objects").join(&hash[..2]).join(&hash[2..4]).join(hash)
}

/// An origin that keeps `deep/*.bin` in Git LFS, by attributes that are not at the top.
fn kept_in_lfs() -> Scene {
    let scene = Scene::new();
    write(&place(&scene.origin, CONTENT), CONTENT);
    write(&scene.desk.join("deep/.gitattributes"), "*.bin filter=lfs -text\n");
    scene.pushes("deep/data.bin", &pointer(CONTENT));
    scene
}

/// The same, ready for runs; gives the base.
fn ready() -> (Scene, CommitId) {
    let scene = kept_in_lfs();
    let base = scene.mirror.tip("main").unwrap();
    scene.vault.take(&scene.mirror, &base).unwrap();
    ready_contents(&scene.mirror, &scene.vault, &base, &scene.user).unwrap();
    (scene, base)
}

fn missing(scene: &Scene, base: &CommitId, work: &CommitId) -> Vec<PathBuf> {
    missing_contents(&scene.mirror, &scene.vault, (base, work), &scene.user).unwrap()
}

#[test]
#[ignore = "needs git-lfs"]
fn an_lfsconfig_that_leads_to_a_pipe_holds_up_no_snapshot() {
    let (scene, _) = ready();
    let work = scene.prepare(1, 1);
    assert_eq!(read(&work.clone.join("deep/data.bin")), CONTENT, "attributes below the top count");
    let pipe = scene.top.join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    std::os::unix::fs::symlink(&pipe, work.clone.join(".lfsconfig")).unwrap();
    work.write("deep/new.bin", "new\n");
    let snapshot = work.snapshot(1);
    assert_eq!(work.skipped(&snapshot), Vec::<String>::new());
    assert_eq!(content(work.git().bare(), &snapshot.commit, "deep/new.bin"), Some(pointer("new\n")));
    let checkout = scene.top.join("checkout");
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    scene.vault.bare().checkout(&snapshot.commit, &checkout).unwrap();
    assert_eq!(read(&checkout.join("deep/new.bin")), "new\n");
}

#[test]
#[ignore = "needs git-lfs"]
fn only_attributes_make_a_pointer_and_what_nobody_has_is_named() {
    let (scene, base) = ready();
    let work = scene.prepare(1, 1);
    work.write("fixture.txt", &pointer("nobody's"));
    work.write("deep/raw.bin", &pointer("nobody has this"));
    let odd = work.clone.join("deep").join(OsStr::from_bytes(b"\xff.bin"));
    std::fs::write(odd, "odd\n").unwrap();
    let first = work.snapshot(1).commit;
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    assert_eq!(missing(&scene, &base, &first), [PathBuf::from("deep/raw.bin")]);
    let checkout = scene.top.join("checkout");
    scene.vault.bare().checkout(&first, &checkout).unwrap();
    assert_eq!(read(&checkout.join("deep/raw.bin")), pointer("nobody has this"), "no obstacle to a gate");

    std::fs::remove_file(work.clone.join("deep/raw.bin")).unwrap();
    let second = work.snapshot(2).commit;
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    assert_eq!(missing(&scene, &base, &second), Vec::<PathBuf>::new());
    let url = scene.mirror.url();
    let order = PushOrder { url, commit: &second, branch: "main", expected_old: Some(&base) };
    assert_eq!(scene.vault.bare().push(order, &scene.user).unwrap(), Push::Done);
    assert_eq!(read(&place(&scene.origin, "odd\n")), "odd\n", "a name that is no text");
    scene.mirror.fetch(&scene.user).unwrap();
    ready_contents(&scene.mirror, &scene.vault, &second, &scene.user).unwrap();
}

#[test]
#[ignore = "needs git-lfs"]
fn a_changed_attribute_makes_a_pointer_of_a_file_that_was_there() {
    let (scene, _) = ready();
    let base = scene.pushes("fixture.txt", &pointer("nobody's"));
    scene.vault.take(&scene.mirror, &base).unwrap();
    ready_contents(&scene.mirror, &scene.vault, &base, &scene.user).unwrap();
    let work = scene.prepare(1, 1);
    work.write(".gitattributes", "*.txt filter=lfs\n");
    let tip = work.snapshot(1).commit;
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    assert!(missing(&scene, &base, &tip).contains(&PathBuf::from("fixture.txt")));
}

#[test]
#[ignore = "needs git-lfs"]
fn a_new_branch_takes_all_contents_along() {
    let (scene, base) = ready();
    std::fs::remove_dir_all(scene.origin.join("lfs")).unwrap();
    let order = PushOrder { url: scene.mirror.url(), commit: &base, branch: "other", expected_old: None };
    assert_eq!(scene.vault.bare().push(order, &scene.user).unwrap(), Push::Done);
    assert_eq!(read(&place(&scene.origin, CONTENT)), CONTENT);
}

#[test]
#[ignore = "needs git-lfs"]
fn an_address_that_is_refused_is_called_by_its_name() {
    let scene = kept_in_lfs();
    let base = scene.pushes(".lfsconfig", "[lfs]\n\turl = http://example.org/lfs\n");
    scene.vault.take(&scene.mirror, &base).unwrap();
    let error = ready_contents(&scene.mirror, &scene.vault, &base, &scene.user).unwrap_err().to_string();
    assert!(error.contains("http://example.org/lfs") && error.contains(".lfsconfig"), "{error}");
}

#[test]
fn contents_that_only_the_vault_has_are_its_own_and_can_be_brought_elsewhere() {
    let scene = kept_in_lfs();
    let base = scene.mirror.tip("main").unwrap();
    scene.vault.take(&scene.mirror, &base).unwrap();
    for content in [CONTENT, "not pushed\n"] {
        write(&place(scene.vault.bare().path(), content), content);
    }
    let own = scene.vault.own_contents().unwrap();
    assert_eq!(own.keys().collect::<Vec<_>>(), [&hash("not pushed\n")], "the base's can be fetched anew");
    let (bag, other) = (scene.top.join("bag"), Vault::at(&scene.top.join("other.git")));
    write(&bag.join(hash("not pushed\n")), "not pushed\n");
    other.take_contents(&bag).unwrap();
    assert_eq!(read(&place(other.bare().path(), "not pushed\n")), "not pushed\n");
    write(&bag.join("../bag/not a hash"), "");
    assert!(other.take_contents(&bag).is_err());
}
