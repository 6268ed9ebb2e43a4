//! What an agent did to the git directories in its clone, and what makes git stumble or wait.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_workspace::*;

use crate::canary::{Canary, whole_way};
use crate::scene::*;

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
