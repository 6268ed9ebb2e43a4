//! What a person is told because of the time alone.

use herder_domain::repo::GoalRef;
use herder_record::StateDir;
use herder_testkit::{NotifySink, until};
use herder_view::{LinkSigner, OrderKind};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::stage::script::easy;
use crate::stage::{GATE, PATIENCE, Plan, Stage};

#[test]
fn a_digest_comes_once_a_day_and_what_waits_too_long_is_told_of_again() {
    let sink = NotifySink::start();
    let clock = Timestamp::now().strftime("%H:%M");
    let settings = format!(
        "[notify]\ndigest = \"{clock}\"\nescalate = \"1s\"\nlinks = \"https://herder.example/\"\n\
         [notify.to.own]\nkind = \"json\"\nurl = \"{}\"",
        sink.url()
    );
    let mut stage = Plan::gate(GATE).config(&settings).build();
    // What stands in no table comes first.
    stage.configure(&format!("time_zone = \"UTC\"\n{}", stage.config()));
    let goal = stage.goal_to_see("Write a file", &easy("new.txt"));
    stage.good_night();
    assert_eq!(stage.word(&goal), "spot-check");
    let up = stage.up();
    let told = |level: &str| -> Vec<Value> {
        let bodies = sink.received().into_iter().map(|post| serde_json::from_str::<Value>(&post.body));
        bodies.map(Result::unwrap).filter(|body| body["level"] == level).collect()
    };
    until("a second message", PATIENCE, || (!told("urgent").is_empty()).then_some(()));
    assert!(up.stop().success());
    stage.good_night();
    let (urgent, digests) = (told("urgent"), told("info"));
    assert_eq!((urgent.len(), digests.len(), told("attention").len()), (1, 1, 1));
    assert!(urgent[0]["title"].as_str().unwrap().contains("still waits for a spot-check"), "{urgent:?}");
    assert_eq!(urgent[0]["goal"], goal.to_string());
    assert!(digests[0]["title"].as_str().unwrap().starts_with("While you slept: "), "{digests:?}");
    assert_eq!((&digests[0]["goal"], &digests[0]["links"]), (&Value::Null, &json!([])), "it is about all");
    for message in [&urgent[0], &told("attention")[0]] {
        orders_of(&stage, &goal, message);
    }
}

/// What waits for a look can be answered from where the message is read.
#[track_caller]
fn orders_of(stage: &Stage, goal: &GoalRef, message: &Value) {
    let signer = LinkSigner::new(&StateDir::at(stage.home.state()).link_key().unwrap());
    let links = message["links"].as_array().unwrap();
    let orders = links.iter().map(|link| {
        let url = link["url"].as_str().unwrap();
        let order = signer.read(url.strip_prefix("https://herder.example/links/").unwrap()).unwrap();
        assert_eq!((&order.goal, order.void(&stage.store, Timestamp::now()).unwrap()), (goal, None));
        (link["label"].as_str().unwrap(), order.order)
    });
    let orders: Vec<_> = orders.collect();
    assert_eq!(orders, [("Approve", OrderKind::Approve), ("Reject", OrderKind::Reject)]);
}

#[test]
fn where_orders_cannot_be_signed_a_message_comes_without_them_and_the_night_goes_on() {
    let sink = NotifySink::start();
    let settings = format!(
        "[notify]\nlinks = \"https://herder.example\"\n[notify.to.own]\nkind = \"json\"\nurl = \"{}\"",
        sink.url()
    );
    let mut stage = Plan::gate(GATE).config(&settings).build();
    fs_err::create_dir(stage.home.state().join("link.key")).unwrap();
    let goal = stage.goal_to_see("Write a file", &easy("new.txt"));
    stage.good_night();
    assert_eq!(stage.word(&goal), "spot-check");
    let bodies = sink.received().into_iter().map(|post| serde_json::from_str::<Value>(&post.body).unwrap());
    assert!(bodies.filter(|body| body["goal"] == goal.to_string()).all(|body| body["links"] == json!([])));
    assert_eq!(sink.received().len(), 1);
}
