//! The gate is the base's, whatever an agent makes of its copy.

use herder_domain::gate::Verdict;
use herder_domain::goal::{GoalState, SpotCheckReason};
use serde_json::{Value, json};

use crate::stage::{Attempts, Stage, answer, script};

/// Wants every line of the file to be `good`.
const GATE: &str = "! grep -vqx good work || { echo 'the work is not good'; exit 1; }";

fn write(path: &str, text: &str) -> Value {
    json!({"write": {"path": path, "text": text}})
}

/// Why a goal waits for a person.
fn reasons(stage: &Stage, goal: &herder_domain::repo::GoalRef) -> Vec<SpotCheckReason> {
    match stage.found(goal).state {
        GoalState::SpotCheck { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

/// The verdicts of ralph's gate in a goal's last run.
fn verdicts(stage: &Stage, goal: &herder_domain::repo::GoalRef) -> Vec<&'static str> {
    let iterations = stage.runs(goal).pop().unwrap().iterations().unwrap();
    iterations.iter().filter_map(|one| one.gate.as_ref()).map(Verdict::word).collect()
}

#[test]
fn work_that_weakens_the_gate_is_judged_by_the_old_one_and_looked_at() {
    let mut stage = Stage::new(GATE, "");
    let sessions = json!([
        [write(".ralph/check", "#!/bin/sh\nexit 0\n"), {"run": "chmod +x .ralph/check"},
         write("work", "bad\n"), answer("done")],
        [{"expect": "the work is not good"}, write("work", "good\n"), answer("done")]
    ]);
    let goal = stage.goal("Weaken the gate", &sessions);
    let before = stage.repo.tip("main");
    stage.night();
    assert_eq!(stage.word(&goal), "spot-check");
    assert_eq!(verdicts(&stage, &goal), ["red", "green"]);
    let paths = vec![".ralph/check".to_owned()];
    assert_eq!(reasons(&stage, &goal), [SpotCheckReason::ProtectedPaths { paths }]);
    assert_eq!(stage.repo.tip("main"), before);

    stage.approve(&goal);
    stage.night();
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.file_at("main", "work").as_deref(), Some("good\n"));
}

#[test]
fn approved_work_lands_only_if_the_old_gate_accepts_it() {
    let mut stage = Stage::new(GATE, "");
    let weaken = json!({"run": "printf '#!/bin/sh\\nexit 0\\n' >.ralph/check; echo bad >work"});
    let sessions = json!([[weaken, answer("needs_review")]]);
    let goal = stage.goal("Have it waved through", &sessions);
    let before = stage.repo.tip("main");
    stage.night();
    assert_eq!(stage.word(&goal), "spot-check");
    stage.approve(&goal);
    stage.night();
    assert_eq!((stage.word(&goal), stage.repo.tip("main")), ("spot-check", before));
    let runs = stage.runs(&goal);
    assert_eq!(runs.len(), 2, "it bounced and was worked at again");
    let log = fs_err::read_to_string(runs[0].path().join("gate/landing.log")).unwrap();
    assert!(log.contains("the work is not good"), "{log}");
}

#[test]
fn a_gate_that_is_removed_or_replaced_is_looked_at() {
    for deed in ["rm -r .ralph", "rm -r .ralph && ln -s /usr .ralph", "mv .ralph .was", "git rm -qr .ralph"] {
        let mut stage = Stage::new(GATE, "");
        let goal = stage.goal("Do away with it", &script(&format!("{deed}; echo good >work")));
        stage.night();
        assert_eq!((stage.word(&goal), verdicts(&stage, &goal)), ("spot-check", vec!["green"]), "{deed}");
        let why = reasons(&stage, &goal);
        assert!(matches!(&why[..], [SpotCheckReason::ProtectedPaths { .. }]), "{deed}: {why:?}");
    }
}

/// Only the work itself comes to the verdict: not the HOME, the caches or the ignored files of who made it.
#[test]
fn what_lies_beside_the_work_never_reaches_the_landing_gate() {
    let places = "\"$HOME\" \"$TMPDIR\" \"$CARGO_HOME\" \"$npm_config_cache\" \"$PIP_CACHE_DIR\" \
                  \"$XDG_CACHE_HOME\" .herder ignored";
    let look = format!("for place in {places}; do test -d \"$place\" && ls -A \"$place\"; done");
    let mut stage = Stage::new(&format!("{{ {look} || :; }} | grep plant | sort -u || :; test -f work"), "");
    let plant = format!(
        "echo ignored >.gitignore; mkdir ignored; echo good >work; \
         for place in {places}; do echo planted >\"$place/planted\"; done; \
         printf '[alias]\\nplanted = !true\\n' >\"$HOME/.gitconfig\""
    );
    let goal = stage.goal("Plant", &script(&plant));
    stage.night();
    assert_eq!(stage.word(&goal), "done");
    let run = &stage.runs(&goal)[0];
    let said = |log: &str| fs_err::read_to_string(run.path().join("gate").join(log)).unwrap();
    assert_eq!((said("1.log").as_str(), said("landing.log").as_str()), ("planted\n", ""));
}

/// The gate runs what the agent wrote, so it is as confined.
#[test]
fn what_a_gate_runs_reaches_no_further_than_the_agent() {
    let mut stage = Stage::new("sh work; cat notes", "");
    let key = stage.home.write(".ssh/id_ed25519", "private");
    let state = stage.state();
    let attempts = Attempts::new()
        .try_to("read a key", &format!("cat {}", key.display()))
        .try_to("read the database", &format!("cat {}", state.database().display()))
        .try_to("list the state directory", &format!("ls {}", state.root().display()))
        .try_to(
            "forge an outcome",
            &format!("echo {{}} >{}/${{HERDER_RUN%.*}}/outcome.json", state.runs().display()),
        )
        .try_to("write the gate", "echo exit 0 >>\"$(dirname \"$HOME\")/gate/check\"")
        .try_to("read the environment above", "cat /proc/$RALPH/environ")
        .try_to("read the environment of the keeper", "cat /proc/$KEEPER/environ")
        .try_to("signal the keeper", "kill -CONT $KEEPER")
        .try_to("signal what is above it", "kill -CONT $RALPH");
    let sessions = json!([[write("work", attempts.script()), answer("done")]]);
    let goal = stage.goal("Have the gate look", &sessions);
    stage.night();
    assert_eq!(stage.word(&goal), "done");
    for log in ["1.log", "landing.log"] {
        let path = stage.runs(&goal)[0].path().join("gate").join(log);
        attempts.assert_all_refused(&fs_err::read_to_string(path).unwrap());
    }
}
