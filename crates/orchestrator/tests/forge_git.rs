//! git at a forge's repositories: with herder's token, which nobody sees on the way.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use herder_domain::repo::RepoId;
use herder_fakehub::{Fault, Hub, Permission, Rule};
use herder_forge::{Client, Credentials, Setup, Site, TokenSource};
use herder_orchestrator::ForgeTokens;
use herder_workspace::{CommitId, Mirror, Push, PushOrder, UserEnvironment, WorkspaceError};
use tempfile::TempDir;

/// A private repository, and a person's home whose git is set up for everything but herder's token.
struct Scene {
    place: TempDir,
    token: String,
    url: String,
    user: UserEnvironment,
    hub: Hub,
}

/// The tokens of one account, for the repositories of its site.
fn tokens_of(client: Client) -> ForgeTokens {
    ForgeTokens::new(move |url| Ok(client.site().has_git(url).then(|| client.clone())))
}

impl Scene {
    fn new() -> Self {
        let hub = Hub::start();
        let token = hub.user("herder");
        hub.repo("acme/app").private().grant("herder", Permission::Write).create();
        let place = tempfile::tempdir().unwrap();
        let url = hub.git_url("acme/app");
        let site = Site::at("github.com", &hub.url(), "").with_git_at(&hub.url());
        assert_eq!(site.git_url(&RepoId::new("github.com", "acme", "app").unwrap()), url);
        let source = TokenSource::variable("GITHUB_TOKEN", |_| Some(token.clone().into()));
        let client = Client::new(Setup::new(site, Credentials::new("github.com", vec![source])));
        let user = unhelpful_user(place.path(), &hub.url());
        let user = user.with_tokens(Arc::new(tokens_of(client)));
        Self { place, token, url, user, hub }
    }

    fn mirror(&self) -> Result<Mirror, WorkspaceError> {
        let mirror = Mirror::open_or_create(&self.place.path().join("mirror.git"), &self.url, &self.user)?;
        mirror.fetch(&self.user)?;
        Ok(mirror)
    }

    fn push(&self, mirror: &Mirror, commit: &CommitId, branch: &str) -> Result<Push, WorkspaceError> {
        let order = PushOrder { url: &self.url, commit, branch, expected_old: None };
        mirror.bare().push(order, &self.user)
    }

    fn asked(&self) -> PathBuf {
        self.place.path().join("asked")
    }
}

/// Somebody whose helper keeps what it is given, whose addresses lead elsewhere, who has another password in
/// `.netrc`, and whose program for passwords says when it is asked.
fn unhelpful_user(place: &Path, hub: &str) -> UserEnvironment {
    let (kept, asked, ask) = (place.join("kept"), place.join("asked"), place.join("ask"));
    let settings = format!(
        "[credential]\n\thelper = store --file={}\n[credential \"{hub}\"]\n\thelper = \"!touch {}; false\"\n\
         [url \"http://127.0.0.1:1/\"]\n\tinsteadOf = {hub}/\n\tpushInsteadOf = {hub}/acme/\n\
         [http \"{hub}/\"]\n\textraHeader = Authorization: Basic bm9ib2R5Om5vdGhpbmc=\n",
        kept.display(),
        asked.display(),
    );
    fs::write(place.join(".gitconfig"), settings).unwrap();
    fs::write(place.join(".netrc"), "machine 127.0.0.1 login nobody password nothing\n").unwrap();
    fs::write(&ask, format!("#!/bin/sh\ntouch {}\n", asked.display())).unwrap();
    fs::set_permissions(&ask, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let variable = |name: &str, value: &Path| (OsString::from(name), value.as_os_str().to_owned());
    let path = std::env::var_os("PATH").unwrap_or_default();
    UserEnvironment::of([
        variable("PATH", Path::new(&path)),
        variable("HOME", place),
        variable("GIT_ASKPASS", &ask),
        variable("GIT_CONFIG_SYSTEM", Path::new("/dev/null")),
    ])
}

/// The command lines of all processes below this one.
fn command_lines() -> Vec<String> {
    let text = |pid: u32, file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents: BTreeMap<u32, u32> = pids
        .filter_map(|pid| {
            let stat = String::from_utf8_lossy(&text(pid, "stat")).into_owned();
            Some((pid, stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?))
        })
        .collect();
    let is_ours = |pid: &u32| {
        let mut above =
            std::iter::successors(Some(*pid), |pid| parents.get(pid).copied().filter(|up| *up != 0));
        above.any(|pid| pid == std::process::id())
    };
    let ours = parents.keys().filter(|pid| is_ours(pid));
    ours.map(|pid| String::from_utf8_lossy(&text(*pid, "cmdline")).replace('\0', " ")).collect()
}

/// The files below a directory that hold a text.
fn files_with(directory: &Path, text: &str) -> Vec<PathBuf> {
    let found = Command::new("grep").args(["-rlaF", text]).arg(directory).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(PathBuf::from).collect()
}

#[test]
fn fetch_and_push_show_herders_token_and_no_other_credential() {
    let scene = Scene::new();
    let mirror = scene.mirror().unwrap();
    let tip = mirror.tip("main").unwrap();
    assert_eq!(scene.push(&mirror, &tip, "goal-1").unwrap(), Push::Done);
    let moved = scene.hub.look(|state| state.repo("acme/app").unwrap().tip("goal-1").cloned());
    assert_eq!(moved.as_deref(), Some(tip.as_str()));
    let actors: Vec<_> = scene.hub.log().into_iter().filter_map(|entry| entry.actor).collect();
    assert!(!actors.is_empty() && actors.iter().all(|actor| actor == "herder"), "{actors:?}");
    assert!(!scene.asked().exists() && !scene.place.path().join("kept").exists());
    assert_eq!(scene.hub.unexpected().len(), 0);
}

#[test]
fn the_token_is_in_no_file_and_no_command_line() {
    let scene = Scene::new();
    let mirror = scene.mirror().unwrap();
    let tip = mirror.tip("main").unwrap();
    let slow = Fault::Delay(Duration::from_millis(400));
    scene.hub.fault(Rule::new(slow).part("git-receive-pack").times(2));
    let seen = std::thread::scope(|scope| {
        let push = scope.spawn(|| scene.push(&mirror, &tip, "goal-1").unwrap());
        let mut seen = Vec::new();
        while !push.is_finished() {
            seen.extend(command_lines());
        }
        assert_eq!(push.join().unwrap(), Push::Done);
        seen
    });
    assert!(seen.iter().any(|line| line.contains("remote-http") && line.contains(&scene.url)), "{seen:?}");
    assert!(!seen.iter().any(|line| line.contains(&scene.token)), "{seen:?}");
    assert!(files_with(scene.place.path(), &scene.token).is_empty());
    assert!(!files_with(scene.place.path(), "nothing").is_empty());
    assert!(!format!("{:?}", scene.user).contains(&scene.token));
}

#[test]
fn a_token_that_is_not_taken_is_one_clear_error_without_the_token() {
    let scene = Scene::new();
    let mirror = scene.mirror().unwrap();
    let tip = mirror.tip("main").unwrap();
    scene.hub.revoke(&scene.token);
    scene.hub.expect("GET", "info/refs", 401);
    for error in [scene.push(&mirror, &tip, "goal-1").unwrap_err(), mirror.fetch(&scene.user).unwrap_err()] {
        assert!(matches!(error, WorkspaceError::TokenRefused { .. }), "{error:?}");
        let expected = "with herder's token: it is not valid, or not any more";
        assert_eq!(error.to_string(), format!("reach `{}` {expected}", scene.url));
    }
    assert!(!scene.asked().exists());
}

#[test]
fn a_token_that_may_not_push_is_told_from_one_that_is_not_valid() {
    let scene = Scene::new();
    scene.hub.repo("acme/other").create();
    let url = scene.hub.git_url("acme/other");
    let mirror = Mirror::open_or_create(&scene.place.path().join("other.git"), &url, &scene.user).unwrap();
    mirror.fetch(&scene.user).unwrap();
    let tip = mirror.tip("main").unwrap();
    scene.hub.expect("GET", "info/refs", 403);
    let order = PushOrder { url: &url, commit: &tip, branch: "goal-1", expected_old: None };
    let error = mirror.bare().push(order, &scene.user).unwrap_err();
    assert!(error.to_string().ends_with("it does not allow this"), "{error}");
}

#[test]
fn a_forge_without_a_token_is_an_error_and_other_origins_ask_for_none() {
    let scene = Scene::new();
    let mirror = scene.mirror().unwrap();
    let source = TokenSource::variable("NO_SUCH_TOKEN", |_| None);
    let site = Site::of_host("github.com").with_git_at(&scene.hub.url());
    let client = Client::new(Setup::new(site, Credentials::new("github.com", vec![source])));
    let user = scene.user.clone().with_tokens(Arc::new(tokens_of(client)));
    let error = mirror.fetch(&user).unwrap_err().to_string();
    assert!(error.contains("NO_SUCH_TOKEN (not set)"), "{error}");
    let path = scene.hub.git_dir("acme/app");
    let local = Mirror::open_or_create(&scene.place.path().join("local.git"), path.to_str().unwrap(), &user);
    local.unwrap().fetch(&user).unwrap();
}
