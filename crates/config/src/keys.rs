//! All keys, in one place: the parser, the errors, the documentation and the orchestrator that takes a changed
//! file up read this table.

use Holds::{AtOnce, NextRun, Restart};

/// Who may set a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The user's `config.toml` only.
    User,
    /// The repository's `.ralph/config.toml` too.
    Both,
    /// The repository's `.ralph/config.toml` only.
    Repository,
}

/// Since when a changed value holds in an orchestrator that is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// Whatever the orchestrator itself does next follows it.
    AtOnce,
    /// Runs and landings that begin from then on follow it.
    NextRun,
    /// The orchestrator has to be started again.
    Restart,
}

impl Holds {
    /// As a person reads it, behind the names of keys.
    pub fn words(self) -> &'static str {
        match self {
            Self::AtOnce => "at once",
            Self::NextRun => "in what begins from now on",
            Self::Restart => "only after a restart (`herder down`, then `herder up`)",
        }
    }
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Dotted; `*` stands for a name that the user chooses.
    pub path: &'static str,
    /// What it takes, as an error says it.
    pub takes: &'static str,
    /// Who may set it.
    pub place: Place,
    /// Since when a change of it holds.
    pub holds: Holds,
    /// What it means, one line.
    pub meaning: &'static str,
}

const NAME: &str = "a name without spaces, in quotes";
const TEXT: &str = "a text in quotes";
const DURATION: &str = "a duration in quotes: \"90s\", \"200m\", \"4h\" or \"1h30m\"";
const COUNT: &str = "a whole number of 1 or more";
const SLOTS: &str = "a whole number of 1 or more, or \"auto\" for as many as this machine has room for";
const USD: &str = "an amount of US dollars above 0";
const TEXTS: &str = "a list of texts: [\"a\", \"b\"]";
const GLOBS: &str = "a list of globs: [\"ci/**\", \"*.lock\"]";
const PATHS: &str = "a list of absolute paths, or paths that begin with ~/";
const VARIABLE: &str = "the name of an environment variable, never its value";
const VARIABLES: &str = "a list of names of environment variables, never their values";
const REASONING: &str = "\"none\", \"low\", \"med\" or \"high\"";
const FILES: &str = "a list of paths from the top of the repository: [\"Cargo.lock\"]";
const BOOLEAN: &str = "true or false";
const PORTS: &str = "a whole number from 1 to 100";
const TOKENS: &str = "a whole number of 1 or more, \"auto\" for as many as there are processors, or \"off\"";
const PROGRAMS: &str = "a list of programs without their path: [\"pytest\", \"valgrind\"]";
const NICE: &str = "a whole number from 0 to 19";
const WEIGHT: &str = "a whole number from 1 to 10000; others have 100";
const KIND: &str = "\"claude\", \"command\" or \"replay\"";
const URL: &str = "a URL that begins with http:// or https://";
const ADDRESSES: &str = "a URL that begins with http:// or https://, for mail with smtp:// or smtps://";
const WAY: &str =
    "\"command\", \"desktop\", \"ntfy\", \"json\", \"slack\", \"mattermost\", \"discord\" or \"mail\"";
const LEVEL: &str = "\"info\", \"attention\" or \"urgent\"";
const STORIES: &str = "a list of stories: [\"owner/name#12\"]";
const SLEEP: &str = "\"inhibit\" or \"allow\"";
const PERCENT: &str = "a whole number from 1 to 100";
const KEPT: &str = "a whole number from 0 to 100";
const ADDRESS: &str = "an address and a port: \"127.0.0.1:9000\"";
const UNKNOWN: &str = "\"allow\" or \"hold\"";
const ZONE: &str = "the name of a time zone: \"Europe/Berlin\"";
const CLOCK: &str = "a time of day in quotes: \"22:00\"";
const DAYS: &str = "a list of days: [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]";
const MODELS: &str = "a list of names of models: [\"haiku\"]";
const NOTICES: &str = "\"at_once\" or \"after\"";
const PATH: &str = "an absolute path, or one that begins with ~/";

const fn user(path: &'static str, takes: &'static str, holds: Holds, meaning: &'static str) -> Key {
    Key { path, takes, place: Place::User, holds, meaning }
}

const fn both(path: &'static str, takes: &'static str, holds: Holds, meaning: &'static str) -> Key {
    Key { path, takes, place: Place::Both, holds, meaning }
}

const fn repository(path: &'static str, takes: &'static str, holds: Holds, meaning: &'static str) -> Key {
    Key { path, takes, place: Place::Repository, holds, meaning }
}

/// Every key there is.
pub const KEYS: &[Key] = &[
    user("max", SLOTS, AtOnce, "how many ralphs work at once"),
    user("time_zone", ZONE, AtOnce, "whose clocks hours and days go by; this machine's, if absent"),
    user("hours.*.days", DAYS, AtOnce, "the days on which this window opens; all, if absent"),
    user("hours.*.from", CLOCK, AtOnce, "when it opens"),
    user("hours.*.to", CLOCK, AtOnce, "when it closes, on the next day if that is not later"),
    user("hours.*.max", SLOTS, AtOnce, "how many ralphs work at once in it"),
    user(
        "hours.*.models",
        MODELS,
        AtOnce,
        "the models that run in it; the first is what goals get that name none",
    ),
    user("hours.*.notify", NOTICES, AtOnce, "when you are told of what happens in it"),
    both("agent", NAME, NextRun, "the coding agent"),
    both("model", NAME, NextRun, "the model, passed to the agent"),
    both("reasoning", REASONING, NextRun, "how much the agent thinks"),
    both("duration", DURATION, NextRun, "working time of a run"),
    both("max_age", DURATION, NextRun, "wall time of a run, waiting and sleeping included"),
    both("budget.iterations", COUNT, NextRun, "iterations of a run"),
    both("budget.tokens", COUNT, NextRun, "tokens of a run"),
    both("budget.usd", USD, NextRun, "US dollars of a run"),
    user("budgets.goal.usd", USD, AtOnce, "US dollars that a goal may spend over all its runs"),
    user("budgets.goal.tokens", COUNT, AtOnce, "tokens that a goal may spend over all its runs"),
    user("budgets.goal.time", DURATION, AtOnce, "time of runs that a goal may spend over all its runs"),
    user("budgets.story.usd", USD, AtOnce, "US dollars that a story may spend over all runs of its goals"),
    user("budgets.story.tokens", COUNT, AtOnce, "tokens that a story may spend over all runs of its goals"),
    user(
        "budgets.story.time",
        DURATION,
        AtOnce,
        "time of runs that a story may spend over all runs of its goals",
    ),
    user("budgets.repo.usd", USD, AtOnce, "US dollars that each repository may spend in a day"),
    user("budgets.repo.tokens", COUNT, AtOnce, "tokens that each repository may spend in a day"),
    user("budgets.repo.time", DURATION, AtOnce, "time of runs that each repository may spend in a day"),
    user("budgets.day.usd", USD, AtOnce, "US dollars that all repositories together may spend in a day"),
    user("budgets.day.tokens", COUNT, AtOnce, "tokens that all repositories together may spend in a day"),
    user(
        "budgets.day.time",
        DURATION,
        AtOnce,
        "time of runs that all repositories together may spend in a day",
    ),
    user(
        "budgets.unknown_cost",
        UNKNOWN,
        AtOnce,
        "what follows where dollars are bounded and nobody knows a cost",
    ),
    user(
        "budgets.reserve",
        KEPT,
        AtOnce,
        "percent of each usage window of an account that are kept for goals with a priority",
    ),
    user("ceilings.duration", DURATION, NextRun, "the most that a goal or a repository may ask for"),
    user("ceilings.max_age", DURATION, NextRun, "the most that a goal or a repository may ask for"),
    user("ceilings.iterations", COUNT, NextRun, "the most that a goal or a repository may ask for"),
    user("ceilings.tokens", COUNT, NextRun, "the most that a goal or a repository may ask for"),
    user("ceilings.usd", USD, NextRun, "the most that a goal or a repository may ask for"),
    user("agents.*.kind", KIND, NextRun, "which adapter drives the agent"),
    user("agents.*.program", TEXT, NextRun, "its program, if not the kind's own on the PATH"),
    user("agents.*.args", TEXTS, NextRun, "further arguments"),
    user("agents.*.base_url", URL, NextRun, "where its model is served"),
    user("agents.*.credential", VARIABLE, NextRun, "the variable that holds its credential"),
    user("agents.*.model", NAME, NextRun, "its model where nobody says another"),
    user("agents.*.models_allowed", GLOBS, NextRun, "the models that may be asked for; all, if absent"),
    user("agents.*.summarizer", NAME, NextRun, "the cheap model that folds progress, or \"none\""),
    user(
        "agents.*.context_window",
        COUNT,
        NextRun,
        "tokens that its model's context holds, if it does not say so",
    ),
    user("root", PATH, Restart, "where clones lie"),
    user("webhook", ADDRESS, Restart, "where webhooks are heard"),
    user("sleep", SLEEP, AtOnce, "whether this machine may go to sleep while anything is at work"),
    user("author.name", TEXT, AtOnce, "who makes herder's commits"),
    user("author.email", TEXT, AtOnce, "the address of who makes herder's commits"),
    user("backoff.first", DURATION, AtOnce, "the wait after a first failure; it doubles"),
    user("backoff.longest", DURATION, AtOnce, "the longest such wait"),
    user("timeouts.silence", DURATION, NextRun, "how long an agent may say nothing"),
    user("timeouts.tool", DURATION, NextRun, "how long one tool call may take"),
    user("timeouts.iteration", DURATION, NextRun, "how long one iteration may take"),
    both("timeouts.gate", DURATION, NextRun, "how long the gate may take"),
    both("timeouts.setup", DURATION, NextRun, "how long .ralph/setup or .ralph/teardown may take"),
    user("timeouts.wait", DURATION, NextRun, "the longest wait for a limit inside a run"),
    user(
        "retention.runs",
        DURATION,
        AtOnce,
        "how long the large files of a run stay after its goal was settled",
    ),
    user("retention.snapshots", DURATION, AtOnce, "how long the vault keeps the snapshots of a settled goal"),
    user(
        "retention.records",
        DURATION,
        AtOnce,
        "how long what a run came to stays after its goal was settled",
    ),
    user("retention.caches_gib", COUNT, AtOnce, "how much all package caches together may take, in GiB"),
    user("notify.command", TEXTS, AtOnce, "a program and its arguments, run to tell a person"),
    user(
        "notify.post_url",
        URL,
        AtOnce,
        "where a message is posted as JSON; ntfy's base address, or any other",
    ),
    user("notify.post_topic", NAME, AtOnce, "ntfy's topic"),
    user("notify.post_token_env", VARIABLE, AtOnce, "the variable that holds the token for it"),
    user("notify.digest", CLOCK, AtOnce, "when you are told what the last day came to"),
    user(
        "notify.escalate",
        DURATION,
        AtOnce,
        "after how long you are told again of what waits for your look",
    ),
    user(
        "notify.links",
        URL,
        AtOnce,
        "where the dashboard is reached from afar; messages carry orders there",
    ),
    user("notify.to.*.kind", WAY, AtOnce, "what this way to tell a person is"),
    user("notify.to.*.command", TEXTS, AtOnce, "a command's program and its arguments"),
    user("notify.to.*.url", ADDRESSES, AtOnce, "where ntfy, a webhook or the mail server is"),
    user("notify.to.*.url_env", VARIABLE, AtOnce, "the variable that holds this address"),
    user("notify.to.*.url_file", PATH, AtOnce, "the file that holds this address"),
    user("notify.to.*.topic", NAME, AtOnce, "ntfy's topic"),
    user("notify.to.*.token_env", VARIABLE, AtOnce, "the variable that holds the token for it"),
    user("notify.to.*.token_file", PATH, AtOnce, "the file that holds the token for it"),
    user("notify.to.*.user", TEXT, AtOnce, "as whom the mail server knows you"),
    user("notify.to.*.password_env", VARIABLE, AtOnce, "the variable that holds the password for that"),
    user("notify.to.*.password_file", PATH, AtOnce, "the file that holds the password for that"),
    user("notify.to.*.from", TEXT, AtOnce, "who writes the mails"),
    user("notify.to.*.to", TEXTS, AtOnce, "whom the mails go to"),
    user("notify.to.*.level", LEVEL, AtOnce, "what matters less is not told this way"),
    user("notify.to.*.repos", TEXTS, AtOnce, "the repositories of which is told this way"),
    user("notify.to.*.stories", STORIES, AtOnce, "the stories of which is told this way"),
    user("notify.to.*.awake_from", CLOCK, AtOnce, "from when on somebody hears this way"),
    user("notify.to.*.awake_to", CLOCK, AtOnce, "until when somebody hears this way"),
    user("redact.env", VARIABLES, AtOnce, "variables whose values never reach a file"),
    user(
        "build_tokens",
        TOKENS,
        NextRun,
        "how many processes of builds are at work at once, of all runs together",
    ),
    both("heavy", PROGRAMS, NextRun, "programs that get all build tokens before they begin"),
    user("limits.nice", NICE, NextRun, "how far behind others its jobs are on processors and disks"),
    user(
        "limits.memory_mib",
        COUNT,
        NextRun,
        "how much memory a job may take, in MiB; more than that, and it is killed",
    ),
    user("limits.processes", COUNT, NextRun, "how many processes and threads a job may have"),
    user("limits.cpu_weight", WEIGHT, NextRun, "a job's share of the processors beside others"),
    user("limits.io_weight", WEIGHT, NextRun, "a job's share of the disks beside others"),
    user("sandbox.read", PATHS, NextRun, "further paths that agents and gates may read"),
    user("sandbox.write", PATHS, NextRun, "further paths that agents and gates may write"),
    user("sandbox.env", VARIABLES, NextRun, "variables that agents and gates are given"),
    repository(
        "gate",
        "\"none\", or the table [gate]",
        NextRun,
        "\"none\": work lands though there is no gate",
    ),
    repository("gate.check", "\"none\"", NextRun, "as gate = \"none\", beside other keys of [gate]"),
    both(
        "gate.protect",
        GLOBS,
        AtOnce,
        "paths whose change sends work to spot-check; .ralph/ and .lfsconfig always do",
    ),
    both("test_globs", GLOBS, AtOnce, "test files, whose deletion sends work to spot-check"),
    repository("setup.key", FILES, NextRun, "files that decide whether what .ralph/setup made is still good"),
    repository(
        "setup.keep",
        FILES,
        NextRun,
        "directories that .ralph/setup makes and that are kept and copied",
    ),
    repository("setup.files", FILES, NextRun, "files that are copied from the user's repo.*.files_from"),
    repository(
        "setup.seed",
        FILES,
        NextRun,
        "build directories of the landing gate that the next ones begin with",
    ),
    repository("submodules", BOOLEAN, NextRun, "whether submodules are filled"),
    both("ports", PORTS, NextRun, "how many ports each run gets for itself"),
    user("repo.*.files_from", PATH, NextRun, "the directory in which the files of setup.files lie"),
    user("repo.*.base", NAME, NextRun, "the branch that work lands on"),
    user("repo.*.max", COUNT, AtOnce, "how many ralphs work in this repository at once"),
    user(
        "repo.*.weight",
        COUNT,
        AtOnce,
        "how many times the share of another repository it has of the slots",
    ),
    user(
        "repo.*.pause_on_red",
        BOOLEAN,
        AtOnce,
        "whether no goal starts while checks of the base branch are red",
    ),
    user("repo.*.agent", NAME, NextRun, "as above, for this repository"),
    user("repo.*.model", NAME, NextRun, "as above, for this repository"),
    user("repo.*.reasoning", REASONING, NextRun, "as above, for this repository"),
    user("repo.*.duration", DURATION, NextRun, "as above, for this repository"),
    user("repo.*.max_age", DURATION, NextRun, "as above, for this repository"),
    user("repo.*.budget.iterations", COUNT, NextRun, "as above, for this repository"),
    user("repo.*.budget.tokens", COUNT, NextRun, "as above, for this repository"),
    user("repo.*.budget.usd", USD, NextRun, "as above, for this repository"),
    user("repo.*.limits.nice", NICE, NextRun, "as above, for this repository"),
    user("repo.*.limits.memory_mib", COUNT, NextRun, "as above, for this repository"),
    user("repo.*.limits.processes", COUNT, NextRun, "as above, for this repository"),
    user("repo.*.limits.cpu_weight", WEIGHT, NextRun, "as above, for this repository"),
    user("repo.*.limits.io_weight", WEIGHT, NextRun, "as above, for this repository"),
    user("forge.*.api", URL, Restart, "where the REST interface of this host begins"),
    user("forge.*.graphql", URL, Restart, "the address of its GraphQL"),
    user("forge.*.git", URL, Restart, "what the addresses begin with that git fetches from"),
    user("forge.*.token", VARIABLE, Restart, "the variable that holds the token for it"),
    user("forge.*.poll", DURATION, Restart, "how often it is asked while something moves"),
    user(
        "forge.*.share",
        PERCENT,
        Restart,
        "the most that herder takes of the account's rate limits, in percent",
    ),
    user("forge.*.webhook_secret", VARIABLE, Restart, "the variable that holds the secret of its webhooks"),
    user("forge.*.webhook_secret_file", PATH, Restart, "the file that holds the secret of its webhooks"),
    user("forge.*.app", TEXT, Restart, "the client id of a GitHub App that herder works as"),
    user("forge.*.installation", COUNT, Restart, "the number of the app's installation"),
    user("forge.*.app_key", VARIABLE, Restart, "the variable that holds the app's private key"),
    user("forge.*.app_key_file", PATH, Restart, "the file that holds the app's private key"),
];

impl Key {
    /// The key that a dotted path spells.
    pub fn of(path: &[String]) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.matches(path))
    }

    /// The key of a dotted name as a person writes it, with quotes where a part needs them.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::of(&parts(name)?)
    }

    /// The key that was probably meant by a dotted path that is none.
    pub fn likely(path: &str) -> Option<String> {
        let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
        crate::document::likely(&parts)
    }

    /// Whether keys stand below a dotted path.
    pub(crate) fn is_table(path: &[String]) -> bool {
        KEYS.iter().any(|key| {
            let mut mine = key.path.split('.');
            path.iter().all(|part| mine.next().is_some_and(|name| name == "*" || name == part))
                && mine.next().is_some()
        })
    }

    fn matches(&self, path: &[String]) -> bool {
        let mut mine = self.path.split('.');
        path.iter().all(|part| mine.next().is_some_and(|name| name == "*" || name == part))
            && mine.next().is_none()
    }

    /// The words that may stand where the last part of `path` stands, as full dotted keys.
    pub(crate) fn beside(path: &[String]) -> Vec<String> {
        let (_, parents) = path.split_last().unwrap_or((const { &String::new() }, &[]));
        let mut found = Vec::new();
        for key in KEYS {
            let mut mine = key.path.split('.');
            if parents.iter().all(|part| mine.next().is_some_and(|name| name == "*" || name == part)) {
                found.extend(mine.next().filter(|name| *name != "*").map(ToOwned::to_owned));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// What a key takes, for an error.
pub(crate) fn takes(path: &[String]) -> &'static str {
    Key::of(path).map_or("a value of another kind", |key| key.takes)
}

/// The parts of a dotted name as a person writes it.
pub(crate) fn parts(name: &str) -> Option<Vec<String>> {
    Some(toml_edit::Key::parse(name).ok()?.iter().map(|part| part.get().to_owned()).collect())
}
