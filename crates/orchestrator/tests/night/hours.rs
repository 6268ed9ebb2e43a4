//! Hours in which work begins, and when a person is told of it.

use herder_testkit::until;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::stage::script::script;
use crate::stage::{GATE, PATIENCE, Plan};

/// A window from so many hours from now on to so many.
fn window(from: i64, to: i64) -> String {
    let clock = |hours| (Timestamp::now() + SignedDuration::from_hours(hours)).strftime("%H:%M").to_string();
    format!("[hours.some]\nfrom = \"{}\"\nto = \"{}\"\n", clock(from), clock(to))
}

#[test]
fn work_begins_when_a_window_opens_with_its_model_and_is_told_of_when_it_has_closed() {
    let tells = "[notify]\ncommand = [\"sh\", \"-c\", 'echo \"$HERDER_TITLE\" >>\"$HOME/told\"']\n";
    let mut stage = Plan::gate(GATE).config(tells).build();
    let usual = format!("time_zone = \"UTC\"\n{}", stage.config());
    stage.configure(&format!("{usual}{}", window(3, 5)));
    let goal = stage.goal("Spend", "", &script(&[vec![json!("budget_spent")]]));
    let up = stage.up();
    until("an orchestrator that is up", PATIENCE, || up.said().contains("herder is up").then_some(()));
    assert_eq!(stage.word(&goal), "queued");
    stage.configure(&format!("{usual}{}models = [\"night\"]\nnotify = \"after\"\n", window(-1, 2)));
    stage.until_word(&goal, "stuck");
    let notices = || stage.open_effects().into_iter().filter(|key| key.starts_with("notify/")).count();
    assert_eq!(notices(), 1, "{}", up.said());
    assert!(!stage.home.home().join("told").exists());
    stage.configure(&usual);
    until("the notice", PATIENCE, || stage.home.home().join("told").exists().then_some(()));
    assert!(up.stop().success());
    assert_eq!(stage.row(&goal, 1).model, "night");
}
