//! The two files: what they take, and what each error says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use herder_config::{
    ConfigError, EnvironmentSettings, Explained, Flags, KEYS, Key, Place, RepositoryConfig, Source,
    Submodules, UserConfig, check, credential, environment, explain_surroundings, resolve,
};
use herder_domain::capacity::Slots;
use herder_domain::finding::Verdict;
use herder_domain::setup::{AgentKind, AgentSetup};

const EVERYTHING: &str = include_str!("everything.toml");

fn user(text: &str) -> Result<UserConfig, ConfigError> {
    UserConfig::parse(Path::new("config.toml"), text)
}

fn env<'e>(pairs: &'e [(&'e str, &'e str)]) -> impl Fn(&str) -> Option<OsString> + 'e {
    |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
}

#[test]
fn every_key_is_taken_where_it_may_stand() {
    user(EVERYTHING).unwrap();
    let table: toml::Table = EVERYTHING.parse().unwrap();
    let mut written = Vec::new();
    leaves(&mut Vec::new(), &table, &mut written);
    for key in KEYS.iter().filter(|key| key.place != Place::Repository) {
        assert!(
            written.iter().any(|path| Key::of(path) == Some(key)),
            "{} is not in everything.toml",
            key.path
        );
    }
    RepositoryConfig::parse("gate = \"none\"\ntest_globs = [\"t/**\"]\n").unwrap();
    RepositoryConfig::parse("[gate]\ncheck = \"none\"\nprotect = [\"x\"]\n[timeouts]\ngate = \"1h\"\n")
        .unwrap();
}

#[test]
fn every_setting_is_explained_with_what_holds_where_nobody_says_anything() {
    let (none, nobody) = (RepositoryConfig::empty(), UserConfig::empty());
    let home = env(&[("HOME", "/h")]);
    let explained = |user: &UserConfig, repository: &RepositoryConfig| {
        let flags = Flags::default();
        let mut all = user.settings(&flags, &home).unwrap().explain();
        all.extend(resolve(&Default::default(), &flags, None, repository, user, &home).unwrap().explain());
        all.extend(explain_surroundings(repository, user).unwrap());
        all
    };
    let usual = explained(&nobody, &none);
    // Tables of the user's own names are asked for one by one; `gate` says what `gate.check` does.
    for key in KEYS.iter().filter(|key| !key.path.contains('*') && key.path != "gate.check") {
        let of_key = usual.iter().filter(|line| line.key == key.path).count();
        assert_eq!(of_key, 1, "{}", key.path);
    }
    assert!(usual.iter().all(|line| line.source == Source::Default));
    let value = |all: &[Explained], key: &str| {
        let line = all.iter().find(|line| line.key == key).unwrap();
        (line.value.clone(), line.source.to_string())
    };
    assert_eq!(value(&usual, "retention.snapshots").0, "90d");
    assert_eq!(value(&usual, "retention.caches_gib").0, "40");
    assert_eq!(value(&usual, "setup.keep").0, "-");
    let said = user("ports = 9\n[retention]\nruns = \"2d\"\n").unwrap();
    let asked = RepositoryConfig::parse("ports = 4\n[setup]\nkeep = [\"a\", \"b\"]\n").unwrap();
    let other = explained(&said, &asked);
    let is = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(value(&other, "retention.runs"), is("2d", "config.toml:3"));
    assert_eq!(value(&other, "setup.keep"), is("a, b", ".ralph/config.toml:3"));
    assert_eq!(value(&other, "ports"), is("4", ".ralph/config.toml:1"));
}

#[test]
fn an_environment_is_asked_for_by_the_repository_and_found_by_the_user() {
    let text = "ports = 4\nsubmodules = true\n[setup]\nkey = [\"a.lock\"]\nkeep = [\"web/deps\"]\nfiles = [\".env\"]\n\
                seed = [\"target\"]\n";
    let repository = RepositoryConfig::parse(text).unwrap();
    let user = user("ports = 9\n[repo.app]\nfiles_from = \"~/settings\"\n").unwrap();
    let repo = "github.com/acme/app".parse().unwrap();
    let found = environment(&repository, &user, &repo, env(&[("HOME", "/h")])).unwrap();
    let expected = EnvironmentSettings {
        key: vec!["a.lock".into()],
        keep: vec!["web/deps".into()],
        files: vec![".env".into()],
        seed: vec!["target".into()],
        submodules: Submodules::Filled,
        files_from: Some("/h/settings".into()),
        ports: 4,
    };
    assert_eq!(found, expected);
}

#[test]
fn an_environment_stays_inside_its_repository() {
    for path in ["", "/etc", "../x", "a/../b", ".git/hooks", "web/.GIT", ".ralph/check", ".herder", "a\\nb"] {
        for key in ["key", "keep", "files", "seed"] {
            let refused = RepositoryConfig::parse(&format!("[setup]\n{key} = [\"{path}\"]\n"));
            assert!(refused.is_err(), "{key} = {path:?}");
        }
    }
    assert!(RepositoryConfig::parse("ports = 101\n").is_err());
}

fn leaves(path: &mut Vec<String>, table: &toml::Table, found: &mut Vec<Vec<String>>) {
    for (name, value) in table {
        path.push(name.clone());
        match value.as_table() {
            Some(inner) => leaves(path, inner, found),
            None => found.push(path.clone()),
        }
        path.pop();
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_what_to_write() {
    let cases = [
        ("max = 3\nmodle = \"x\"\n", "config.toml:2: unknown key `modle`; did you mean `model`?"),
        (
            "[notify]\ncomand = []\n",
            "config.toml:2: unknown key `notify.comand`; did you mean `notify.command`?",
        ),
        ("usd = 3\n", "config.toml:1: unknown key `usd`; did you mean `budget.usd`?"),
        ("[agents.x]\nkindd = 3\n", "did you mean `agents.x.kind`?"),
        ("[bugdet]\nusd = 3\n", "did you mean `budget`?"),
        ("[nothing_like_it]\n", "unknown key `nothing_like_it`"),
        ("\nduration = \"soon\"\n", "config.toml:2: `duration`: \"soon\" is not a duration"),
        ("duration = 4\n", "\"4h\" or \"1h30m\""),
        ("[timeouts]\ntool = \"4x\"\n", "`timeouts.tool`"),
        ("max = 0\n", "`max`"),
        ("max = {}\n", "`max`"),
        ("max = \"many\"\n", "a whole number of 1 or more"),
        ("reasoning = \"hard\"\n", "\"none\", \"low\", \"med\" or \"high\""),
        ("[budget]\nusd = -1\n", "US dollars"),
        ("[ceilings]\nusd = nan\n", "US dollars"),
        ("model = \"--resume\"\n", "is not a name"),
        ("[agents.x]\nkind = \"robot\"\n", "`agents.x.kind`"),
        ("[agents.x]\nmodels_allowed = [\"a[\"]\n", "`agents.x.models_allowed`"),
        ("[notify]\npost_url = \"ntfy.sh/x\"\n", "http://"),
        ("[sandbox]\nread = [\"data\"]\n", "~/"),
        ("[author]\nname = \"a <b>\"\n", "`author.name`"),
        ("gate = \"none\"\n", "repository only"),
        ("max = \n", "config.toml:1"),
        ("max = 1\nmax = 2\n", "config.toml:2"),
    ];
    for (text, expected) in cases {
        let error = user(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
        assert!(error.starts_with("read config.toml:"), "{error}");
    }
}

#[test]
fn a_repository_cannot_reach_beyond_its_runs() {
    let forbidden = [
        "max = 9\n",
        "root = \"/x\"\n",
        "[agents.claude]\nprogram = \"/x\"\n",
        "[sandbox]\nread = [\"~/.ssh\"]\n",
        "[sandbox]\nenv = [\"TOKEN\"]\n",
        "[notify]\ncommand = [\"x\"]\n",
        "[ceilings]\nusd = 1\n",
        "[redact]\nenv = []\n",
    ];
    for text in forbidden {
        let error = RepositoryConfig::parse(text).unwrap_err().to_string();
        assert!(error.starts_with("read .ralph/config.toml:") && error.contains("cannot set"), "{error}");
    }
    let error = RepositoryConfig::parse("gate = \"maybe\"\n").unwrap_err().to_string();
    assert!(error.contains("`gate`") && error.contains("\"none\""), "{error}");
}

#[test]
fn a_secret_in_the_place_of_a_name_is_not_repeated() {
    let error = user("[agents.claude]\ncredential = \"sk-ant-very-secret\"\n").unwrap_err().to_string();
    assert!(error.contains("never its value") && !error.contains("very-secret"), "{error}");
}

#[test]
fn the_file_is_where_the_environment_says() {
    let at = |pairs: &[(&str, &str)]| UserConfig::locate(env(pairs)).map(|path| path.display().to_string());
    assert_eq!(at(&[("HOME", "/h")]).as_deref(), Some("/h/.config/herder/config.toml"));
    assert_eq!(at(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]).as_deref(), Some("/x/herder/config.toml"));
    assert_eq!(at(&[("HERDER_CONFIG", "/c.toml"), ("HOME", "/h")]).as_deref(), Some("/c.toml"));
    assert_eq!(at(&[]), None);
}

#[test]
fn a_missing_file_is_empty_unless_it_was_named() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap();
    assert!(UserConfig::load(env(&[("HOME", path)])).is_ok());
    let named = home.path().join("none.toml");
    let error = UserConfig::load(env(&[("HERDER_CONFIG", named.to_str().unwrap())])).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
    fs::write(&named, "max = 7\n").unwrap();
    let pairs = [("HERDER_CONFIG", named.to_str().unwrap()), ("HOME", path)];
    let settings = UserConfig::load(env(&pairs)).unwrap().settings(&Flags::default(), env(&pairs)).unwrap();
    assert_eq!(settings.max.value.most(), 7);
    assert_eq!(settings.max.source, Source::User { file: named, line: 1 });
}

#[test]
fn settings_have_defaults_and_flags_are_stronger() {
    let home = [("HOME", "/h")];
    let usual = UserConfig::empty().settings(&Flags::default(), env(&home)).unwrap();
    assert_eq!((usual.max.value, usual.root.value.as_path()), (Slots::Auto, Path::new("/h/.ralphs")));
    assert_eq!(usual.author.value.name, "herder");
    assert_eq!((usual.backoff_first.0.as_secs(), usual.backoff_longest.0.as_secs()), (30, 1800));
    assert!(usual.secrets.contains(&"ANTHROPIC_API_KEY".to_owned()));

    let said = user(EVERYTHING).unwrap();
    let flags = Flags { max: "9".parse().ok(), root: Some("/flag".into()), ..Flags::default() };
    let settings = said.settings(&flags, env(&home)).unwrap();
    assert_eq!((settings.max.value.most(), &settings.max.source), (9, &Source::Flag));
    assert_eq!(settings.root.value, Path::new("/flag"));
    assert_eq!(said.settings(&Flags::default(), env(&home)).unwrap().root.value, Path::new("/h/clones"));
    for name in ["MY_KEY", "NTFY_TOKEN", "DATABASE_PASSWORD"] {
        assert!(settings.secrets.iter().any(|secret| secret == name), "{name}");
    }
    assert!(settings.explain().iter().any(|line| line.key == "max" && line.value == "9"));
    assert!(matches!(UserConfig::empty().settings(&Flags::default(), env(&[])), Err(ConfigError::NoHome)));
    let crossed = user("[backoff]\nfirst = \"2h\"\n").unwrap();
    assert!(
        crossed.settings(&Flags::default(), env(&home)).unwrap_err().to_string().contains("backoff.first")
    );
}

#[test]
fn a_credential_is_named_and_its_absence_says_what_to_do() {
    let claude = |credential: Option<&str>| AgentSetup {
        kind: AgentKind::Claude,
        program: None,
        args: vec![],
        base_url: None,
        credential: credential.map(ToOwned::to_owned),
        summarizer: None,
        context_window: None,
    };
    let both = [("CLAUDE_CODE_OAUTH_TOKEN", "a"), ("ANTHROPIC_API_KEY", "b"), ("MY_KEY", "c")];
    assert_eq!(credential(&claude(None), env(&both)).unwrap().as_deref(), Some("ANTHROPIC_API_KEY"));
    assert_eq!(credential(&claude(None), env(&both[1..])).unwrap().as_deref(), Some("ANTHROPIC_API_KEY"));
    assert_eq!(credential(&claude(Some("MY_KEY")), env(&both)).unwrap().as_deref(), Some("MY_KEY"));
    let error = credential(&claude(None), env(&[("ANTHROPIC_API_KEY", "")])).unwrap_err().to_string();
    assert!(error.contains("claude setup-token"), "{error}");
    let replay = AgentSetup { kind: AgentKind::Replay, ..claude(None) };
    assert_eq!(credential(&replay, env(&[])).unwrap(), None);
}

#[test]
fn the_doctor_is_told_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    fs::write(
        &file,
        "[notify]\ncommand = [\"no-such-program\"]\npost_url = \"https://a\"\npost_token_env = \"NTFY\"\n",
    )
    .unwrap();
    let pairs = [("HERDER_CONFIG", file.to_str().unwrap()), ("HOME", "/h"), ("PATH", "/usr/bin:/bin")];
    let bad = || -> Vec<_> {
        check(env(&pairs)).into_iter().filter(|found| found.verdict != Verdict::Ok).collect()
    };
    let found: Vec<_> = bad().into_iter().map(|finding| finding.detail).collect();
    assert!(found[1].contains("NTFY is not there"), "{found:?}");
    assert!(found[0].contains("no-such-program"), "{found:?}");

    fs::write(&file, "agent = \"replay\"\n[notify]\ncommand = [\"sh\", \"-c\", \"true\"]\n").unwrap();
    assert_eq!(bad(), []);
    fs::write(&file, "agent = \"replya\"\n").unwrap();
    assert_eq!(bad()[0].verdict, Verdict::Error);
    fs::write(&file, "agent = \n").unwrap();
    assert!(bad()[0].detail.contains("config.toml:1"));
}
