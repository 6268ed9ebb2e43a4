//! Taking up a changed configuration without a pause in the work: what begins from now on follows it, what
//! is at work goes on as it began. One that cannot be used changes nothing.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use herder_config::{Change, Flags, UserConfig};
use herder_domain::capacity::Capacity;
use herder_domain::event::Event;
use herder_store::Settings;
use jiff::Timestamp;

use super::daemon::Daemon;
use super::{UpError, planning};
use crate::context::lookup;
use crate::told::Told;

/// How long a changed file must have been left alone: an editor that empties it first has not emptied the
/// configuration.
const SETTLED: Duration = Duration::from_millis(500);

/// The configuration's file, as it was when it was read last.
pub(super) struct ConfigFile {
    path: PathBuf,
    stamp: Option<Stamp>,
    /// Since when a file that was there is not there any more.
    missing_since: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    size: u64,
    inode: u64,
}

impl ConfigFile {
    pub(super) fn of(config: &UserConfig) -> Self {
        let path = config.file().to_path_buf();
        Self { stamp: stamp(&path), path, missing_since: None }
    }

    /// Whether it is another file than was read, and no longer being written: an editor may empty it first, or
    /// have it away for a moment.
    pub(super) fn has_changed(&mut self) -> bool {
        let now = stamp(&self.path);
        if now.is_some() || self.stamp.is_none() {
            self.missing_since = None;
        }
        if !self.path.is_absolute() || now == self.stamp {
            return false;
        }
        match now {
            Some(stamp) => stamp.modified.elapsed().map_or(true, |age| age >= SETTLED),
            None => self.missing_since.get_or_insert_with(Instant::now).elapsed() >= SETTLED,
        }
    }

    fn read(&mut self) -> Result<UserConfig, UpError> {
        self.stamp = stamp(&self.path);
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(UpError::System(error)),
        };
        Ok(UserConfig::parse(&self.path, &text)?)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp { modified: metadata.modified().ok()?, size: metadata.size(), inode: metadata.ino() })
}

/// Takes the configuration up if it has changed.
pub(super) fn reload_if_changed(daemon: &mut Daemon) -> Result<(), UpError> {
    if !daemon.config_file.has_changed() {
        return Ok(());
    }
    match take_up(daemon) {
        Ok(changes) => {
            let text = match changes.as_slice() {
                [] => "the configuration was written anew, and nothing of it holds otherwise".to_owned(),
                changes => format!("the changed configuration holds: {}", Change::told(changes)),
            };
            daemon.say(&Told::note(Timestamp::now(), text));
            free_logins(daemon)
        }
        Err(error) => {
            let text = format!("the changed configuration cannot be used, the last one holds on: {error}");
            daemon.say(&Told::note(Timestamp::now(), text));
            Ok(())
        }
    }
}

fn take_up(daemon: &mut Daemon) -> Result<Vec<Change>, UpError> {
    let config = daemon.config_file.read()?;
    let (context, flags) = (&daemon.context, &daemon.context.flags);
    let mut changes = config.changes_since(&context.config);
    let followed = follow(&config, flags, &context.settings)?;
    changes.retain(|change| !followed.overruled.contains(&change.key.path));
    let context = Arc::new(context.with(config, followed.settings)?);
    // The new one may name further secrets.
    daemon.log = Mutex::new(context.state.open_orchestrator_log(Arc::clone(&context.redactor))?);
    daemon.context = context;
    let admission = daemon.planning.capacity.admission;
    daemon.planning = Settings {
        capacity: Capacity { admission, ..followed.planning.capacity },
        only: daemon.planning.only.take(),
        ..followed.planning
    };
    Ok(changes)
}

/// What an orchestrator goes by from now on.
struct Followed {
    settings: herder_config::Settings,
    planning: Settings,
    /// Keys that only hold after a restart and would hold no other value then: a flag overrules them, say.
    overruled: Vec<&'static str>,
}

/// What is made of a configuration by an orchestrator that goes by `before` until now. Clones, rooms and caches
/// lie below one root as long as it is up: what it has begun below one would be cleared away by nobody. Webhooks are
/// heard where it began to hear them.
fn follow(config: &UserConfig, flags: &Flags, before: &herder_config::Settings) -> Result<Followed, UpError> {
    let mut settings = config.vet(flags, lookup)?;
    let is_same = [
        ("root", settings.root.value == before.root.value),
        ("webhook", settings.webhook.value == before.webhook.value),
    ];
    let overruled = is_same.into_iter().filter(|(_, is_same)| *is_same).map(|(key, _)| key).collect();
    settings.root = before.root.clone();
    settings.webhook = before.webhook.clone();
    let planning = planning(config, flags, &settings)?;
    Ok(Followed { settings, planning, overruled })
}

/// A login that failed may be mended by what was changed; it is tried again.
fn free_logins(daemon: &mut Daemon) -> Result<(), UpError> {
    let parked = daemon.store.parked()?;
    for (agent, _) in parked.into_iter().filter(|(_, parked)| parked.until.is_none()) {
        daemon.append(&Event::AccountFreed { agent })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use herder_config::{Holds, KEYS, Place, RepositoryConfig, environment, resolve, review};
    use herder_domain::goal::GoalOptions;
    use herder_domain::repo::RepoId;

    use super::*;

    /// For each key a file that sets it.
    const SAMPLES: &[(&str, &str)] = &[
        ("max", "max = 7"),
        ("time_zone", "time_zone = \"XYZ-5\""),
        ("hours.*.days", "hours.n = { from = \"22:00\", to = \"06:00\", days = [\"mon\"] }"),
        ("hours.*.from", "hours.n = { from = \"22:00\", to = \"06:00\" }"),
        ("hours.*.to", "hours.n = { from = \"22:00\", to = \"06:00\" }"),
        ("hours.*.max", "hours.n = { from = \"22:00\", to = \"06:00\", max = 9 }"),
        ("hours.*.models", "hours.n = { from = \"22:00\", to = \"06:00\", models = [\"haiku\"] }"),
        ("hours.*.notify", "hours.n = { from = \"22:00\", to = \"06:00\", notify = \"after\" }"),
        ("agent", "agent = \"replay\""),
        ("model", "model = \"opus\""),
        ("reasoning", "reasoning = \"high\""),
        ("duration", "duration = \"1h\""),
        ("max_age", "max_age = \"9h\""),
        ("budget.iterations", "budget.iterations = 3"),
        ("budget.tokens", "budget.tokens = 3"),
        ("budget.usd", "budget.usd = 3"),
        ("budgets.goal.usd", "budgets.goal.usd = 3"),
        ("budgets.goal.tokens", "budgets.goal.tokens = 3"),
        ("budgets.goal.time", "budgets.goal.time = \"3h\""),
        ("budgets.story.usd", "budgets.story.usd = 3"),
        ("budgets.story.tokens", "budgets.story.tokens = 3"),
        ("budgets.story.time", "budgets.story.time = \"3h\""),
        ("budgets.repo.usd", "budgets.repo.usd = 3"),
        ("budgets.repo.tokens", "budgets.repo.tokens = 3"),
        ("budgets.repo.time", "budgets.repo.time = \"3h\""),
        ("budgets.day.usd", "budgets.day.usd = 3"),
        ("budgets.day.tokens", "budgets.day.tokens = 3"),
        ("budgets.day.time", "budgets.day.time = \"3h\""),
        ("budgets.unknown_cost", "budgets.unknown_cost = \"hold\""),
        ("budgets.reserve", "budgets.reserve = 9"),
        ("ceilings.duration", "ceilings.duration = \"1h\""),
        ("ceilings.max_age", "ceilings.max_age = \"1h\""),
        ("ceilings.iterations", "ceilings.iterations = 3"),
        ("ceilings.tokens", "ceilings.tokens = 3"),
        ("ceilings.usd", "ceilings.usd = 3"),
        ("agents.*.kind", "agents.claude.kind = \"replay\""),
        ("agents.*.program", "agents.claude.program = \"x\""),
        ("agents.*.args", "agents.claude.args = [\"x\"]"),
        ("agents.*.base_url", "agents.claude.base_url = \"http://127.0.0.1:1\""),
        ("agents.*.credential", "agents.claude.credential = \"KEY\""),
        ("agents.*.model", "agents.claude.model = \"opus\""),
        ("agents.*.models_allowed", "agents.claude.models_allowed = [\"sonnet\"]"),
        ("agents.*.summarizer", "agents.claude.summarizer = \"none\""),
        ("agents.*.context_window", "agents.claude.context_window = 9"),
        ("root", "root = \"/elsewhere\""),
        ("sleep", "sleep = \"allow\""),
        ("author.name", "author.name = \"Robot\""),
        ("author.email", "author.email = \"robot@example.org\""),
        ("backoff.first", "backoff.first = \"1s\""),
        ("backoff.longest", "backoff.longest = \"1m\""),
        ("timeouts.silence", "timeouts.silence = \"1s\""),
        ("timeouts.tool", "timeouts.tool = \"1s\""),
        ("timeouts.iteration", "timeouts.iteration = \"1s\""),
        ("timeouts.gate", "timeouts.gate = \"1s\""),
        ("timeouts.setup", "timeouts.setup = \"1s\""),
        ("timeouts.wait", "timeouts.wait = \"1s\""),
        ("retention.runs", "retention.runs = \"1d\""),
        ("retention.snapshots", "retention.snapshots = \"1d\""),
        ("retention.records", "retention.records = \"99d\""),
        ("retention.caches_gib", "retention.caches_gib = 1"),
        ("notify.command", "notify.command = [\"x\"]"),
        ("notify.post_url", "notify.post_url = \"http://127.0.0.1:1\""),
        ("notify.post_topic", "notify = { post_url = \"http://127.0.0.1:1\", post_topic = \"x\" }"),
        (
            "notify.post_token_env",
            "notify = { post_url = \"http://127.0.0.1:1\", post_token_env = \"TOKEN\" }",
        ),
        ("notify.digest", "notify.digest = \"07:00\""),
        ("notify.escalate", "notify.escalate = \"4h\""),
        ("notify.links", "notify.links = \"https://herder.example\""),
        ("notify.to.*.kind", "notify.to.a = { kind = \"desktop\" }"),
        ("notify.to.*.command", "notify.to.a = { kind = \"command\", command = [\"x\"] }"),
        ("notify.to.*.url", "notify.to.a = { kind = \"json\", url = \"http://127.0.0.1:1\" }"),
        ("notify.to.*.url_env", "notify.to.a = { kind = \"slack\", url_env = \"HOOK\" }"),
        ("notify.to.*.url_file", "notify.to.a = { kind = \"slack\", url_file = \"/srv/hook\" }"),
        (
            "notify.to.*.topic",
            "notify.to.a = { kind = \"ntfy\", url = \"http://127.0.0.1:1\", topic = \"x\" }",
        ),
        (
            "notify.to.*.token_env",
            "notify.to.a = { kind = \"json\", url = \"http://127.0.0.1:1\", token_env = \"TOKEN\" }",
        ),
        (
            "notify.to.*.token_file",
            "notify.to.a = { kind = \"json\", url = \"http://127.0.0.1:1\", token_file = \"/srv/token\" }",
        ),
        (
            "notify.to.*.user",
            "notify.to.a = { kind = \"mail\", url = \"smtp://127.0.0.1:1\", from = \"a@b.example\", to = [\"c@d.example\"], user = \"u\", password_env = \"PASS\" }",
        ),
        (
            "notify.to.*.password_env",
            "notify.to.a = { kind = \"mail\", url = \"smtp://127.0.0.1:1\", from = \"a@b.example\", to = [\"c@d.example\"], user = \"u\", password_env = \"WORD\" }",
        ),
        (
            "notify.to.*.password_file",
            "notify.to.a = { kind = \"mail\", url = \"smtp://127.0.0.1:1\", from = \"a@b.example\", to = [\"c@d.example\"], user = \"u\", password_file = \"/srv/pass\" }",
        ),
        (
            "notify.to.*.from",
            "notify.to.a = { kind = \"mail\", url = \"smtp://127.0.0.1:1\", from = \"a@b.example\", to = [\"c@d.example\"] }",
        ),
        (
            "notify.to.*.to",
            "notify.to.a = { kind = \"mail\", url = \"smtp://127.0.0.1:1\", from = \"a@b.example\", to = [\"e@f.example\"] }",
        ),
        ("notify.to.*.level", "notify.to.a = { kind = \"desktop\", level = \"urgent\" }"),
        ("notify.to.*.repos", "notify.to.a = { kind = \"desktop\", repos = [\"acme/app\"] }"),
        ("notify.to.*.stories", "notify.to.a = { kind = \"desktop\", stories = [\"acme/app#1\"] }"),
        (
            "notify.to.*.awake_from",
            "notify.to.a = { kind = \"desktop\", awake_from = \"07:00\", awake_to = \"22:00\" }",
        ),
        (
            "notify.to.*.awake_to",
            "notify.to.a = { kind = \"desktop\", awake_from = \"07:00\", awake_to = \"23:00\" }",
        ),
        ("redact.env", "redact.env = [\"SECRET\"]"),
        ("build_tokens", "build_tokens = 3"),
        ("heavy", "heavy = [\"x\"]"),
        ("limits.nice", "limits.nice = 7"),
        ("limits.memory_mib", "limits.memory_mib = 100"),
        ("limits.processes", "limits.processes = 99"),
        ("limits.cpu_weight", "limits.cpu_weight = 20"),
        ("limits.io_weight", "limits.io_weight = 20"),
        ("sandbox.read", "sandbox.read = [\"/srv\"]"),
        ("sandbox.write", "sandbox.write = [\"/srv\"]"),
        ("sandbox.env", "sandbox.env = [\"X\"]"),
        ("gate", "gate = \"none\""),
        ("gate.check", "gate.check = \"none\""),
        ("gate.protect", "gate.protect = [\"x\"]"),
        ("test_globs", "test_globs = [\"x\"]"),
        ("setup.key", "setup.key = [\"x\"]"),
        ("setup.keep", "setup.keep = [\"x\"]"),
        ("setup.files", "setup.files = [\"x\"]"),
        ("setup.seed", "setup.seed = [\"x\"]"),
        ("submodules", "submodules = true"),
        ("ports", "ports = 3"),
        ("repo.*.limits.nice", "repo.app.limits.nice = 7"),
        ("repo.*.limits.memory_mib", "repo.app.limits.memory_mib = 100"),
        ("repo.*.limits.processes", "repo.app.limits.processes = 99"),
        ("repo.*.limits.cpu_weight", "repo.app.limits.cpu_weight = 20"),
        ("repo.*.limits.io_weight", "repo.app.limits.io_weight = 20"),
        ("forge.*.api", "forge.\"github.com\".api = \"http://127.0.0.1:1\""),
        ("forge.*.graphql", "forge.\"github.com\".graphql = \"http://127.0.0.1:1\""),
        ("forge.*.git", "forge.\"github.com\".git = \"http://127.0.0.1:1\""),
        ("forge.*.token", "forge.\"github.com\".token = \"TOKEN\""),
        ("forge.*.poll", "forge.\"github.com\".poll = \"20s\""),
        ("forge.*.share", "forge.\"github.com\".share = 10"),
        ("forge.*.webhook_secret", "forge.\"github.com\".webhook_secret = \"SECRET\""),
        ("forge.*.webhook_secret_file", "forge.\"github.com\".webhook_secret_file = \"/srv/secret\""),
        ("forge.*.app", "forge.\"github.com\" = { app = \"x\", installation = 1, app_key = \"KEY\" }"),
        (
            "forge.*.installation",
            "forge.\"github.com\" = { app = \"x\", installation = 2, app_key = \"KEY\" }",
        ),
        ("forge.*.app_key", "forge.\"github.com\" = { app = \"x\", installation = 1, app_key = \"OTHER\" }"),
        (
            "forge.*.app_key_file",
            "forge.\"github.com\" = { app = \"x\", installation = 1, app_key_file = \"/srv/key\" }",
        ),
        ("webhook", "webhook = \"127.0.0.1:9\""),
        ("repo.*.files_from", "repo.app.files_from = \"/srv\""),
        ("repo.*.base", "repo.app.base = \"develop\""),
        ("repo.*.max", "repo.app.max = 1"),
        ("repo.*.weight", "repo.app.weight = 2"),
        ("repo.*.pause_on_red", "repo.app.pause_on_red = false"),
        ("repo.*.agent", "repo.app.agent = \"replay\""),
        ("repo.*.model", "repo.app.model = \"opus\""),
        ("repo.*.reasoning", "repo.app.reasoning = \"high\""),
        ("repo.*.duration", "repo.app.duration = \"1h\""),
        ("repo.*.max_age", "repo.app.max_age = \"9h\""),
        ("repo.*.budget.iterations", "repo.app.budget.iterations = 3"),
        ("repo.*.budget.tokens", "repo.app.budget.tokens = 3"),
        ("repo.*.budget.usd", "repo.app.budget.usd = 3"),
    ];

    fn env(name: &str) -> Option<std::ffi::OsString> {
        (name == "HOME").then(|| "/h".into())
    }

    /// What an orchestrator draws from the two files.
    struct Drawn {
        at_once: String,
        next: String,
        /// Variables whose values it writes nowhere: a new one is never to be seen, even if it is used later.
        secrets: Vec<String>,
    }

    /// All that it draws, once it has taken this text up after an empty one.
    fn drawn(user: &str, repository: &RepositoryConfig) -> Drawn {
        let read = |text| UserConfig::parse(Path::new("/config.toml"), text).unwrap();
        let (config, flags) = (read(user), Flags::default());
        let id: RepoId = "github.com/acme/app".parse().unwrap();
        let before = read("").settings(&flags, env).unwrap();
        let mut followed = follow(&config, &flags, &before).unwrap();
        let secrets = std::mem::take(&mut followed.settings.secrets);
        let at_once = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            followed.settings,
            followed.planning,
            config.reserve(),
            config.retention(),
            config.max_in(&id),
            config.weight_of(&id),
            config.pauses_on_red(&id),
            review(repository, &config)
        );
        let asks = GoalOptions { model: Some("haiku".into()), ..GoalOptions::default() };
        let resolved = |options| resolve(options, &flags, Some(&id), repository, &config, env);
        let next = format!(
            "{:?} {:?} {:?}",
            resolved(&GoalOptions::default()),
            resolved(&asks),
            environment(repository, &config, &id, env)
        );
        Drawn { at_once, next, secrets }
    }

    #[test]
    fn every_key_reaches_a_going_orchestrator_or_is_said_to_need_a_restart() {
        for key in KEYS {
            let sample = SAMPLES.iter().find(|(path, _)| *path == key.path);
            let (_, text) = sample.unwrap_or_else(|| panic!("no sample sets {}", key.path));
            let none = RepositoryConfig::empty();
            let before = drawn("", &none);
            let after = match key.place {
                Place::User | Place::Both => drawn(text, &none),
                Place::Repository => drawn("", &RepositoryConfig::parse(text).unwrap()),
            };
            let is_other = match key.holds {
                Holds::AtOnce => before.at_once != after.at_once || before.secrets != after.secrets,
                Holds::NextRun => before.next != after.next,
                Holds::Restart => (before.at_once, before.next) == (after.at_once, after.next),
            };
            assert!(is_other, "{} does not hold {}", key.path, key.holds.words());
        }
    }
}
