//! Bringing work back from the vault.

use crate::scene::{Scene, git};

/// Two iterations, of which the second spoils what the first wrote, and a third that the gate accepts.
const SCRIPT: &str = "## Objective\nSay hello.\n\n```replay\n[\
    [{\"write\": {\"path\": \"notes\", \"text\": \"precious\\n\"}}, {\"cost_usd\": 0.02}, \
     {\"answer\": {\"status\": \"continue\", \"summary\": \"Noted.\"}}], \
    [{\"write\": {\"path\": \"notes\", \"text\": \"spoilt\\n\"}}, \
     {\"answer\": {\"status\": \"continue\", \"summary\": \"Noted.\"}}], \
    [{\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, \
     {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]]\n```\n";

fn worked() -> Scene {
    let scene = Scene::new();
    scene.goal_of(SCRIPT, "Hello", &["--queue"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "done");
    scene
}

#[test]
fn any_snapshot_comes_back_as_a_branch_and_no_file_is_touched() {
    let scene = worked();
    let listed = scene.json(&["salvage", "1", "--list"]);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 3, "{listed}");
    assert_eq!((&items[0]["iteration"], &items[0]["files"]), (&1.into(), &1.into()));
    assert_eq!(items[0]["cost_usd"], 0.02);
    assert!(items[0]["at"].is_string() && items[0]["message"].is_string(), "{listed}");

    let desk = scene.checkout("desk");
    std::fs::write(desk.join("notes"), "the person's own\n").unwrap();
    std::fs::create_dir_all(desk.join(".git/hooks")).unwrap();
    let hook = desk.join(".git/hooks/reference-transaction");
    std::fs::write(&hook, "#!/bin/sh\ntouch hooked\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let before = git(&desk, &["rev-parse", "HEAD"]);
    let said = crate::scene::feed(
        {
            let mut command = scene.command(&["salvage", "1", "--iteration", "1", "--branch", "old/notes"]);
            command.current_dir(&desk);
            command
        },
        b"",
    );
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("is branch old/notes in"), "{}", said.out);
    assert_eq!(git(&desk, &["-c", "core.hooksPath=/dev/null", "show", "old/notes:notes"]), "precious");
    assert_eq!(std::fs::read_to_string(desk.join("notes")).unwrap(), "the person's own\n");
    assert_eq!(git(&desk, &["rev-parse", "HEAD"]), before);
    assert!(!desk.join("hooked").exists() && !desk.join(".git/hooked").exists());
}

#[test]
fn the_refs_of_the_vault_suffice() {
    let scene = worked();
    let state = scene.home.state();
    for gone in ["herder.db", "herder.db-wal", "herder.db-shm"] {
        let _ = std::fs::remove_file(state.join(gone));
    }
    std::fs::remove_dir_all(state.join("runs")).unwrap();
    let desk = scene.checkout("desk");
    let said = scene.ok(&["salvage", "1", "--into", desk.to_str().unwrap()]);
    assert!(said.contains("is branch salvage-1-1-3 in"), "{said}");
    assert_eq!(git(&desk, &["show", "salvage-1-1-3:hello"]), "hi");
    assert_eq!(scene.json(&["salvage", "1", "--list"])["items"].as_array().unwrap().len(), 3);
}

#[test]
fn a_branch_that_is_there_is_never_moved_and_a_strangers_checkout_is_refused() {
    let scene = worked();
    let desk = scene.checkout("desk");
    let into = desk.to_str().unwrap();
    let again = |more: &[&str]| scene.run(&[&["salvage", "1", "--into", into], more].concat());
    assert_eq!(again(&["--branch", "x"]).code, 0);
    assert_eq!(again(&["--branch", "x"]).code, 0, "the same once more is no error");
    let moved = again(&["--branch", "x", "--iteration", "1"]);
    assert_eq!(moved.code, 4, "{moved:?}");
    assert!(moved.err.contains("is there already") && moved.err.contains("--branch"), "{}", moved.err);

    let stranger = scene.home.home().join("stranger");
    std::fs::create_dir_all(&stranger).unwrap();
    git(&stranger, &["init", "-q", "."]);
    git(&stranger, &["commit", "-q", "--allow-empty", "-m", "Another history"]);
    let other = scene.run(&["salvage", "1", "--into", stranger.to_str().unwrap()]);
    assert!(other.code == 2 && other.err.contains("is no checkout of acme/app"), "{other:?}");
    let unknown = again(&["--iteration", "9"]);
    assert!(unknown.code == 3 && unknown.err.contains("has no snapshot of iteration 9"), "{unknown:?}");
    let nobody = again(&["--run", "nobody"]);
    assert!(nobody.code == 3 && nobody.err.contains("there is work of"), "{nobody:?}");

    let kept = scene.json(&["salvage", "1", "--vault", "--branch", "kept"]);
    let vault = scene.home.state().join("vault").join(scene.full("acme/app")).with_extension("git");
    assert_eq!(git(&vault, &["rev-parse", "refs/heads/kept"]), kept["commit"].as_str().unwrap());
}
