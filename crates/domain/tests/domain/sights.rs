//! What people do to a goal on its forge, and what of it herder follows: a page of a manual, as a table.

use herder_domain::event::What;
use herder_domain::goal::{Goal, GoalState};
use herder_domain::repo::Number;
use herder_domain::sight::{
    Act, Command, Deed, OnForge, Rank, Reopening, Seen, Shown, Sighting, Spoken, Standing, Turn, Wrote,
};
use jiff::Timestamp;

use crate::samples::{self, after};

/// A goal in a state, as its forge shows it.
fn goal(word: &str) -> Goal {
    let is_it = |state: &GoalState| state.word() == word;
    let state = samples::goal_states().into_iter().find(is_it).unwrap();
    let shown = Shown { labels: labels(&state), standing: standing(&state) };
    let on_forge = Some(OnForge { through: 10, heard: 10, shown, looks: 3, ..OnForge::default() });
    Goal { state, on_forge, ..samples::draft(42) }
}

fn labels(state: &GoalState) -> Vec<String> {
    state.label().map(str::to_owned).into_iter().collect()
}

fn standing(state: &GoalState) -> Standing {
    match state {
        GoalState::Cancelled => Standing::NotPlanned,
        GoalState::Done { .. } | GoalState::Resolved => Standing::Completed,
        _ => Standing::Open,
    }
}

fn act(id: u64, deed: Deed) -> Act {
    Act { id, by: "bob".into(), rank: Rank::Writer, at: after(100), deed }
}

/// The goal as it was seen before.
fn sighting(goal: &Goal) -> Sighting {
    let known = goal.on_forge.as_ref().unwrap();
    Sighting {
        goal: goal.id.clone(),
        title: goal.title.clone(),
        body: goal.body.clone(),
        created_at: goal.created_at,
        edited_at: None,
        story: None,
        depends: Vec::new(),
        proposed_by: None,
        wants_spot_check: goal.wants_spot_check,
        seen: Seen { through: known.through, heard: known.heard, shown: known.shown.clone() },
        acts: Vec::new(),
        spoken: Vec::new(),
        me: "herder".into(),
        merged: None,
    }
}

/// What is recorded, beside that something was seen.
fn follows(goal: &Goal, sighting: &Sighting) -> String {
    let found = sighting.fold(goal);
    assert!(found.is_empty() || matches!(found[0], What::GoalSeen { .. }), "{found:?}");
    let words = found.iter().skip(1).map(|what| match what {
        What::GoalQueued => "queued",
        What::GoalRetried => "retried",
        What::GoalShelved { .. } => "shelved",
        What::GoalCancelled => "cancelled",
        What::GoalResolved => "resolved",
        What::Landed { .. } => "landed",
        What::GoalReopened => "reopened",
        What::GoalEdited { .. } => "edited",
        What::GoalNotQueued { .. } => "not queued",
        What::GoalMislabelled { .. } => "mislabelled",
        What::GoalLinked { .. } => "linked",
        What::GoalMoved { .. } => "moved",
        other => panic!("{other:?}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// What a person did: a label put on or taken off, closed, opened.
fn does(goal: &Goal, deed: &str) -> Sighting {
    let mut sighting = sighting(goal);
    let shown = &mut sighting.seen.shown;
    let own = goal.state.label().unwrap_or("goal:none").to_owned();
    let deed = match deed {
        "closes as completed" => {
            shown.standing = Standing::Completed;
            Deed::Closed
        }
        "closes as not planned" => {
            shown.standing = Standing::NotPlanned;
            Deed::Closed
        }
        "opens" => {
            shown.standing = Standing::Open;
            Deed::Reopened
        }
        "takes off its label" => {
            shown.labels.clear();
            Deed::Unlabeled(own)
        }
        label => {
            shown.labels.push(label.into());
            shown.labels.sort();
            Deed::Labeled(label.into())
        }
    };
    sighting.acts.push(act(11, deed));
    sighting.seen.through = 11;
    sighting
}

const TABLE: &str = "
                      | draft       | queued      | running     | spot-check  | offered     | stuck       | done     | cancelled | resolved
goal:queued           | queued      | mislabelled | mislabelled | mislabelled | mislabelled | retried     |          |           |
goal:draft            | mislabelled | shelved     | shelved     | shelved     | shelved     | shelved     |          |           |
goal:running          | mislabelled | mislabelled | mislabelled | mislabelled | mislabelled | mislabelled |          |           |
goal:done             | mislabelled | mislabelled | mislabelled | mislabelled | mislabelled | mislabelled |          |           |
goal:stuck            | mislabelled | mislabelled | mislabelled | mislabelled | mislabelled | mislabelled |          |           |
takes off its label   | mislabelled | shelved     | shelved     | mislabelled | mislabelled | mislabelled |          |           |
closes as completed   | resolved    | resolved    | resolved    | resolved    |             | resolved    |          |           |
closes as not planned | cancelled   | cancelled   | cancelled   | cancelled   | cancelled   | cancelled   |          |           |
opens                 |             |             |             |             |             |             | reopened | reopened  | reopened
";

#[test]
fn a_person_moves_labels_closes_and_opens_and_herder_does_what_was_meant() {
    let mut lines = TABLE.trim_matches('\n').lines().map(|line| line.split('|').map(str::trim));
    let states: Vec<&str> = lines.next().unwrap().skip(1).collect();
    for mut line in lines {
        let deed = line.next().unwrap();
        for (state, expected) in states.iter().zip(line) {
            let goal = goal(state);
            // What a label that is there already says, nobody can say again.
            if goal.state.label() == Some(deed) {
                continue;
            }
            assert_eq!(follows(&goal, &does(&goal, deed)), expected, "{deed} on {state}");
        }
    }
}

#[test]
fn what_was_followed_is_not_followed_again() {
    let known = goal("stuck");
    let seen = does(&known, "goal:queued");
    assert_eq!(follows(&known, &seen), "retried");
    let mut then = known.clone();
    then.on_forge.as_mut().unwrap().through = 11;
    assert_eq!(follows(&then, &seen), "", "it is put right, and no more");
}

#[test]
fn our_own_writes_are_no_persons_deeds_though_a_person_may_use_the_same_account() {
    let mut known = goal("stuck");
    let mut seen = does(&known, "goal:queued");
    seen.acts[0].by = "Herder".into();
    assert_eq!(follows(&known, &seen), "retried", "herder has written nothing then");
    let wrote = |label: &str| Wrote { label: Some(label.into()), from: after(98), until: after(102) };
    known.on_forge.as_mut().unwrap().wrote = vec![wrote("goal:draft")];
    assert_eq!(follows(&known, &seen), "retried", "that was another label");
    known.on_forge.as_mut().unwrap().wrote = vec![wrote("goal:queued")];
    assert_eq!(follows(&known, &seen), "");
    seen.acts[0].at = after(103);
    assert_eq!(follows(&known, &seen), "retried", "that was later");
    seen.acts[0] = Act { by: "bob".into(), at: after(100), ..seen.acts[0].clone() };
    assert_eq!(follows(&known, &seen), "retried", "that was somebody else");
}

#[test]
fn a_label_that_we_overwrote_before_we_had_seen_it_is_followed_all_the_same() {
    let mut known = goal("draft");
    let ours = Wrote { label: Some("goal:draft".into()), from: after(99), until: after(103) };
    known.on_forge.as_mut().unwrap().wrote = vec![ours];
    let by_us = |id, deed| Act { by: "herder".into(), at: after(101), ..act(id, deed) };
    let queued = || "goal:queued".to_owned();
    let mut seen = sighting(&known);
    seen.acts = vec![
        act(11, Deed::Labeled(queued())),
        by_us(12, Deed::Unlabeled(queued())),
        by_us(13, Deed::Labeled("goal:draft".into())),
    ];
    seen.seen.through = 13;
    assert_eq!(follows(&known, &seen), "queued");
    known.on_forge.as_mut().unwrap().through = 13;
    assert_eq!(follows(&known, &seen), "", "once");
    known.on_forge.as_mut().unwrap().through = 10;
    let theirs = act(12, Deed::Unlabeled(queued()));
    let ours = std::mem::replace(&mut seen.acts[1], theirs);
    assert_eq!(follows(&known, &seen), "", "whoever put it on took it off again");
    let off = Act { at: after(99), ..ours.clone() };
    seen.acts[1] = off;
    assert_eq!(follows(&known, &seen), "", "by our account, but not with what we put on");
    seen.acts[1] = ours;
    seen.acts[0].at = after(98);
    assert_eq!(follows(&known, &seen), "", "it was there before we were to show anything");
    seen.acts[0].at = after(100);
    assert_eq!(follows(&known, &seen), "queued");
    for act in &mut seen.acts[..2] {
        if let Deed::Labeled(name) | Deed::Unlabeled(name) = &mut act.deed {
            *name = "goal:running".into();
        }
    }
    assert_eq!(follows(&known, &seen), "", "only what people put there");
}

#[test]
fn a_stale_list_without_a_deed_changes_nothing() {
    let known = goal("running");
    let mut seen = sighting(&known);
    seen.seen.shown = Shown { labels: vec!["goal:queued".into()], standing: Standing::NotPlanned };
    assert_eq!(follows(&known, &seen), "");
    assert!(sighting(&known).fold(&known).is_empty(), "nothing new is not even written down");
}

#[test]
fn only_who_may_write_queues() {
    for (rank, expected) in [(Rank::Writer, "queued"), (Rank::Other, "not queued")] {
        let known = goal("draft");
        let mut seen = does(&known, "goal:queued");
        seen.acts[0].rank = rank;
        assert_eq!(follows(&known, &seen), expected);
    }
}

#[test]
fn the_last_who_queues_counts() {
    let known = goal("draft");
    let mut seen = does(&known, "goal:queued");
    let other = Act { rank: Rank::Other, ..act(12, Deed::Labeled("goal:queued".into())) };
    seen.acts.push(other);
    assert_eq!(follows(&known, &seen), "not queued");
}

#[test]
fn a_text_is_pinned_only_if_it_was_edited_strictly_before_it_was_queued() {
    let rows: [(Option<Timestamp>, &str); 4] = [
        (None, "queued"),
        (Some(after(99)), "queued"),
        (Some(after(100)), "not queued"),
        (Some(after(101)), "not queued"),
    ];
    for (edited_at, expected) in rows {
        let known = goal("draft");
        let seen = Sighting { edited_at, ..does(&known, "goal:queued") };
        assert_eq!(follows(&known, &seen), expected, "{edited_at:?}");
    }
}

#[test]
fn a_text_that_is_edited_has_to_be_queued_again_and_one_that_runs_stays_as_it_was() {
    let rows = [
        ("draft", "edited"),
        ("queued", "edited"),
        ("running", ""),
        ("spot-check", ""),
        ("offered", ""),
        ("stuck", ""),
        ("done", ""),
    ];
    for (state, expected) in rows {
        let known = goal(state);
        let seen = Sighting { body: "## Objective\nAnother.\n".into(), ..sighting(&known) };
        assert_eq!(follows(&known, &seen), expected, "{state}");
    }
    let stuck = goal("stuck");
    let seen = Sighting { body: "## Objective\nAnother.\n".into(), ..does(&stuck, "goal:queued") };
    assert_eq!(follows(&stuck, &seen), "edited, retried", "whoever queues it again has read it");
    let draft = goal("draft");
    let seen = Sighting { body: "No goal.".into(), ..does(&draft, "goal:queued") };
    assert_eq!(follows(&draft, &seen), "edited, not queued");
}

#[test]
fn who_opens_and_queues_at_once_has_it_run() {
    let known = goal("cancelled");
    let mut seen = does(&known, "opens");
    seen.seen.shown.labels = vec!["goal:queued".into()];
    seen.acts.push(act(12, Deed::Labeled("goal:queued".into())));
    assert_eq!(follows(&known, &seen), "reopened, queued");
}

#[test]
fn links_and_priorities_change_a_queued_goal_without_its_having_to_be_queued_again() {
    let known = goal("queued");
    let seen = Sighting { depends: vec![samples::id(7)], story: Some(Number(5)), ..sighting(&known) };
    assert_eq!(follows(&known, &seen), "linked, moved");
    let mut then = Goal { depends: vec![samples::id(7)], story: Some(Number(5)), ..known };
    assert_eq!(follows(&then, &seen), "");
    then.options.priority = Some(5);
    assert_eq!(follows(&then, &seen), "", "that was said beside its text");
    assert_eq!(follows(&then, &sighting(&then)), "linked", "it waits for nothing any more");
}

#[test]
fn orders_are_heard_once_and_of_writers_only() {
    let known = goal("stuck");
    let spoken = |id, rank| Spoken { id, by: "bob".into(), rank, at: after(1), command: Command::Retry };
    let spoken = vec![spoken(10, Rank::Writer), spoken(11, Rank::Other), spoken(12, Rank::Writer)];
    let seen = Sighting { spoken, ..sighting(&known) };
    assert_eq!(seen.orders(&known).map(|one| one.id).collect::<Vec<_>>(), [12]);
    let elsewhere = Goal { on_forge: None, ..known };
    assert_eq!(seen.orders(&elsewhere).count(), 0);
}

#[test]
fn an_issue_that_a_landing_closed_opens_in_our_name_when_the_work_is_out_and_its_closing_means_nothing_meanwhile()
 {
    let as_closed = |word: &str, reopening| {
        let mut goal = goal(word);
        let known = goal.on_forge.as_mut().unwrap();
        known.shown = Shown { labels: vec!["goal:done".into()], standing: Standing::Completed };
        known.reopening = reopening;
        goal
    };
    for (word, reopening, turn) in [
        ("running", Reopening::Awaited, Turn::Leave),
        ("draft", Reopening::Due, Turn::Open),
        ("queued", Reopening::Due, Turn::Open),
        ("queued", Reopening::Never, Turn::Leave),
    ] {
        let goal = as_closed(word, reopening);
        let to_be = goal.to_show().unwrap();
        assert_eq!(
            (to_be.turn, to_be.shown.standing == Standing::Open),
            (turn, turn == Turn::Open),
            "{word}"
        );
        let mut seen = sighting(&goal);
        seen.acts = vec![act(11, Deed::Closed)];
        seen.seen.through = 11;
        let resolved = if reopening == Reopening::Never { "resolved" } else { "" };
        assert_eq!(follows(&goal, &seen), resolved, "{word}, {reopening:?}");
    }
}

#[test]
fn an_issue_that_a_merge_closed_has_landed_and_is_not_merely_resolved() {
    for word in ["queued", "running", "stuck", "spot-check"] {
        let known = goal(word);
        let mut seen = sighting(&known);
        seen.acts = vec![act(11, Deed::Closed)];
        seen.seen = Seen {
            through: 11,
            shown: Shown { standing: Standing::Completed, ..seen.seen.shown },
            ..seen.seen
        };
        assert_eq!(follows(&known, &seen), "resolved");
        seen.merged = Some((samples::run(), "c0ffee".into()));
        assert_eq!(follows(&known, &seen), "landed");
    }
}
