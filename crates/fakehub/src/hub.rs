//! The handle that a test holds.

use std::path::Path;
use std::sync::Arc;

use herder_testkit::http::Listener;
use jiff::SignedDuration;

use crate::builder::RepoBuilder;
use crate::door::{self, Entrance};
use crate::fault::Rule;
use crate::lack::Lack;
use crate::log::{Entry, Excuse};
use crate::op::{Ctx, Done, Refusal};
use crate::postman::Mail;
use crate::site::Site;
use crate::state::{Access, App, Id, Kind, Permission, Pool, State, Token, User};

/// What an app may do when nothing else is said.
const APP_PERMISSIONS: [(&str, Access); 9] = [
    ("actions", Access::Read),
    ("administration", Access::Read),
    ("checks", Access::Read),
    ("contents", Access::Write),
    ("issues", Access::Write),
    ("metadata", Access::Read),
    ("pull_requests", Access::Write),
    ("statuses", Access::Read),
    ("workflows", Access::Write),
];

/// A GitHub of one's own, on a free port of 127.0.0.1, until it is dropped.
pub struct Hub {
    // The listeners go first: their threads use the site.
    listener: Listener,
    sockets: Vec<Listener>,
    site: Arc<Site>,
}

impl Hub {
    /// Begins, with nothing in it.
    pub fn start() -> Hub {
        let site = Arc::new(Site::new());
        let listener = Listener::start(door::handler(site.clone(), Entrance::Port));
        Hub { listener, sockets: Vec::new(), site }
    }

    /// Takes something away that github.com has, from now on. A request for it is answered with 404, and is no mistake
    /// of whoever asks once to find that out.
    pub fn lack(&self, lacks: impl IntoIterator<Item = Lack>) {
        self.site.enter().lacks.extend(lacks);
    }

    /// What API addresses begin with, and addresses of repositories for git: `http://127.0.0.1:PORT`. With `/api/v3`
    /// behind it, it is what an Enterprise server has.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// The address that git clones a repository from.
    pub fn git_url(&self, slug: &str) -> String {
        format!("{}/{slug}.git", self.url())
    }

    /// Also listens on a socket file, where it takes itself for `https://api.github.com`, as `gh` with
    /// `http_unix_socket` does.
    pub fn listen_on(&mut self, socket: &Path) {
        let handler = door::handler(self.site.clone(), Entrance::Socket);
        self.sockets.push(Listener::start_on_socket(socket, handler));
    }

    /// A person, with a token that may do all that the person may.
    pub fn user(&self, login: &str) -> String {
        self.account(login, Kind::User);
        self.token(login, &["repo", "workflow", "read:org", "admin:repo_hook"])
    }

    /// Another token for somebody, with these scopes.
    pub fn token(&self, login: &str, scopes: &[&str]) -> String {
        let mut inside = self.site.enter();
        let secret = format!("ghp_{:036x}", inside.state.fresh_id().0);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let token = Token {
            login: login.to_owned(),
            scopes,
            permissions: None,
            installation: None,
            expires_at: None,
        };
        inside.state.tokens.insert(secret.clone(), token);
        secret
    }

    /// A fine-grained token of somebody's, with these permissions.
    pub fn fine_token(&self, login: &str, permissions: &[(&str, Access)]) -> String {
        let mut inside = self.site.enter();
        let secret = format!("github_pat_{:036x}", inside.state.fresh_id().0);
        let permissions = permissions.iter().map(|(name, access)| ((*name).to_owned(), *access)).collect();
        let token = Token {
            login: login.to_owned(),
            scopes: Vec::new(),
            permissions: Some(permissions),
            installation: None,
            expires_at: None,
        };
        inside.state.tokens.insert(secret.clone(), token);
        secret
    }

    /// Makes a token worthless.
    pub fn revoke(&self, token: &str) {
        self.site.enter().state.tokens.remove(token);
    }

    /// An account, if there is none of this name yet.
    pub(crate) fn account(&self, login: &str, kind: Kind) {
        let mut inside = self.site.enter();
        if inside.state.user(login).is_none() {
            let (id, created_at) = (inside.state.fresh_id(), inside.state.now());
            let user = User { id, login: login.to_owned(), kind, created_at };
            inside.state.users.insert(login.to_ascii_lowercase(), user);
        }
    }

    /// An app, installed on an account, whose bot may write to all its repositories. `public_key` is the PEM of an
    /// RSA key of 2048 bits. Returns the ids of app and installation.
    pub fn app(&self, slug: &str, account: &str, public_key: &str) -> (u64, u64) {
        self.account(&format!("{slug}[bot]"), Kind::Bot);
        self.account(account, Kind::Organization);
        let mut inside = self.site.enter();
        let (id, installation) = (inside.state.fresh_id(), inside.state.fresh_id());
        let app = App {
            id,
            slug: slug.to_owned(),
            public_key: public_key.to_owned(),
            installation,
            account: account.to_owned(),
            permissions: APP_PERMISSIONS.iter().map(|(name, access)| ((*name).to_owned(), *access)).collect(),
            created_at: inside.state.now(),
        };
        let bot = app.bot().to_ascii_lowercase();
        inside.state.apps.insert(id.0, app);
        let owned: Vec<String> = inside.state.repos.keys().cloned().collect();
        let prefix = format!("{}/", account.to_ascii_lowercase());
        for key in owned.iter().filter(|key| key.starts_with(&prefix)) {
            if let Some(repo) = inside.state.repo_mut(key) {
                repo.collaborators.insert(bot.clone(), Permission::Write);
            }
        }
        (id.0, installation.0)
    }

    /// Takes a permission away from an app, for the tokens that it gets from now on.
    pub fn withdraw(&self, app: u64, permission: &str) {
        if let Some(app) = self.site.enter().state.apps.get_mut(&app) {
            app.permissions.remove(permission);
        }
    }

    /// A repository `owner/name` to be made.
    pub fn repo(&self, slug: &str) -> RepoBuilder<'_> {
        RepoBuilder::new(self, slug)
    }

    /// Does something as somebody, as if by hand in the browser.
    ///
    /// # Panics
    /// When the hub refuses it.
    #[track_caller]
    pub fn act<T>(&self, login: &str, deed: impl FnOnce(&mut Ctx<'_>) -> Done<T>) -> T {
        match self.try_act(login, deed) {
            Ok(done) => done,
            Err(refusal) => panic!("{login} was refused: {refusal:?}"),
        }
    }

    /// The same where a refusal is what a test wants to see.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub fn try_act<T>(&self, login: &str, deed: impl FnOnce(&mut Ctx<'_>) -> Done<T>) -> Result<T, Refusal> {
        self.site.act(Some(login), &self.url(), deed)
    }

    /// Looks at everything.
    pub fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.site.enter().state)
    }

    /// Commits a file to a branch, which begins at the default branch where it is new, and "pushes" it as somebody.
    /// Returns the commit.
    pub fn commit(&self, login: &str, slug: &str, branch: &str, path: &str, text: &str) -> String {
        let key = slug.to_ascii_lowercase();
        let git = &self.site.git;
        let (tip, is_new) = self.look(|state| {
            let repo = state.repo(slug).expect("the repository is there");
            let tip = repo.tip(branch);
            (tip.or_else(|| repo.tip(&repo.default_branch)).cloned().expect("it has a commit"), tip.is_none())
        });
        let tree = git.tree_upon(&key, Some(&tip), &[(path, text)]);
        let person = format!("{login} <{login}@users.noreply.github.com>");
        let commit = git.commit_tree(&key, &tree, &[&tip], &format!("Write {path}"), &person);
        let name = format!("refs/heads/{branch}");
        let old = if is_new { crate::git::NOTHING.to_owned() } else { tip };
        assert!(git.update_ref(&key, &name, &commit, &old), "nobody else moves {branch}");
        self.act(login, |ctx| crate::op::refs::pushed(ctx, &key));
        commit
    }

    /// Where the bare repository lies.
    pub fn git_dir(&self, slug: &str) -> std::path::PathBuf {
        self.site.git.path(&slug.to_ascii_lowercase())
    }

    /// Moves the hub's clock, and with it its `Date` headers, against the machine's.
    pub fn move_clock(&self, by: SignedDuration) {
        self.site.enter().state.move_clock(by);
    }

    /// Gives somebody this much of an allowance for the window that goes on.
    pub fn set_limit(&self, login: &str, pool: Pool, limit: u64) {
        let mut inside = self.site.enter();
        let mut account = crate::limit::account(&inside.state, Some(login), pool);
        account.limit = limit;
        inside.state.accounts.insert((login.to_ascii_lowercase(), pool), account);
    }

    /// Has something go wrong from now on. Of several rules that fit, the one laid down first counts.
    pub fn fault(&self, rule: Rule) {
        self.site.enter().faults.push(rule);
    }

    /// Has nothing go wrong any more.
    pub fn clear_faults(&self) {
        self.site.enter().faults.clear();
    }

    /// Messages to hooks, to be held, lost, repeated or re-ordered.
    pub fn mail(&self) -> &Mail {
        &self.site.mail
    }

    /// Every request so far, oldest first.
    pub fn log(&self) -> Vec<Entry> {
        self.site.enter().log.clone()
    }

    /// Says that a refusal is what a test wants: method, a part of the address, status.
    pub fn expect(&self, method: &str, path: &str, status: u16) {
        let excuse = Excuse { method: method.to_owned(), path: path.to_owned(), status };
        self.site.enter().excuses.push(excuse);
    }

    /// Requests that a well-behaved client would not have made and no test has expected.
    pub fn unexpected(&self) -> Vec<Entry> {
        let inside = self.site.enter();
        let is_excused = |entry: &Entry| {
            inside.excuses.iter().any(|excuse| excuse.covers(&entry.method, &entry.path, entry.status))
        };
        inside.log.iter().filter(|entry| entry.is_suspicious() && !is_excused(entry)).cloned().collect()
    }

    /// What broke GitHub's own descriptions: unknown fields, values and parameters, in requests and in answers. It is
    /// empty where the descriptions are not at hand. What is here when the hub is dropped fails the test.
    pub fn violations(&self) -> Vec<String> {
        self.site.enter().violations.clone()
    }

    /// Takes the violations away that a test wanted to see.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.site.enter().violations)
    }

    /// The id of an issue by its number, as `sub_issues` and dependencies want it.
    pub fn issue_id(&self, slug: &str, number: u64) -> Id {
        self.look(|state| {
            let issue = state.repo(slug).and_then(|repo| repo.issues.get(&number));
            issue.map(|issue| issue.id).expect("the issue is there")
        })
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let violations = self.take_violations();
        if !std::thread::panicking() && !violations.is_empty() {
            panic!("GitHub's description was broken:\n{}", violations.join("\n"));
        }
    }
}
