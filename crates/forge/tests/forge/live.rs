//! One small story of an issue, told to the double of GitHub, and to github.com for who asks for it:
//! `HERDER_LIVE_GITHUB=owner/repo` with a token in `GITHUB_TOKEN` (or `gh auth login`) that may write there, and
//! `cargo xtask test --suite live-github`. It makes herder's labels and one issue, which it closes.

use herder_domain::finding::Verdict;
use herder_domain::repo::RepoId;
use herder_fakehub::{Hub, Permission};
use herder_forge::write::issue::{CloseReason, NewIssue};
use herder_forge::write::label::StateLabel;
use herder_forge::{Client, Credentials, Lookup, Marker, Setup, Site, TokenSource};

/// The variable that names a repository of github.com.
const LIVE: &str = "HERDER_LIVE_GITHUB";

fn found<T: std::fmt::Debug>(lookup: Lookup<T>) -> T {
    match lookup {
        Lookup::Present(found) => found,
        other => panic!("{other:?}"),
    }
}

/// What herder does with an issue, twice where a second time must do no harm.
fn story(client: &Client, repo: &RepoId) {
    let facts = found(client.repository(repo));
    let findings = [client.check(), client.check_repo(repo, &facts.default_branch)].concat();
    assert!(findings.iter().all(|finding| finding.verdict != Verdict::Error), "{findings:#?}");
    client.ensure_labels(repo).unwrap();
    assert_eq!(client.ensure_labels(repo).unwrap(), []);
    let me = found(client.login());
    let since = client.server_now();
    let new = NewIssue {
        title: "A test of herder's, to be closed by it".to_owned(),
        body: "Nothing has to be done here.".to_owned(),
        labels: vec!["goal".to_owned()],
        marker: Marker::new("live", since.to_string()),
    };
    // A second one is not tried at once: GitHub's lists lag behind its writes.
    let number = client.create_issue(repo, &new, since).unwrap().number;
    for _ in 0..2 {
        let relabeled = client.set_state_label(repo, number, Some(StateLabel::Draft)).unwrap();
        assert_eq!(StateLabel::of(&relabeled.labels), [StateLabel::Draft]);
    }
    let marker = Marker::new("status", "live");
    let first = client.put_comment(repo, number, &me, &marker, "one").unwrap();
    assert_eq!(client.put_comment(repo, number, &me, &marker, "two").unwrap().id, first.id);
    client.set_state_label(repo, number, None).unwrap();
    client.close_issue(repo, number, CloseReason::NotPlanned).unwrap();
    let history = found(client.history(repo, number)).whole().unwrap();
    assert!(history.len() >= 3, "{history:?}");
}

fn client(site: Site, sources: Vec<TokenSource>) -> Client {
    let host = site.host().to_owned();
    Client::new(Setup::new(site, Credentials::new(&host, sources)))
}

#[test]
fn the_story_holds_on_the_double() {
    let hub = Hub::start();
    let token = hub.user("herder");
    hub.repo("acme/app").grant("herder", Permission::Admin).auto_merge().create();
    let url = hub.url();
    let site = Site::at("github.com", &url, &format!("{url}/graphql"));
    let source = TokenSource::variable("GITHUB_TOKEN", |_| Some(token.clone().into()));
    story(&client(site, vec![source]), &"acme/app".parse().unwrap());
    assert!(hub.unexpected().is_empty(), "{:?}", hub.unexpected());
}

#[test]
#[ignore = "writes to the repository of github.com that HERDER_LIVE_GITHUB names; `cargo xtask test --suite live-github`"]
fn the_story_holds_on_github() {
    let repo: RepoId = std::env::var(LIVE).unwrap().parse().unwrap();
    let site = Site::of_host(repo.host());
    let sources = vec![
        TokenSource::variable("GITHUB_TOKEN", |name| std::env::var_os(name)),
        TokenSource::gh(repo.host()),
    ];
    story(&client(site, sources), &repo);
}
