//! Goals and stories: numbers, flags, lists.

use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::Home;
use herder_domain::goal::GoalState;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::story::StoryState;
use herder_store::{AppendError, GoalFilter, Missing, NewGoal};

use crate::agreement::assert_agrees;
use crate::scene::{Scene, app, at, number, queued, registered, settings, text};

#[test]
fn stories_and_goals_share_one_sequence_in_each_repository() {
    let mut scene = Scene::new();
    let other = "acme/other".parse().unwrap();
    scene.store.append(&registered(&other), at(0)).unwrap();
    let story = scene.store.create_story(&app(), "Flags", "All of them", at(1)).unwrap();
    let goal = scene.queue("One", 2);
    let elsewhere = scene.store.create_goal(&other, queued(text(&other, "One", "")), at(3)).unwrap();
    assert_eq!((story.number.0, goal.number.0, elsewhere.number.0), (1, 2, 1));
    assert_eq!(scene.store.find_goal_number(number(1)).unwrap(), std::slice::from_ref(&elsewhere));
    assert_eq!(scene.store.find_story_number(number(1)).unwrap(), [story]);
    let again = scene.store.create_goal(&other, queued(text(&other, "Two", "")), at(4)).unwrap();
    assert_eq!(scene.store.find_goal_number(number(2)).unwrap(), [goal, again]);
}

#[test]
fn what_stands_beside_the_text_joins_it() {
    let mut scene = Scene::new();
    let (first, second) = (scene.queue("First", 1), scene.queue("Second", 2));
    let story = scene.store.create_story(&app(), "Flags", "", at(3)).unwrap();
    let new = NewGoal {
        text: text(&app(), "Third", "Depends: #1"),
        story: Some(story.number),
        depends: vec![second.clone(), first.clone()],
        wants_spot_check: true,
        is_queued: false,
    };
    let third = scene.store.create_goal(&app(), new, at(4)).unwrap();
    let goal = scene.goal(&third);
    assert_eq!((goal.depends, goal.story), (vec![first.clone(), second], Some(story.number)));
    assert!(goal.wants_spot_check);
    assert_eq!(goal.state.word(), "draft");
    assert_eq!(scene.store.dependents(&first).unwrap(), [third]);
}

#[test]
fn a_goal_of_no_repository_or_of_no_story_is_refused_and_takes_no_number() {
    let mut scene = Scene::new();
    let nowhere = "acme/nowhere".parse().unwrap();
    let error = scene.store.create_goal(&nowhere, queued(text(&nowhere, "T", "")), at(1)).unwrap_err();
    assert_eq!(error.to_string(), "the repository github.com/acme/nowhere does not exist");
    let error = scene.store.create_goal(&app(), queued(text(&app(), "T", "Story: #9")), at(1)).unwrap_err();
    let story = GoalRef::new(app(), 9);
    assert!(matches!(error, AppendError::Unknown(Missing::Story(missing)) if missing == story));
    assert_eq!(scene.queue("T", 2).number.0, 1);
}

#[test]
fn lists_are_filtered_and_stand_in_the_order_of_numbers() {
    let mut scene = Scene::new();
    let story = scene.store.create_story(&app(), "Flags", "", at(0)).unwrap();
    let mut ids = Vec::new();
    for n in 1..=3 {
        let mut new = queued(text(&app(), &format!("Goal {n}"), ""));
        new.story = (n == 2).then_some(story.number);
        ids.push(scene.store.create_goal(&app(), new, at(n)).unwrap());
    }
    scene.append(&ids[0], What::GoalCancelled, 9).unwrap();
    let list = |filter: GoalFilter| -> Vec<GoalRef> {
        scene.store.goals(&filter).unwrap().into_iter().map(|goal| goal.id).collect()
    };
    assert_eq!(list(GoalFilter::default()), ids);
    let states = vec!["queued".into(), "done".into()];
    assert_eq!(list(GoalFilter { states, ..GoalFilter::default() }), ids[1..]);
    assert_eq!(list(GoalFilter { story: Some(story.number), ..GoalFilter::default() }), ids[1..2]);
    let repo = Some("acme/other".parse().unwrap());
    assert_eq!(list(GoalFilter { repo, ..GoalFilter::default() }), []);
}

#[test]
fn the_queue_is_first_in_first_out_whatever_the_numbers() {
    let mut scene = Scene::new();
    let mut ids = Vec::new();
    for n in 0..4 {
        let new = NewGoal { is_queued: false, ..queued(text(&app(), &format!("Goal {n}"), "")) };
        ids.push(scene.store.create_goal(&app(), new, at(n)).unwrap());
    }
    for (place, index) in [(10, 2), (11, 0), (12, 3)] {
        scene.append(&ids[index], What::GoalQueued, place).unwrap();
    }
    let queue: Vec<GoalRef> = scene.store.queued().unwrap().into_iter().map(|goal| goal.id).collect();
    assert_eq!(queue, [ids[2].clone(), ids[0].clone(), ids[3].clone()]);
    let stepped = scene.store.step(&settings(), at(20)).unwrap();
    let started: Vec<&GoalRef> = stepped.effects.iter().map(|effect| effect.goal()).collect();
    assert_eq!(started.len(), 2);
    assert!(started.contains(&&ids[2]) && started.contains(&&ids[0]));
    assert_eq!(stepped.waits.keys().collect::<Vec<_>>(), [&ids[3]]);
}

#[test]
fn a_story_closes_with_its_last_goal_and_opens_for_another() {
    let mut scene = Scene::new();
    let story = scene.store.create_story(&app(), "Flags", "", at(0)).unwrap();
    let new = NewGoal { story: Some(story.number), ..queued(text(&app(), "One", "")) };
    let goal = scene.store.create_goal(&app(), new.clone(), at(1)).unwrap();
    scene.append(&goal, What::GoalResolved, 2).unwrap();
    scene.store.step(&settings(), at(3)).unwrap();
    assert_eq!(scene.store.story(&story).unwrap().unwrap().state, StoryState::Closed);
    scene.store.create_goal(&app(), new, at(4)).unwrap();
    scene.store.step(&settings(), at(5)).unwrap();
    assert_eq!(scene.store.stories(Some(&app())).unwrap()[0].state, StoryState::Open);
    let standing = scene.store.story_standings().unwrap()[&story].clone();
    assert_eq!((standing.goals, standing.unsettled), (2, 1));
    assert_agrees(&scene.store);
}

#[test]
fn a_repository_whose_goals_live_on_its_host_gets_no_number_from_here() {
    let mut scene = Scene::new();
    let far: RepoId = "acme/far".parse().unwrap();
    let Event::RepoAdded { repo } = registered(&far) else { unreachable!() };
    scene.store.append(&Event::RepoAdded { repo: Repo { home: Home::Github, ..repo } }, at(0)).unwrap();
    let refused = scene.store.create_goal(&far, queued(text(&far, "Here", "")), at(1)).unwrap_err();
    assert!(
        matches!(refused, AppendError::Unknown(Missing::Number(repo)) if repo == far),
        "its host numbers it"
    );
    assert!(scene.store.create_story(&far, "Here", "", at(1)).is_err());
}

#[test]
fn goals_are_counted_and_leafed_through_the_newest_first() {
    let mut scene = Scene::new();
    let ids: Vec<GoalRef> = (1..=5).map(|number| scene.queue(&format!("Goal {number}"), number)).collect();
    scene.append(&ids[1], What::GoalCancelled, 9).unwrap();
    let count = scene.store.goal_counts().unwrap()[&app()];
    assert_eq!((count.goals, count.unsettled), (5, 4));
    let numbers = |state, before, limit| {
        let goals = scene.store.newest_goals(&app(), state, before, limit).unwrap();
        goals.iter().map(|goal| goal.id.number.0).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, None, 2), [5, 4]);
    assert_eq!(numbers(None, Some(number(4)), 9), [3, 2, 1]);
    assert_eq!(numbers(Some("queued"), None, 9), [5, 4, 3, 1]);
    assert_eq!(numbers(Some("cancelled"), None, 9), [2]);
    for state in GoalState::WORDS {
        let filter = GoalFilter { states: vec![state.to_owned()], ..GoalFilter::default() };
        let listed = scene.store.goals(&filter).unwrap();
        assert_eq!(numbers(Some(state), None, 9).len(), listed.len(), "{state}");
    }
}
