//! Scripted sessions, played as processes.
//!
//! The player is this test binary itself: started again with a variable set, its test `player` plays. What
//! the test harness prints before it is noise that the decoder has to bear anyway.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use std::path::Path;
use std::process::Child;

use herder_agent::replay::{PLACE_DIR, perform};
use herder_agent::{AgentEvent, Ending, Entry, Exit, Invocation, Kind, Registry, Reply, Turn};
use herder_domain::agent::{Answer, Status};
use herder_domain::ledger::{Cost, CostSource, Tokens};
use scene::{Decoded, command, invocation, path_env, place, run};

/// What turns the test `player` into a player.
const PLAYS: &str = "HERDER_TEST_PLAYS";

#[test]
#[ignore = "not a test but the player that the others start"]
fn player() {
    if std::env::var_os(PLAYS).is_some() {
        std::process::exit(perform().into());
    }
}

struct Goal {
    clone: tempfile::TempDir,
    places: tempfile::TempDir,
    prompt: String,
    registry: Registry,
}

impl Goal {
    fn new(script: &str) -> Self {
        let own = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
        let words = ["--ignored", "--exact", "player", "--nocapture", "--quiet"].map(str::to_owned);
        let mut entry = Entry::new("replay", Kind::Replay);
        entry.command = std::iter::once(own).chain(words).collect();
        entry.env.insert(PLAYS.into(), "1".into());
        Self {
            clone: tempfile::tempdir().unwrap(),
            places: tempfile::tempdir().unwrap(),
            prompt: format!(
                "# Goal\n\n## Objective\nPlay.\n\n```replay\n{script}\n```\n\nThe gate was red.\n"
            ),
            registry: Registry::new("/bin/true".into(), [entry]).unwrap(),
        }
    }

    fn played(&self) -> Decoded {
        self.played_as("my-model")
    }

    fn played_as(&self, model: &str) -> Decoded {
        let env = path_env();
        let asked =
            Invocation { model, place: place(self.places.path(), "42"), ..invocation(&self.prompt, &env) };
        run(&*self.registry.agent("replay").unwrap(), &asked, &[], self.clone.path())
    }

    /// Starts the player and leaves it alone.
    fn started(&self) -> Child {
        use std::io::Write;
        let env = path_env();
        let asked = Invocation { place: place(self.places.path(), "42"), ..invocation(&self.prompt, &env) };
        let launch = self.registry.agent("replay").unwrap().launch(&asked).unwrap();
        let mut child = command(&launch, &[], self.clone.path()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(&launch.first_input).unwrap();
        child
    }

    fn file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.clone.path().join(name)).ok()
    }
}

fn answered(status: Status, summary: &str) -> Ending {
    Ending::Answered(Answer::new(status, summary))
}

const CONTINUE: &str = r#"{"answer":{"status":"continue","summary":"one"}}"#;
const DONE: &str = r#"{"answer":{"status":"done","summary":"two"}}"#;

#[test]
fn sessions_follow_each_other_over_processes_and_the_last_repeats() {
    let goal = Goal::new(&format!("[{CONTINUE}]\n[{DONE}]"));
    let endings: Vec<Ending> = (0..3).map(|_| goal.played().ending).collect();
    let (one, two) = (answered(Status::Continue, "one"), answered(Status::Done, "two"));
    assert_eq!(endings, [one, two.clone(), two]);
}

#[test]
fn the_same_script_gives_the_same_events_and_account() {
    let script = format!(
        r#"[{{"say":"hi"}}, {{"write":{{"path":"a/b.txt","text":"1\n"}}}}, {{"run":"test -f a/b.txt"}},
            {{"usage":{{"input":100,"output":20}}}}, {{"cost_usd":0.25}}, {DONE}]"#
    );
    let (first, second) = (Goal::new(&script).played(), Goal::new(&script).played());
    let told = |found: &Decoded| -> Vec<AgentEvent> {
        let is_told = |event: &&AgentEvent| !matches!(event, AgentEvent::Ignored { .. });
        found.events.iter().filter(is_told).cloned().collect()
    };
    assert_eq!(told(&first), told(&second));
    assert_eq!(first.spend, second.spend);
    assert_eq!(first.spend.tokens, Tokens { input: 100, output: 20, ..Tokens::default() });
    assert_eq!((first.spend.cost, first.spend.cost_source), (Cost::usd(0.25), CostSource::Agent));
    assert_eq!((first.spend.assistant_messages, first.spend.tool_uses), (1, 2));
}

#[test]
fn files_are_written_appended_and_deleted_in_the_clone() {
    let goal = Goal::new(&format!(
        r#"[{{"write":{{"path":"d/a","text":"1"}}}}, {{"append":{{"path":"d/a","text":"2"}}}},
            {{"write":{{"path":"b","text":"x"}}}}, {{"delete":{{"path":"b"}}}}, {{"delete":{{"path":"none"}}}},
            {{"run":["sh","-c","pwd > here"]}}, {DONE}]"#
    ));
    let found = goal.played();
    assert_eq!((goal.file("d/a").as_deref(), goal.file("b")), (Some("12"), None));
    let clone = std::fs::canonicalize(goal.clone.path()).unwrap();
    assert_eq!(goal.file("here").as_deref().map(str::trim), clone.to_str());
    let failed =
        found.events.iter().filter(|event| matches!(event, AgentEvent::ToolEnded { is_error: true, .. }));
    assert_eq!(failed.count(), 1);
}

#[test]
fn played_time_is_reported_without_passing() {
    let goal = Goal::new(&format!(
        r#"[{{"think":{{"seconds":90}}}}, {{"tool":{{"name":"Bash","seconds":3600}}}}, {DONE}]"#
    ));
    let time = goal.played().spend.time;
    assert_eq!((time.llm.as_secs(), time.tools.as_secs()), (90, 3_600));
}

#[test]
fn tokens_without_a_cost_are_priced_by_the_model() {
    let script = format!(r#"[{{"usage":{{"input":1000000}}}}, {DONE}]"#);
    let spend = Goal::new(&script).played_as("claude-sonnet-4-5").spend;
    assert_eq!((spend.cost, spend.cost_source), (Cost::usd(3.0), CostSource::Prices));
    let spend = Goal::new(&script).played_as("my-model").spend;
    assert_eq!((spend.cost, spend.cost_source), (Cost::UNKNOWN, CostSource::Unknown));
}

#[test]
fn an_invalid_answer_is_corrected_in_the_same_process() {
    let goal = Goal::new(&format!(r#"[{{"invalid":{{"status":"maybe"}}}}, {{"invalid":"no"}}, {DONE}]"#));
    let found = goal.played();
    assert_eq!(found.ending, answered(Status::Done, "two"));
    assert_eq!(found.corrections.len(), 2);
    let turns = found.events.iter().filter(|event| matches!(event, AgentEvent::TurnEnded(_)));
    assert_eq!(turns.count(), 3);
}

#[test]
fn four_invalid_answers_are_too_many() {
    let goal = Goal::new(&format!(r#"[{}]"#, [r#"{"invalid":null}"#; 5].join(",")));
    let found = goal.played();
    assert_eq!(found.ending, Ending::Invalid { problem: "there was no structured answer".into() });
    assert_eq!(found.corrections.len(), 3);
    assert_eq!(std::fs::read_to_string(goal.places.path().join("42.place")).unwrap(), "1\n");
}

#[test]
fn faults_end_a_session_as_they_would_end_a_real_one_and_the_next_follows() {
    let goal = Goal::new(&format!(
        r#"["overloaded"]["unreachable"]["login_failed"][{{"permission_denied":{{"tools":["Bash"]}}}}]
           ["budget_spent"]["turns_spent"]["model_refused"]["context_full"][{{"limit":{{}}}}]
           [{{"crash":{{"exit":3}}}}][{{"crash":{{"signal":15}}}}][{DONE}]"#
    ));
    let words: Vec<&str> = (0..12).map(|_| goal.played().ending.word()).collect();
    let expected = [
        "overloaded",
        "unreachable",
        "login_failed",
        "permission_denied",
        "budget",
        "max_turns",
        "model_refused",
        "context_full",
        "usage_limit",
        "crashed",
        "aborted",
        "done",
    ];
    assert_eq!(words, expected);
}

#[test]
fn a_limit_tells_when_it_is_lifted() {
    let before = jiff::Timestamp::now();
    let found = Goal::new(r#"[{"limit":{"resets_in_s":60}}]"#).played();
    let Ending::UsageLimit { resets_at: Some(at) } = found.ending else { panic!("{:?}", found.ending) };
    assert!(at >= before + std::time::Duration::from_secs(60));
    assert!(found.events.contains(&AgentEvent::TurnEnded(Turn::Failed)));
}

#[test]
fn a_killed_session_is_played_again() {
    use std::io::{BufRead, BufReader};
    let goal = Goal::new(&format!(r#"[{{"say":"here"}},"hang"][{DONE}]"#));
    for _ in 0..2 {
        let mut child = goal.started();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("here")));
        child.kill().unwrap();
        assert_eq!(scene::exit_of(child.wait().unwrap()), Exit::Signal(9));
    }
    assert!(!goal.places.path().join("42.place").exists());
}

#[test]
fn an_answer_counts_even_if_the_player_never_ends() {
    use std::io::{BufRead, BufReader};
    let goal = Goal::new(&format!("[{CONTINUE},{{\"say\":\"still here\"}},\"hang\"][{DONE}]"));
    let mut child = goal.started();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("still here")));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(goal.played().ending, answered(Status::Done, "two"));
}

#[test]
fn garbage_and_a_long_line_are_borne() {
    let goal =
        Goal::new(&format!(r#"[{{"garbage":"{{\"type\":\"turn\""}}, {{"long_line":{{"mib":10}}}}, {DONE}]"#));
    let found = goal.played();
    assert_eq!(found.ending, answered(Status::Done, "two"));
    assert!(
        found
            .events
            .iter()
            .any(|event| matches!(event, AgentEvent::LineCut { length } if *length > 10 << 20))
    );
}

#[test]
fn a_background_process_outlives_its_session() {
    let goal = Goal::new(&format!(r#"[{{"run":"sleep 600 & echo $! > pid"}}, {DONE}]"#));
    assert_eq!(goal.played().ending, answered(Status::Done, "two"));
    let pid = goal.file("pid").unwrap().trim().to_owned();
    let is_there = Path::new("/proc").join(&pid).exists();
    let killed = std::process::Command::new("kill").arg(&pid).status().unwrap();
    assert!(is_there && killed.success());
}

#[test]
fn what_the_prompt_must_say_is_checked() {
    let goal = Goal::new(&format!(r#"[{{"expect":"The gate was red."}}, {DONE}]"#));
    assert_eq!(goal.played().ending, answered(Status::Done, "two"));
    let goal = Goal::new(&format!(r#"[{{"expect":"green"}}, {DONE}]"#));
    let Ending::Crashed { detail } = goal.played().ending else { panic!("no crash") };
    assert_eq!(detail, "ended by exit code 70: the prompt does not say \"green\"");
}

#[test]
fn a_script_that_cannot_be_played_says_why() {
    let Ending::Crashed { detail } = Goal::new(r#"[{"sya":1}]"#).played().ending else { panic!("no crash") };
    assert!(detail.starts_with("ended by exit code 64: session 1 of the script cannot be read"), "{detail}");
}

#[test]
fn a_prompt_without_a_script_is_played_from_the_goals_file() {
    let mut goal = Goal::new("");
    goal.prompt = "Read .herder/goal.md".into();
    std::fs::create_dir(goal.clone.path().join(".herder")).unwrap();
    std::fs::write(goal.clone.path().join(".herder/goal.md"), format!("```replay\n[{DONE}]\n```\n")).unwrap();
    assert_eq!(goal.played().ending, answered(Status::Done, "two"));
}

#[test]
fn a_place_that_cannot_be_read_is_not_overwritten() {
    let goal = Goal::new(&format!("[{DONE}]"));
    std::fs::write(goal.places.path().join("42.place"), "torn").unwrap();
    assert!(matches!(goal.played().ending, Ending::Crashed { .. }));
    assert_eq!(std::fs::read_to_string(goal.places.path().join("42.place")).unwrap(), "torn");
}

#[test]
fn replies_carry_the_answer_to_whoever_follows_the_events() {
    let found = Goal::new(&format!("[{DONE}]")).played();
    let reply = Reply::Answer(Answer::new(Status::Done, "two"));
    assert!(found.events.contains(&AgentEvent::TurnEnded(Turn::Replied(reply))));
    assert_eq!(PLACE_DIR, "HERDER_PLACE_DIR");
}
