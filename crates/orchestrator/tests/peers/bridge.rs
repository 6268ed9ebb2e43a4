//! `emulate` with git: what is pushed to a hub's repository is written into the emulator by REST before it is asked
//! anything, and what it merges is fetched from it. Its objects have git's own names, so that commits are the same on
//! both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use herder_fakehub::Hub;
use herder_testkit::http::{Handler, Listener, Request, Responder, lock};
use herder_testkit::until;
use serde_json::{Value, json};

use crate::stage::{APP, PATIENCE};

/// Who owns the repository there.
pub const ADA: &str = "ada-of-the-emulator";

/// The emulator, until it is dropped.
struct Emulator {
    child: Child,
    url: String,
    _place: tempfile::TempDir,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Emulator {
    fn start(token: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let seed = format!(
            "tokens:\n  {token}:\n    login: herder\n    scopes: [repo, user]\n  {ADA}:\n    login: ada\n    \
             scopes: [repo, user]\ngithub:\n  users:\n    - login: herder\n    - login: ada\n  orgs:\n    - login: acme\n      \
             members:\n        - login: ada\n          role: admin\n        - login: herder\n          role: admin\n  repos:\n    \
             - owner: acme\n      name: app\n      auto_init: true\n"
        );
        std::fs::write(place.path().join("seed.yaml"), seed).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let variable = |name: &str| std::env::var_os(name).expect("the suite says where the emulator is");
        let mut command = Command::new(variable("HERDER_TEST_NODE"));
        command.arg(variable("HERDER_TEST_EMULATE"));
        command.args(["start", "-s", "github", "-p", &port.to_string(), "--seed", "seed.yaml"]);
        command.current_dir(place.path()).env_clear().env("HOME", place.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let emulator = Self { child, url: format!("http://127.0.0.1:{port}"), _place: place };
        until("the emulator", PATIENCE, || {
            ask(&emulator.url, ADA, "GET", "/user", &Value::Null).ok().filter(|(status, _)| *status == 200)
        });
        emulator
    }
}

/// One request; the status and the answer.
fn ask(url: &str, token: &str, method: &str, path: &str, body: &Value) -> Result<(u16, Value), ureq::Error> {
    let (status, _, body) = forward(url, token, method, path, &[], bytes(body))?;
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

fn bytes(body: &Value) -> Vec<u8> {
    if body.is_null() { Vec::new() } else { body.to_string().into_bytes() }
}

type Answer = (u16, Vec<(String, String)>, Vec<u8>);

fn forward(
    url: &str,
    token: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Answer, ureq::Error> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true);
    let agent: ureq::Agent = config.max_redirects(0).timeout_global(Some(PATIENCE)).build().into();
    let request = ureq::http::Request::builder().method(method).uri(format!("{url}{path}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let mut answer = agent.run(request.body(body).unwrap())?;
    let kept = ["link", "etag", "date", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    let headers = kept.iter().filter_map(|name| {
        let value = answer.headers().get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    let headers = headers.collect();
    let status = answer.status().as_u16();
    Ok((status, headers, answer.body_mut().read_to_vec()?))
}

/// What was asked through the bridge, and what it knows of both sides.
#[derive(Default)]
struct Inside {
    tips: BTreeMap<String, String>,
    known: BTreeSet<String>,
    /// Method, address and status of every request.
    asked: Vec<(String, String, u16)>,
}

/// Both sides.
struct Sides {
    url: String,
    git_dir: PathBuf,
    /// Where the hub has the repository, with a token.
    git_url: String,
    inside: Mutex<Inside>,
}

/// The emulator with git, until it is dropped.
pub struct Bridge {
    listener: Listener,
    sides: Arc<Sides>,
    _emulator: Emulator,
}

impl Bridge {
    /// Begins with what the hub's repository has; the token is that of herder's account there.
    pub fn start(hub: &Hub, token: &str) -> Self {
        let emulator = Emulator::start(token);
        let git_url = hub.git_url(APP).replacen("http://", &format!("http://x:{token}@"), 1);
        let (url, git_dir) = (emulator.url.clone(), hub.git_dir(APP));
        let sides = Arc::new(Sides { url, git_dir, git_url, inside: Mutex::default() });
        sides.pushed(&mut lock(&sides.inside));
        let served = sides.clone();
        let handler: Arc<Handler> = Arc::new(move |request, responder| served.serve(&request, responder));
        Self { listener: Listener::start(handler), sides, _emulator: emulator }
    }

    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// Does something there as Ada.
    #[track_caller]
    pub fn ada(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = ask(&self.sides.url, ADA, method, path, &body).unwrap();
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// How often something was done through it.
    pub fn done(&self, method: &str, path: &str) -> usize {
        let inside = lock(&self.sides.inside);
        let is_it = |asked: &&(String, String, u16)| asked.0 == method && asked.1 == path && asked.2 < 300;
        inside.asked.iter().filter(is_it).count()
    }

    /// What was asked for and is not there, by method and address, numbers and names of commits left out.
    pub fn lacked(&self) -> BTreeSet<String> {
        let plain = |path: &str| {
            let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) || part.len() == 40;
            let parts =
                path.split('/').map(|part| if !part.is_empty() && is_name(part) { "*" } else { part });
            parts.collect::<Vec<_>>().join("/")
        };
        let inside = lock(&self.sides.inside);
        let missing = inside.asked.iter().filter(|(_, _, status)| *status == 404);
        missing.map(|(method, path, _)| format!("{method} {}", plain(path))).collect()
    }

    /// Refusals but for what is not there.
    pub fn refused(&self) -> Vec<(String, String, u16)> {
        let inside = lock(&self.sides.inside);
        inside.asked.iter().filter(|(_, _, status)| *status >= 400 && *status != 404).cloned().collect()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let inside = lock(&self.sides.inside);
            inside.asked.iter().for_each(|(method, path, status)| eprintln!("{method} {path} {status}"));
        }
    }
}

impl Sides {
    fn serve(&self, request: &Request, responder: Responder) {
        let mut inside = lock(&self.inside);
        self.pushed(&mut inside);
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let path = format!("{}{query}", request.path);
        let token = request.authorization.reveal();
        let token = token.strip_prefix("Bearer ").or_else(|| token.strip_prefix("token ")).unwrap_or(token);
        let mut headers = vec![("user-agent", "herder")];
        headers.extend(request.headers.get("accept").map(|accept| ("accept", accept.as_str())));
        let answer = forward(&self.url, token, &request.method, &path, &headers, request.body.clone());
        let Ok((status, headers, body)) = answer else { return responder.hang_up() };
        inside.asked.push((request.method.clone(), request.path.clone(), status));
        if status == 200 && request.path.ends_with("/merge") {
            self.fetch(&mut inside);
        }
        drop(inside);
        let host = request.headers.get("host").cloned().unwrap_or_default();
        let here = |text: &str| text.replace(&self.url, &format!("http://{host}"));
        let headers: Vec<(String, String)> =
            headers.into_iter().map(|(name, value)| (name, here(&value))).collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = here(&String::from_utf8_lossy(&body));
        let _ = responder.send(status, &headers, body.as_bytes());
    }

    /// Writes what was pushed since into the emulator.
    fn pushed(&self, inside: &mut Inside) {
        let refs = self.git(&["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads"], b"");
        for line in refs.lines() {
            let (tip, name) = line.split_once(' ').unwrap();
            if inside.tips.get(name).map(String::as_str) == Some(tip) {
                continue;
            }
            for commit in self.git(&["rev-list", "--reverse", "--topo-order", tip], b"").lines() {
                if inside.known.insert(commit.to_owned()) {
                    self.write_commit(commit);
                }
            }
            let path = format!("/repos/{APP}/git/{}", name);
            let moved = self.ask("PATCH", &path, &json!({ "sha": tip, "force": true }));
            if moved.0 == 404 {
                let made =
                    self.ask("POST", &format!("/repos/{APP}/git/refs"), &json!({ "ref": name, "sha": tip }));
                assert_eq!(made.0, 201, "{made:?}");
            }
            inside.tips.insert(name.to_owned(), tip.to_owned());
        }
    }

    fn write_commit(&self, commit: &str) {
        let mut entries = Vec::new();
        for line in self.git(&["ls-tree", "-r", commit], b"").lines() {
            let (head, path) = line.split_once('\t').unwrap();
            let [mode, _, sha] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let blob = json!({ "content": self.git(&["cat-file", "blob", sha], b""), "encoding": "utf-8" });
            assert_eq!(self.made("blobs", &blob), sha, "{path}");
            entries.push(json!({ "path": path, "mode": mode, "type": "blob", "sha": sha }));
        }
        let tree = self.made("trees", &json!({ "tree": entries }));
        let format = "%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%P%x00%B";
        let said = self.git(&["show", "-s", &format!("--format={format}"), commit], b"");
        let [an, ae, ad, cn, ce, cd, parents, message] = said.splitn(8, '\0').collect::<Vec<_>>()[..] else {
            panic!("{said}")
        };
        let body = json!({
            "tree": tree, "message": message.trim_end_matches('\n'),
            "parents": parents.split_whitespace().collect::<Vec<_>>(),
            "author": { "name": an, "email": ae, "date": ad },
            "committer": { "name": cn, "email": ce, "date": cd },
        });
        assert_eq!(self.made("commits", &body), commit);
    }

    /// Makes an object; gives its name.
    fn made(&self, kind: &str, body: &Value) -> String {
        let (status, answer) = self.ask("POST", &format!("/repos/{APP}/git/{kind}"), body);
        assert_eq!(status, 201, "{answer}");
        answer["sha"].as_str().unwrap().to_owned()
    }

    /// Fetches what the emulator made of a merge, whose tree is that of what was merged.
    fn fetch(&self, inside: &mut Inside) {
        let tip = self.ask("GET", &format!("/repos/{APP}/branches/main"), &Value::Null).1;
        let tip = tip["commit"]["sha"].as_str().unwrap().to_owned();
        let commit = self.ask("GET", &format!("/repos/{APP}/git/commits/{tip}"), &Value::Null).1;
        let person = |who: &Value| {
            let at: jiff::Timestamp = who["date"].as_str().unwrap().parse().unwrap();
            let [name, email] = ["name", "email"].map(|field| who[field].as_str().unwrap());
            format!("{name} <{email}> {} +0000", at.as_second())
        };
        let mut text = format!("tree {}\n", commit["tree"]["sha"].as_str().unwrap());
        for parent in commit["parents"].as_array().unwrap() {
            text.push_str(&format!("parent {}\n", parent["sha"].as_str().unwrap()));
        }
        let message = commit["message"].as_str().unwrap();
        let end = if message.ends_with('\n') { "" } else { "\n" };
        text.push_str(&format!(
            "author {}\ncommitter {}\n\n{message}{end}",
            person(&commit["author"]),
            person(&commit["committer"])
        ));
        let made = self.git(&["hash-object", "-t", "commit", "-w", "--stdin"], text.as_bytes());
        assert_eq!(made.trim(), tip);
        self.git(&["push", "--quiet", &self.git_url, &format!("{tip}:refs/heads/main")], b"");
        inside.known.insert(tip.clone());
        inside.tips.insert("refs/heads/main".to_owned(), tip);
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        ask(&self.url, ADA, method, path, body).unwrap()
    }

    fn git(&self, args: &[&str], input: &[u8]) -> String {
        git(&self.git_dir, args, input)
    }
}

#[track_caller]
fn git(dir: &Path, args: &[&str], input: &[u8]) -> String {
    use std::io::Write as _;
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(dir).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {args:?}");
    String::from_utf8(output.stdout).unwrap()
}
