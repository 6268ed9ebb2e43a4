//! What the orchestrator knows stays with it.

use herder_testkit::Canary;
use herder_testkit::canary::files_containing;
use serde_json::json;

use crate::stage::{Stage, answer, script};

const GREEN: &str = "test -f first.txt";

#[test]
fn an_agent_sees_an_allow_list_of_the_environment() {
    let mut stage = Stage::new(GREEN, "");
    let canary = Canary::new(&stage.home.path().join("canary"));
    let goal = stage.goal("Look around", &script("env | sort >seen; env | cut -d= -f1 | sort >names"));
    let secrets =
        ["GITHUB_TOKEN", "GH_TOKEN", "ANTHROPIC_API_KEY", "SSH_AUTH_SOCK", "DATABASE_URL", "IS_SANDBOX"];
    stage.night_with(&secrets.map(|name| (name, canary.secret())));
    let seen = stage.repo.file_at("main", "seen").unwrap();
    assert!(!seen.contains(canary.secret()), "{seen}");
    let names = stage.repo.file_at("main", "names").unwrap();
    for name in names.lines() {
        let is_ours = secrets.contains(&name) || name == "RALPH_DIR";
        assert!(!is_ours, "{name} was handed down");
    }
    assert_eq!(stage.word(&goal), "done");
    // The environment of the orchestrator is nowhere on disk either.
    assert_eq!(files_containing(&stage.home.state(), canary.secret()), Vec::<std::path::PathBuf>::new());
    assert_eq!(files_containing(&stage.home.root(), canary.secret()), Vec::<std::path::PathBuf>::new());
}

/// A secret that a person handed to agents on purpose, and whose name is known, is told by all of them: by the
/// agent, by its answer, by ralph's gate and by the landing gate. It comes to no file.
#[test]
fn a_secret_that_everybody_tells_comes_to_no_file() {
    let gate = "echo \"the token is $HANDED_DOWN\"; case $PWD in */tree) test ! -e work; exit $?;; esac; test -f work";
    let config = "[sandbox]\nenv = [\"HANDED_DOWN\"]\n[redact]\nenv = [\"HANDED_DOWN\"]\n";
    let mut stage = Stage::new(gate, config);
    let canary = Canary::new(&stage.home.path().join("canary"));
    let tell = "echo \"it is $HANDED_DOWN\"; echo \"and $HANDED_DOWN\" >&2; test -n \"$HANDED_DOWN\"";
    // What an agent says is known to the test alone beforehand, so the goal cannot hold it: its body is in the
    // database. The answer is given by the shell.
    let turn =
        r#"printf '{"type":"turn","answer":{"status":"done","summary":"It is %s."}}\n' "$HANDED_DOWN""#;
    let sessions =
        json!([[{"run_attached": tell}, {"run": "echo x >work"}, {"run_attached": turn}, answer("done")]]);
    let goal = stage.goal("Tell", &sessions);
    stage.night_with(&[("HANDED_DOWN", canary.secret())]);
    assert_eq!(stage.word(&goal), "stuck");
    let first = &stage.runs(&goal)[0];
    let log = fs_err::read_to_string(first.path().join("gate/landing.log")).unwrap();
    assert!(log.contains("the token is "), "{log}");
    assert_eq!(files_containing(&stage.home.state(), canary.secret()), Vec::<std::path::PathBuf>::new());
}
