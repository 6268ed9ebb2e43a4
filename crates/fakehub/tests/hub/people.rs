//! What people do by hand, as a client sees it.

use herder_fakehub::op;
use serde_json::json;

use crate::scene::{APP, Scene};

#[test]
fn a_label_moved_by_hand_is_in_the_timeline_with_its_actor() {
    let scene = Scene::new();
    let issue = scene.issue("Do it");
    scene.hub.act("bob", |ctx| op::issue::add_labels(ctx, "acme/app", issue, &["goal:queued".to_owned()]));
    let timeline = scene.ada.get(&format!("{APP}/issues/{issue}/timeline")).ok();
    assert_eq!((&timeline[0]["event"], &timeline[0]["actor"]["login"]), (&json!("labeled"), &json!("bob")));
}

#[test]
fn a_refused_deed_leaves_no_trace() {
    let scene = Scene::new();
    let issue = scene.issue("Do it");
    let before = scene.hub.look(|state| state.revision);
    let refused = scene.hub.try_act("eve", |ctx| {
        op::comment::create(ctx, "acme/app", issue, "first")?;
        op::issue::add_labels(ctx, "acme/app", issue, &["goal:queued".to_owned()])
    });
    assert!(refused.is_err());
    assert_eq!(scene.hub.look(|state| state.revision), before);
    assert_eq!(scene.ada.get(&format!("{APP}/issues/{issue}/comments")).ok(), json!([]));
}
