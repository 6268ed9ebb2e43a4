//! `herder repo add OWNER/NAME`: its goals are the issues there.

use herder_domain::forge::Home;
use herder_testkit::until;

use crate::stage::{APP, PATIENCE, Stage};

#[test]
fn a_repository_is_registered_by_its_name_with_the_branch_that_github_says() {
    let stage = Stage::unregistered();
    stage.must(&["add", APP]);
    let repos = stage.store().repos().unwrap();
    assert_eq!(repos.len(), 1);
    let repo = &repos[0];
    assert_eq!((repo.id.clone(), repo.home, repo.base_branch.as_str()), (Stage::app(), Home::Github, "main"));
    assert_eq!(repo.url, stage.hub.git_url(APP));
    assert!(repo.pushes, "a pull request is no push to the base branch");
    let asked: Vec<_> = stage
        .hub
        .log()
        .iter()
        .filter(|entry| !entry.path.contains(".git/"))
        .map(|entry| entry.path.clone())
        .collect();
    assert_eq!(asked, ["/repos/acme/app"]);
}

#[test]
fn what_the_token_may_not_see_is_not_registered_and_the_error_says_who_said_so() {
    let stage = Stage::unregistered();
    let said = stage.herder(&["add", "acme/nothing"]).unwrap_err();
    assert!(said.contains("failed to look at acme/nothing on github.com: not found, or hidden"), "{said}");
    assert!(stage.store().repos().unwrap().is_empty());
}

#[test]
fn what_github_has_answered_is_remembered_beyond_the_command_that_asked() {
    let stage = Stage::new();
    let up = stage.up();
    until("herder to be up", PATIENCE, || up.said().contains("herder is up").then_some(()));
    assert!(up.stop().success());
    assert!(
        stage.store().answer("github.com", &format!("{}/repos/acme/app", stage.hub.url())).unwrap().is_some()
    );
}
