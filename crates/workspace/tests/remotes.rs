//! Pushes that win, lose and are refused, and what a remote is known to be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod scene;

use herder_domain::finding::Verdict;
use herder_workspace::*;
use scene::*;

/// A scene with one commit ready to land.
fn ready() -> (Scene, CommitId, CommitId) {
    let scene = Scene::new();
    let work = scene.prepare(1, 1);
    work.write("new.txt", "x\n");
    let tip = work.snapshot(1).commit;
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    let Squash::Commit(squashed) = scene.squash(&work, &tip) else { panic!("no commit") };
    (scene, work.prepared.base, squashed)
}

fn push(scene: &Scene, commit: &CommitId, expected_old: Option<&CommitId>, branch: &str) -> Result<Push> {
    let url = scene.origin.to_str().unwrap();
    scene.vault.bare().push(PushOrder { url, commit, branch, expected_old }, &scene.user)
}

#[test]
fn a_push_loses_against_somebody_who_was_faster() {
    let (scene, base, squashed) = ready();
    let theirs = scene.pushes("theirs.txt", "x\n");
    assert_eq!(
        push(&scene, &squashed, Some(&base), "main").unwrap(),
        Push::Lost { now: Some(theirs.clone()) }
    );
    assert_eq!(git(&scene.origin, &["rev-parse", "main"]), theirs.as_str());
}

#[test]
fn a_push_never_takes_commits_away() {
    let (scene, base, squashed) = ready();
    let theirs = scene.pushes("theirs.txt", "x\n");
    scene.vault.take(&scene.mirror, &theirs).unwrap();
    let error = push(&scene, &squashed, Some(&theirs), "main").unwrap_err();
    assert!(matches!(error, WorkspaceError::NotDescendant { .. }), "{error}");
    assert_eq!(push(&scene, &base, Some(&base), "main").unwrap(), Push::Lost { now: Some(theirs) });
}

#[test]
fn a_new_branch_is_pushed_only_where_there_is_none() {
    let (scene, base, squashed) = ready();
    assert_eq!(push(&scene, &squashed, None, "goal-1").unwrap(), Push::Done);
    assert_eq!(push(&scene, &squashed, None, "goal-1").unwrap(), Push::Done);
    assert_eq!(push(&scene, &base, None, "goal-1").unwrap(), Push::Lost { now: Some(squashed.clone()) });
    let tip = remote_tip(scene.origin.to_str().unwrap(), "goal-1", &scene.user).unwrap();
    assert_eq!(tip, Some(squashed));
    assert_eq!(remote_tip(scene.origin.to_str().unwrap(), "goal-2", &scene.user).unwrap(), None);
}

#[test]
fn the_words_of_a_remote_that_refuses_are_passed_on() {
    let (scene, base, squashed) = ready();
    let hook = scene.origin.join("hooks/pre-receive");
    write(&hook, "#!/bin/sh\necho 'no landing on Fridays' >&2\nexit 1\n");
    set_mode(&hook, 0o755);
    let Push::Refused { message } = push(&scene, &squashed, Some(&base), "main").unwrap() else {
        panic!("not refused")
    };
    assert!(
        message.contains("no landing on Fridays") && message.contains("pre-receive hook declined"),
        "{message}"
    );
    assert_eq!(git(&scene.origin, &["rev-parse", "main"]), base.as_str());
}

#[test]
fn a_push_that_arrived_although_its_answer_was_lost_is_done() {
    let (scene, base, squashed) = ready();
    // The remote takes the commit and then hangs up.
    let hook = scene.origin.join("hooks/post-receive");
    write(&hook, "#!/bin/sh\nkill -9 $PPID\n");
    set_mode(&hook, 0o755);
    assert_eq!(push(&scene, &squashed, Some(&base), "main").unwrap(), Push::Done);
    assert_eq!(git(&scene.origin, &["rev-parse", "main"]), squashed.as_str());
}

#[test]
fn a_remote_that_is_gone_leaves_the_outcome_unknown() {
    let (scene, base, squashed) = ready();
    std::fs::remove_dir_all(&scene.origin).unwrap();
    let error = push(&scene, &squashed, Some(&base), "main").unwrap_err();
    assert!(matches!(error, WorkspaceError::PushUnknown { .. }), "{error}");
}

#[test]
fn names_that_git_would_take_for_options_are_refused() {
    let (scene, base, squashed) = ready();
    for branch in ["-x", "a..b", "a b", "a/.b", "x.lock", "", "a\nb"] {
        assert!(matches!(push(&scene, &squashed, Some(&base), branch), Err(WorkspaceError::BadName { .. })));
    }
    let url = "--upload-pack=touch x";
    assert!(matches!(inspect_remote(url, &scene.user), Err(WorkspaceError::BadName { .. })));
}

#[test]
fn a_checked_out_branch_is_seen_before_a_push_to_it() {
    let scene = Scene::new();
    let facts = inspect_remote(scene.desk.to_str().unwrap(), &scene.user).unwrap();
    assert!(facts.is_repository && facts.refuses_push_to("main") && !facts.refuses_push_to("other"));
    assert_eq!(facts.is_bare, Some(false));
    assert_eq!(facts.origin_url.as_deref(), scene.origin.to_str());
    assert_eq!(facts.top.as_deref(), Some(scene.desk.as_path()));
    git(&scene.desk, &["worktree", "add", "-q", "-b", "side", "../side"]);
    let inner = inspect_remote(scene.desk.join("src").to_str().unwrap(), &scene.user).unwrap();
    assert_eq!(inner.top.as_deref(), Some(scene.desk.as_path()));
    assert!(inner.refuses_push_to("side"));

    let origin = inspect_remote(scene.origin.to_str().unwrap(), &scene.user).unwrap();
    assert_eq!((origin.is_bare, origin.default_branch.as_deref()), (Some(true), Some("main")));
    assert!(!origin.refuses_push_to("main"));
}

#[test]
fn what_is_no_repository_is_said_in_a_sentence() {
    let scene = Scene::new();
    let empty = tempfile::tempdir().unwrap();
    for place in [empty.path().to_str().unwrap(), "/no/such/place", "file:///no/such/place"] {
        let facts = inspect_remote(place, &scene.user).unwrap();
        assert!(!facts.is_repository && facts.problem.is_some(), "{place}: {facts:?}");
    }
}

#[test]
fn an_empty_repository_can_be_mirrored_and_filled() {
    let scene = Scene::new();
    let empty = scene.top.join("empty.git");
    git(&scene.top, &["init", "-q", "--bare", "-b", "main", "empty.git"]);
    let url = empty.to_str().unwrap();
    let mirror = Mirror::open_or_create(&scene.top.join("state/empty.git"), url, &scene.user).unwrap();
    mirror.fetch(&scene.user).unwrap();
    assert_eq!(mirror.default_branch().unwrap(), None);
    git(&scene.desk, &["push", "-q", url, "main"]);
    mirror.fetch(&scene.user).unwrap();
    assert_eq!(mirror.default_branch().unwrap().as_deref(), Some("main"));
}

#[test]
fn a_repository_of_sha256_works_the_same() {
    let scene = Scene::new();
    let desk = scene.top.join("desk256");
    git(&scene.top, &["init", "-q", "-b", "main", "--object-format=sha256", "desk256"]);
    write(&desk.join("a.txt"), "a\n");
    commit_all(&desk, "Begin");
    let mirror =
        Mirror::open_or_create(&scene.top.join("m256.git"), desk.to_str().unwrap(), &scene.user).unwrap();
    mirror.fetch(&scene.user).unwrap();
    let vault = Vault::open_or_create(&scene.top.join("v256.git"), &mirror).unwrap();
    let mut scene = scene;
    (scene.mirror, scene.vault) = (mirror, vault);
    let work = scene.prepare(1, 1);
    work.write("b.txt", "b\n");
    std::fs::remove_file(work.clone.join("a.txt")).unwrap();
    let snapshot = work.snapshot(1);
    assert_eq!(snapshot.commit.as_str().len(), 64);
    assert!(matches!(work.git().refresh_clone_git(), Refreshed::Done));
    assert_eq!(git(&work.clone, &["status", "--porcelain"]), "");
    scene.vault.fetch_run(work.git(), &work.key).unwrap();
    assert_eq!(paths(scene.vault.bare(), &snapshot.commit), ["b.txt"]);
    scene.assert_sound();
}

#[test]
fn git_here_is_new_enough() {
    let found = check();
    assert_eq!(found.verdict, Verdict::Ok);
    assert!(found.detail.starts_with("git 2."), "{found:?}");
}

/// Has every fetch by git fail, so that what succeeds was none.
fn without_git(scene: &Scene) {
    git(scene.mirror.bare().path(), &["config", "remote.origin.uploadpack", "false"]);
}

#[test]
fn a_mirror_of_a_directory_asks_git_only_where_there_is_something_to_fetch() {
    for change in [
        &["branch", "other", "main"][..],
        &["update-ref", "refs/heads/main", "main~1"],
        &["tag", "v1", "main"],
        &["symbolic-ref", "refs/heads/alias", "refs/heads/main"],
    ] {
        let scene = Scene::new();
        scene.pushes("more.txt", "x\n");
        without_git(&scene);
        for _ in 0..2 {
            scene.mirror.fetch(&scene.user).unwrap();
            git(&scene.origin, &["pack-refs", "--all"]);
        }
        git(&scene.origin, change);
        assert!(scene.mirror.fetch(&scene.user).is_err(), "{change:?} was not seen");
    }
}

#[test]
fn an_address_that_the_person_has_rewritten_is_not_taken_for_the_directory_that_it_names() {
    let scene = Scene::new();
    let elsewhere = scene.top.join("elsewhere.git");
    git(&scene.top, &["clone", "--quiet", "--bare", scene.origin.to_str().unwrap(), "elsewhere.git"]);
    git(&elsewhere, &["branch", "only-there", "main"]);
    let config = scene.top.join("gitconfig");
    let (here, there) = (scene.origin.display(), elsewhere.display());
    std::fs::write(&config, format!("[url \"{there}\"]\n\tinsteadOf = {here}\n")).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let user = UserEnvironment::of([("PATH".into(), path), ("GIT_CONFIG_GLOBAL".into(), config.into())]);
    scene.mirror.fetch(&scene.user).unwrap();
    assert!(scene.mirror.tip("only-there").is_err());
    scene.mirror.fetch(&user).unwrap();
    assert!(scene.mirror.tip("only-there").is_ok());
}

#[test]
fn a_mirror_that_has_lost_a_commit_fetches_it_again() {
    let scene = Scene::new();
    without_git(&scene);
    scene.mirror.fetch(&scene.user).unwrap();
    let objects = scene.mirror.bare().path().join("objects");
    std::fs::remove_dir_all(&objects).unwrap();
    std::fs::create_dir(&objects).unwrap();
    assert!(scene.mirror.fetch(&scene.user).is_err());
}

#[test]
fn what_was_pushed_comes_into_the_mirror_from_the_vault_and_a_fetch_finds_nothing_new() {
    let (scene, base, squashed) = ready();
    assert_eq!(push(&scene, &squashed, Some(&base), "main").unwrap(), Push::Done);
    assert!(scene.mirror.take_pushed(&scene.vault, "main", &base, &squashed).unwrap());
    assert_eq!(scene.mirror.tip("main").unwrap(), squashed);
    assert_eq!(git(scene.mirror.bare().path(), &["fsck", "--strict", "--no-dangling"]), "");
    without_git(&scene);
    scene.mirror.fetch(&scene.user).unwrap();
    // One that has fetched meanwhile knows better.
    assert!(!scene.mirror.take_pushed(&scene.vault, "main", &base, &base).unwrap());
    assert_eq!(scene.mirror.tip("main").unwrap(), squashed);
}
