//! Events and effects are kept as JSON for ever: what is written is read back, and the words stay.

use herder_domain::capacity::Slots;
use herder_domain::effect::{Effect, Once};
use herder_domain::event::{Event, What};
use herder_domain::judge::Judgement;
use herder_domain::landing::{Offer, Step};
use herder_domain::level::Level;
use herder_domain::outcome::Outcome;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{self, after, full_draft, id, run};

/// Every event with every outcome, judgement, bounce and harvest in it.
fn events() -> Vec<Event> {
    let goal = id(42);
    let mut all = samples::event_kinds();
    all.push(Event::AccountParked { agent: "claude".into(), until: None, why: "login".into() });
    all.extend(samples::scopes().into_iter().map(|scope| Event::Paused { scope, until: None, reason: None }));
    let ailing = |ailment| Event::RepoAiling { repo: samples::repo(), ailment };
    all.extend(samples::ailments().into_iter().map(ailing));
    all.push(Event::MaxSet { repo: None, max: None });
    all.push(Event::MaxSet { repo: None, max: Some(Slots::Auto) });
    let down = |farewell| Event::DownAsked { orchestrator: samples::process(), farewell };
    all.extend(samples::farewells().into_iter().map(down));
    all.extend(samples::whats().into_iter().map(|what| Event::of(&goal, what)));
    let reported = |outcome| Event::of(&goal, What::RunReported { run: run(), outcome });
    all.extend(samples::outcomes().into_iter().map(reported));
    let judged = |judgement: &Judgement| What::RunJudged { run: run(), judgement: judgement.clone() };
    let bounced = |judgement: &Judgement| What::BounceJudged { run: run(), judgement: judgement.clone() };
    for judgement in samples::judgements() {
        all.push(Event::of(&goal, judged(&judgement)));
        all.push(Event::of(&goal, bounced(&judgement)));
    }
    for charge in samples::charges() {
        let judgement = Judgement::Requeue { charge, retry_at: None, context: samples::context() };
        all.push(Event::of(&goal, judged(&judgement)));
    }
    for cause in samples::stuck_causes() {
        let (charge, detail) = (herder_domain::goal::Charge::Nothing, "no".to_owned());
        let judgement = Judgement::Stuck { charge, cause, detail, context: samples::context() };
        all.push(Event::of(&goal, judged(&judgement)));
    }
    let seen = |standing| Event::of(&goal, What::LandingSeen { run: run(), standing });
    all.extend(samples::standings().into_iter().map(seen));
    let offered = |merging| {
        let offer = Offer { merging, ..samples::offer() };
        Event::of(&goal, What::WorkOffered { run: run(), offer })
    };
    all.extend(samples::mergings().into_iter().map(offered));
    all.push(Event::of(&goal, What::WorkShown { run: run(), offer: None }));
    let refused = |trouble| Event::of(&goal, What::UndoRefused { run: run(), trouble });
    all.extend(samples::undo_troubles().into_iter().map(refused));
    let bounces = samples::bounces().into_iter();
    all.extend(bounces.map(|bounce| Event::of(&goal, What::LandingBounced { run: run(), bounce })));
    all
}

#[test]
fn every_event_is_read_back_as_it_was() {
    for event in events() {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        let value = serde_json::to_value(&event).unwrap();
        assert!(value["event"].is_string(), "{text}");
        assert_eq!(serde_json::from_value::<Event>(value).unwrap(), event);
    }
}

#[test]
fn every_event_has_a_tag_of_its_own() {
    let goal = id(42);
    let mut all = samples::event_kinds();
    all.retain(|event| !matches!(event, Event::Goal(_)));
    all.extend(samples::whats().into_iter().map(|what| Event::of(&goal, what)));
    let tags: Vec<String> =
        all.iter().map(|event| serde_json::to_value(event).unwrap()["event"].to_string()).collect();
    let different: std::collections::BTreeSet<_> = tags.iter().collect();
    assert_eq!(different.len(), tags.len(), "{tags:?}");
}

#[test]
fn an_unknown_event_is_an_error_and_not_another_event() {
    for text in [
        r#"{"event":"goal_teleported","goal":{"repo":"a/b/c","number":1}}"#,
        r#"{"event":"goal_queued"}"#,
        r#"{"goal":{"repo":"a/b/c","number":1}}"#,
        r#"{"event":"run_claimed","goal":{"repo":"a/b/c","number":1},"run":"../x"}"#,
        r#"{"event":"goal_queued","goal":{"repo":"..","number":1}}"#,
    ] {
        assert!(serde_json::from_str::<Event>(text).is_err(), "{text}");
    }
}

fn goal_json() -> Value {
    json!({"repo": "github.com/acme/app", "number": 42})
}

#[test]
fn the_words_in_the_journal_stay() {
    let goal = id(42);
    let name = run();
    let outcome = Outcome::Accepted { gated: true };
    let judgement = Judgement::Requeue {
        charge: herder_domain::goal::Charge::OutOfMemory,
        retry_at: Some(after(30)),
        context: herder_domain::run::RetryContext::default(),
    };
    let empty = json!({"feedback": null, "last_outcome": null, "gate_output": null, "last_progress": null,
        "is_resumed": false, "conflicts": []});
    let pinned = [
        (Event::of(&goal, What::GoalQueued), json!({"event": "goal_queued", "goal": goal_json()})),
        (
            Event::of(&goal, What::RunReported { run: name.clone(), outcome }),
            json!({"event": "run_reported", "goal": goal_json(), "run": name.as_str(),
                "outcome": {"kind": "accepted", "gated": true}}),
        ),
        (
            Event::of(&goal, What::RunJudged { run: name.clone(), judgement }),
            json!({"event": "run_judged", "goal": goal_json(), "run": name.as_str(),
                "judgement": {"judgement": "requeue", "charge": "out_of_memory",
                    "retry_at": "2026-11-01T22:00:30Z", "context": empty}}),
        ),
        (
            Event::AccountParked { agent: "claude".into(), until: None, why: "login".into() },
            json!({"event": "account_parked", "agent": "claude", "until": null, "why": "login"}),
        ),
        (Event::StoryClosed { story: id(42) }, json!({"event": "story_closed", "story": goal_json()})),
    ];
    for (event, expected) in pinned {
        assert_eq!(serde_json::to_value(&event).unwrap(), expected);
    }
}

every!(effects -> Effect {
    Effect::Claim { .. } => Effect::Claim { goal: id(42), run: run() },
    Effect::Prepare { .. } => Effect::Prepare { goal: id(42), run: run() },
    Effect::Launch { .. } => Effect::Launch { goal: id(42), run: run() },
    Effect::Stop { .. } => Effect::Stop { goal: id(42), run: run() },
    Effect::Tell { .. } => Effect::Tell { goal: id(42), run: run(), told: samples::told() },
    Effect::Freeze { .. } => Effect::Freeze { goal: id(42), run: run(), turn: 1 },
    Effect::Thaw { .. } => Effect::Thaw { goal: id(42), run: run(), turn: 2 },
    Effect::Propose { .. } =>
        Effect::Propose { goal: id(42), run: run(), follow_ups: vec![samples::follow_up()] },
    Effect::Collect { .. } => Effect::Collect { goal: id(42), run: run() },
    Effect::Land { .. } => Effect::Land { goal: id(42), run: run(), base_branch: "main".into(), round: 2, returns: 0 },
    Effect::FollowLanding { .. } =>
        Effect::FollowLanding { goal: id(42), run: run(), step: Step::Merge, turn: 4 },
    Effect::Revert { .. } =>
        Effect::Revert { goal: id(42), run: run(), base_branch: "main".into(), undo: 1, round: 2 },
    Effect::Clean { .. } => Effect::Clean { goal: id(42), run: run() },
    Effect::WriteStats { .. } => Effect::WriteStats { goal: id(42), run: run() },
    Effect::ShowState { .. } => Effect::ShowState { goal: id(42), look: 3, since: samples::after(5) },
    Effect::Announce { .. } => Effect::Announce { goal: id(42), turn: 3 },
    Effect::Comment { .. } => Effect::Comment {
        goal: id(42),
        key: "base-red/x".into(),
        text: "t".into(),
        once: Once::Repo,
    },
    Effect::SumUp { .. } => Effect::SumUp { story: id(42), closed_at: after(60) },
    Effect::Notify { .. } => Effect::Notify {
        goal: id(42),
        key: "is stuck/x".into(),
        title: "t".into(),
        message: "m".into(),
        level: Level::Urgent,
        once: Once::Goal,
    },
});

#[test]
fn every_effect_is_read_back_and_has_a_key_that_stays() {
    let name = run();
    for step in samples::steps() {
        let key = Effect::FollowLanding { goal: id(42), run: run(), step, turn: 4 }.key();
        assert_eq!(key, format!("follow/{name}/4/{}", step.word()));
    }
    let keys: Vec<String> = effects().iter().map(Effect::key).collect();
    let runs = ["claim", "prepare", "launch", "stop"].map(|verb| format!("{verb}/{name}"));
    let rest = [
        format!("tell/{name}/3"),
        format!("freeze/{name}/1"),
        format!("thaw/{name}/2"),
        format!("propose/{name}"),
        format!("collect/{name}"),
        format!("land/{name}/2"),
        format!("follow/{name}/4/merge"),
        format!("revert/{name}/1/2"),
        format!("clean/{name}"),
        format!("stats/{name}"),
        "show/github.com/acme/app#42/3".to_owned(),
        "announce/github.com/acme/app#42/3".to_owned(),
        "comment/github.com/acme/app/base-red/x".to_owned(),
        "sum-up/github.com/acme/app#42/2026-11-01T22:01:00Z".to_owned(),
        "notify/github.com/acme/app#42/is stuck/x".to_owned(),
    ];
    assert_eq!(keys, [runs.as_slice(), rest.as_slice()].concat());
    for effect in effects() {
        assert_eq!(*effect.goal(), id(42));
        let text = serde_json::to_string(&effect).unwrap();
        assert_eq!(serde_json::from_str::<Effect>(&text).unwrap(), effect, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_amount_of_money_is_read_back_to_the_last_bit(budget in 0.000_001f64..1e9) {
        let mut draft = full_draft();
        draft.options.budget = Some(budget);
        let event = Event::of(&id(42), What::GoalCreated { draft: Box::new(draft) });
        let text = serde_json::to_string(&event).unwrap();
        prop_assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}
