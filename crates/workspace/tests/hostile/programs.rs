//! Programs that git would run for whoever uses it carelessly.

use std::os::unix::fs::symlink;

use crate::canary::{ATTRIBUTES, Canary, whole_way};
use crate::scene::*;

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
        .args(["--exact", "programs::hooks_filters_monitors_and_drivers_stay_silent"])
        .environment(herder_oneshot::Environment::Inherited(vec![
            ("HOME".into(), home.path().into()),
            ("XDG_CONFIG_HOME".into(), home.path().join(".config").into()),
        ]));
    let finished = test.run().unwrap();
    assert!(finished.status.success(), "{}", finished.stdout.text());
    assert!(finished.stdout.text().contains("1 passed"), "{}", finished.stdout.text());
    canary.assert_silent();
}
