//! Who is heard, and within which bounds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_config::{
    ConfigError, Flags, GatePolicy, RepositoryConfig, Resolved, Source, UserConfig, resolve,
};
use herder_domain::agent::Reasoning;
use herder_domain::goal::GoalOptions;
use herder_domain::setup::{AgentKind, Clocks};

/// A question; what is not set says nothing.
#[derive(Default)]
struct Ask<'t> {
    goal: GoalOptions,
    flags: Flags,
    repo: Option<&'t str>,
    repository: &'t str,
    user: &'t str,
}

impl Ask<'_> {
    fn answer(&self) -> Result<Resolved, ConfigError> {
        let user = UserConfig::parse(Path::new("config.toml"), self.user).unwrap();
        let repository = RepositoryConfig::parse(self.repository).unwrap();
        let repo = self.repo.map(|name| name.parse().unwrap());
        let env = |name: &str| (name == "HOME").then(|| OsString::from("/h"));
        resolve(&self.goal, &self.flags, repo.as_ref(), &repository, &user, env)
    }
}

fn line(line: usize) -> Source {
    Source::User { file: "config.toml".into(), line }
}

#[test]
fn nobody_says_anything() {
    let resolved = Ask::default().answer().unwrap();
    assert_eq!((resolved.agent.as_str(), resolved.model.as_str()), ("claude", "sonnet"));
    assert_eq!(resolved.reasoning.value, Reasoning::Med);
    assert_eq!(resolved.budget().duration, Duration::from_secs(4 * 3600));
    assert_eq!(
        (resolved.budget().iterations, resolved.budget().tokens, resolved.budget().usd),
        (None, None, None)
    );
    assert_eq!(resolved.agent_setup.summarizer.as_deref(), Some("haiku"));
    assert_eq!(resolved.clocks, Clocks::default());
    assert_eq!(resolved.gate.value, GatePolicy::Required);
    assert!(resolved.protect.contains(&".ralph/**".to_owned()));
    assert!(resolved.explain().iter().all(|line| line.source == Source::Default));
}

#[test]
fn the_strongest_voice_is_heard_and_named() {
    let repo_table = "[repo.\"acme/app\"]\nmodel = \"c\"\n";
    let mut ask = Ask {
        repo: Some("acme/app"),
        repository: "model = \"d\"\n",
        user: "\nmodel = \"e\"\n",
        ..Ask::default()
    };
    let mut heard = vec![];
    let mut hear = |ask: &Ask<'_>| {
        let model = ask.answer().unwrap().model;
        heard.push((model.value, model.source));
    };
    ask.repository = "";
    hear(&ask);
    ask.repository = "model = \"d\"\n";
    hear(&ask);
    let with_table = format!("{}{repo_table}", ask.user);
    ask.user = &with_table;
    hear(&ask);
    ask.flags.model = Some("b".into());
    hear(&ask);
    ask.goal.model = Some("a".into());
    hear(&ask);
    let expected = [
        ("e", line(2)),
        ("d", Source::Repository { line: 1 }),
        ("c", line(4)),
        ("b", Source::Flag),
        ("a", Source::Goal),
    ];
    assert_eq!(heard, expected.map(|(model, source)| (model.to_owned(), source)));
}

#[test]
fn every_option_can_come_from_a_goal() {
    let goal = GoalOptions {
        agent: Some("replay".into()),
        model: Some("m".into()),
        reasoning: Some(Reasoning::None),
        duration: Some("90s".parse().unwrap()),
        max_age: Some("8h".parse().unwrap()),
        priority: Some(3),
        budget: Some(0.5),
        ..GoalOptions::default()
    };
    let resolved = Ask { goal, ..Ask::default() }.answer().unwrap();
    assert_eq!(resolved.agent_setup.kind, AgentKind::Replay);
    assert_eq!((resolved.model.as_str(), resolved.reasoning.value), ("m", Reasoning::None));
    assert_eq!((resolved.duration.0.as_secs(), resolved.usd.value), (90, Some(0.5)));
    assert_eq!(resolved.budget().max_age, Some("8h".parse().unwrap()));
    assert_eq!(resolved.usd.source, Source::Goal);
}

#[test]
fn a_model_meant_for_another_agent_is_not_heard() {
    let user = "agent = \"claude\"\nmodel = \"opus\"\n[agents.mine]\nkind = \"command\"\nprogram = \"x\"\nmodel = \"m1\"\n";
    let mine = GoalOptions { agent: Some("mine".into()), ..GoalOptions::default() };
    let resolved = Ask { user, goal: mine.clone(), ..Ask::default() }.answer().unwrap();
    assert_eq!((resolved.model.as_str(), &resolved.model.source), ("m1", &line(6)));
    let flags = Flags { model: Some("sonnet".into()), ..Flags::default() };
    let resolved = Ask { user, goal: mine, flags: flags.clone(), ..Ask::default() }.answer().unwrap();
    assert_eq!(resolved.model.as_str(), "m1");
    let claude = Flags { agent: Some("claude".into()), ..Flags::default() };
    let resolved = Ask { user, flags: claude, ..Ask::default() }.answer().unwrap();
    assert_eq!(resolved.model.as_str(), "opus", "the same agent, said twice");
}

#[test]
fn an_unknown_agent_and_an_incomplete_one_are_errors_with_advice() {
    let ask = |agent: &str, user: &'static str| {
        let flags = Flags { agent: Some(agent.into()), ..Flags::default() };
        Ask { flags, user, ..Ask::default() }.answer().unwrap_err().to_string()
    };
    let error = ask("cluade", "");
    assert!(error.contains("(flag)") && error.contains("did you mean `claude`?"), "{error}");
    assert!(error.contains("claude, replay"), "{error}");
    assert!(ask("x", "[agents.x]\nprogram = \"y\"\n").contains("kind = "));
    assert!(ask("x", "[agents.x]\nkind = \"command\"\n").contains("program = "));
}

#[test]
fn only_allowed_models_are_used_whoever_asks() {
    let user = "[agents.claude]\nmodels_allowed = [\"sonnet\", \"claude-sonnet-*\"]\n";
    let ask = |model: &str| {
        let goal = GoalOptions { model: Some(model.into()), ..GoalOptions::default() };
        Ask { user, goal, ..Ask::default() }.answer()
    };
    assert!(ask("sonnet").is_ok() && ask("claude-sonnet-4-5").is_ok());
    let error = ask("opus").unwrap_err();
    assert!(matches!(error, ConfigError::ModelNotAllowed { .. }));
    assert!(error.to_string().contains("allowed are sonnet, claude-sonnet-*"), "{error}");
}

#[test]
fn ceilings_bind_goals_and_repositories_but_not_their_owner() {
    let user = "[ceilings]\nduration = \"2h\"\nusd = 5\niterations = 10\n";
    let long = Some("3h".parse().unwrap());
    let goal = GoalOptions { duration: long, ..GoalOptions::default() };
    let error = Ask { user, goal, ..Ask::default() }.answer().unwrap_err().to_string();
    assert_eq!(error, "use duration = 3h (goal): the ceiling is 2h (config.toml:2)");
    let error =
        Ask { user, repository: "[budget]\niterations = 11\n", ..Ask::default() }.answer().unwrap_err();
    assert!(matches!(error, ConfigError::AboveCeiling { key: "iterations", .. }), "{error}");
    let flags = Flags { duration: long, usd: Some(6.0), ..Flags::default() };
    let resolved = Ask { user, flags, ..Ask::default() }.answer().unwrap();
    assert_eq!((resolved.duration.0.as_secs(), resolved.usd.value), (3 * 3600, Some(6.0)));
    assert_eq!(
        (resolved.iterations.value, &resolved.iterations.source),
        (Some(10), &line(4)),
        "no bound is above one"
    );
    let quiet = Ask { user, ..Ask::default() }.answer().unwrap();
    assert_eq!((quiet.duration.0.as_secs(), &quiet.duration.source), (2 * 3600, &line(2)));
}

#[test]
fn a_repository_has_its_word_about_its_gate() {
    let repository = "test_globs = [\"checks/**\"]\n[gate]\ncheck = \"none\"\nprotect = [\"ci/**\"]\n[timeouts]\ngate = \"2h\"\n";
    let resolved =
        Ask { repository, user: "[gate]\nprotect = [\"other\"]\n", ..Ask::default() }.answer().unwrap();
    assert_eq!(
        (resolved.gate.value, &resolved.gate.source),
        (GatePolicy::Waived, &Source::Repository { line: 3 })
    );
    assert_eq!(resolved.protect.value, [".ralph/**", ".lfsconfig", "ci/**"]);
    assert_eq!(resolved.test_globs.value, ["checks/**"]);
    assert_eq!(resolved.clocks.gate, Duration::from_secs(7200));
    let short = Ask { repository: "gate = \"none\"\n", ..Ask::default() }.answer().unwrap();
    assert_eq!((short.gate.value, short.gate.source), (GatePolicy::Waived, Source::Repository { line: 1 }));
}

#[test]
fn the_users_table_for_a_repository_is_found_by_any_of_its_names() {
    let user = "[repo.app]\nbase = \"a\"\n[repo.\"acme/app\"]\nbase = \"b\"\nmax = 3\nweight = 2\npause_on_red = false\n";
    let base = |repo| Ask { user, repo: Some(repo), ..Ask::default() }.answer().unwrap().base;
    assert_eq!(base("acme/app").unwrap().value, "b");
    assert_eq!(base("example.org/other/app").unwrap().value, "a");
    assert!(base("acme/tool").is_none());
    let user = UserConfig::parse(Path::new("config.toml"), user).unwrap();
    assert_eq!(user.max_in(&"acme/app".parse().unwrap()).unwrap().value, 3);
    assert_eq!(user.weight_of(&"acme/app".parse().unwrap()).unwrap().value.get(), 2);
    assert!(!user.pauses_on_red(&"acme/app".parse().unwrap()).value);
    assert!(user.pauses_on_red(&"x/tool".parse().unwrap()).value);
    assert!(user.max_in(&"x/app".parse().unwrap()).is_none());
}

#[test]
fn the_sandbox_is_the_users() {
    let user = "[sandbox]\nread = [\"~/data\", \"/srv\"]\nenv = [\"LANG\"]\n[agents.claude]\nsummarizer = \"none\"\n";
    let resolved = Ask { user, ..Ask::default() }.answer().unwrap();
    assert_eq!(resolved.sandbox.read, [PathBuf::from("/h/data"), PathBuf::from("/srv")]);
    assert_eq!(resolved.sandbox.env, ["LANG"]);
    assert_eq!(resolved.agent_setup.summarizer, None);
}

#[test]
fn an_agents_program_may_stand_in_the_home_directory() {
    for (said, expected) in [("~/bin/mine", "/h/bin/mine"), ("/opt/mine", "/opt/mine"), ("mine", "mine")] {
        let user = format!("agent = \"mine\"\n[agents.mine]\nkind = \"command\"\nprogram = \"{said}\"\n");
        let resolved = Ask { user: &user, ..Ask::default() }.answer().unwrap();
        assert_eq!(resolved.agent_setup.program, Some(expected.into()));
    }
}
