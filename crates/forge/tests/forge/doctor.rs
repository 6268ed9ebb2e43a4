//! What doctor says of an account and a repository.

use herder_domain::finding::{Finding, Verdict};
use herder_domain::repo::RepoId;
use herder_fakehub::Permission;
use herder_fakehub::op;
use herder_fakehub::state::{Pool, Protection, RequiredChecks};

use crate::app::PUBLIC;
use crate::scene::{Scene, app, client, server};

fn told(findings: &[Finding]) -> Vec<(Verdict, &str)> {
    findings.iter().map(|finding| (finding.verdict, finding.detail.as_str())).collect()
}

#[test]
fn an_account_is_told_with_its_scopes_and_what_is_left() {
    let scene = Scene::new();
    let found = scene.client.check();
    assert!(found.iter().all(|finding| finding.verdict == Verdict::Ok), "{found:?}");
    assert_eq!(found[0].detail, "the token of the variable GITHUB_TOKEN is accepted");
    let weak = scene.hub.token("herder", &["gist"]);
    scene.hub.set_limit("herder", Pool::Graphql, 5000);
    let found = client(&scene.hub.url(), &weak).check();
    assert_eq!(
        told(&found)[1],
        (Verdict::Error, "the token's scopes are gist: without `repo` nothing can be written")
    );
    let some = scene.hub.token("herder", &["repo"]);
    let found = client(&scene.hub.url(), &some).check();
    assert_eq!((found[1].verdict, found[1].hint.is_some()), (Verdict::Warning, true));
    assert_eq!(scene.requests().1, 2, "a point of GraphQL for each of the two that may be used");
}

#[test]
fn a_token_that_is_worth_nothing_is_an_error_with_a_hint() {
    let scene = Scene::new();
    scene.hub.expect("GET", "/rate_limit", 401);
    let found = client(&scene.hub.url(), "ghp_nothing").check();
    assert_eq!(told(&found), [(Verdict::Error, "the server answered 401: Bad credentials")]);
    assert_eq!(found[0].hint.as_deref(), Some("the token has expired or was revoked: make a new one"));
}

#[test]
fn a_server_without_graphql_and_one_that_is_low_are_warnings() {
    let (_listener, client) = server(|request, responder| {
        if request.path == "/graphql" {
            let _ = responder.send(404, &[], b"{}");
            return;
        }
        let body = br#"{"resources":{"core":{"limit":5000,"remaining":999}}}"#;
        let _ = responder.send(200, &[], body);
    });
    let verdicts: Vec<Verdict> = client.check().iter().map(|finding| finding.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Warning, Verdict::Warning]);
}

#[test]
fn how_work_comes_home_is_told_with_what_to_change() {
    let scene = Scene::new();
    let last = |scene: &Scene| scene.client.check_repo(&app(), "main").pop().unwrap();
    let bare = last(&scene);
    assert_eq!(bare.verdict, Verdict::Warning);
    assert!(bare.detail.starts_with("main has no rules, so GitHub refuses automerge"), "{bare:?}");
    assert!(bare.hint.unwrap().ends_with("/acme/app/settings/branches"));
    scene.hub.expect("GET", "/branches/main/protection", 403);
    let checks = Some(RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] });
    let rule = Protection { checks: checks.clone(), ..Protection::default() };
    scene.hub.act("ada", |ctx| op::repo::protect(ctx, "acme/app", "main", rule));
    assert_eq!(last(&scene).detail, "work lands on main by automerge");
    scene.hub.act("ada", |ctx| op::repo::add_ruleset(ctx, "acme/app", "main", checks, true));
    assert_eq!(last(&scene).detail, "work lands on main through the merge queue");
    assert_eq!(scene.client.check_repo(&app(), "trunk").pop().unwrap().verdict, Verdict::Error);
}

#[test]
fn what_keeps_herder_from_working_in_a_repository_is_an_error() {
    let scene = Scene::new();
    scene.hub.repo("acme/other").create();
    scene.hub.repo("acme/secret").private().grant("ada", Permission::Admin).create();
    scene.hub.expect("GET", "/repos/acme/secret", 404);
    let of = |name: &str| scene.client.check_repo(&RepoId::new("github.com", "acme", name).unwrap(), "main");
    assert_eq!(told(&of("other"))[0], (Verdict::Error, "the token's account may not write"));
    let secret = of("secret");
    assert_eq!((secret[0].verdict, secret[0].hint.is_some()), (Verdict::Error, true));
}

#[test]
fn an_app_is_told_which_permission_it_lacks_and_what_comes_of_it() {
    let scene = Scene::new();
    let (id, installation) = scene.hub.app("herder-app", "acme", PUBLIC);
    let of_app = |scene: &Scene| {
        let client = crate::app::client(scene, id, installation);
        client.check_repo(&app(), "main")
    };
    let found = of_app(&scene);
    assert!(
        told(&found).contains(&(Verdict::Ok, "the app has every permission that herder uses")),
        "{found:?}"
    );
    scene.hub.withdraw(id, "pull_requests");
    scene.hub.withdraw(id, "workflows");
    let found = of_app(&scene);
    assert_eq!(
        told(&found)[..2],
        [
            (Verdict::Error, "the app lacks the permission Pull requests: read and write"),
            (
                Verdict::Warning,
                "the app lacks the permission Workflows: read and write; a goal that changes .github/workflows cannot be pushed"
            ),
        ]
    );
}

#[test]
fn what_a_persons_review_or_a_missing_check_means_is_told() {
    let scene = Scene::new();
    let rule = Protection { approvals: Some(1), ..Protection::default() };
    scene.hub.act("ada", |ctx| op::repo::protect(ctx, "acme/app", "main", rule));
    let admin = client(&scene.hub.url(), &scene.hub.token("ada", &["repo", "workflow"]));
    let found = admin.check_repo(&app(), "main");
    assert_eq!(
        told(&found),
        [
            (Verdict::Warning, "main wants 1 approving reviews: a person has to look at every pull request"),
            (Verdict::Warning, "no check is required on main, so GitHub merges whatever the checks come to"),
        ]
    );
}
