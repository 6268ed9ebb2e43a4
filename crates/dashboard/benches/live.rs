//! A hundred thousand goals in the database, a thousand of them queued: every page of what is at work, beside the style
//! sheet from the same server, which costs nothing but the way there and back.
//!
//! `cargo bench -p herder-dashboard --bench live`

use std::sync::Arc;

use herder_dashboard::{Bind, Book, Desk, Kind, Live, Serving, Site, Trouble, serve};
use herder_domain::capacity::{Admission, Capacity};
use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::Home;
use herder_domain::goal::GoalText;
use herder_domain::judge::Policy;
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::why::{Answer, why};
use herder_domain::world::World;
use herder_record::StateDir;
use herder_store::{NewGoal, Settings, Store};
use herder_testkit::pairs::{Bar, Failure, Figure, interleaved, is_quick, pairs, seconds};
use herder_view::Order;
use jiff::Timestamp;
use jiff::tz::TimeZone;

type Result<T> = std::result::Result<T, Failure>;

const GOALS: u64 = 100_000;
const GOALS_IN_HASTE: u64 = 500;

/// One goal of so many is queued; the others are settled.
const QUEUED: u64 = 100;

fn main() -> Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let state = StateDir::at(dir.path());
    state.create()?;
    let goals = if is_quick() { GOALS_IN_HASTE } else { GOALS };
    fill(&state, goals)?;
    let serving = served(&state)?;
    let asked = |path: &str| {
        let address = format!("http://{}{path}", serving.address());
        seconds(|| {
            ureq::get(&address).call()?.body_mut().read_to_vec()?;
            Ok(())
        })
    };
    let half = goals / 2 + 1;
    for (name, path) in [
        ("now", "/now".to_owned()),
        ("a goal", format!("/goals/example.org/acme/app/{half}")),
        ("a goal that waits", format!("/goals/example.org/acme/app/{QUEUED}")),
        ("a repository's goals", "/goals/example.org/acme/app".to_owned()),
        (
            "a repository's goals in a state that none is in",
            "/goals/example.org/acme/app?state=stuck".to_owned(),
        ),
        ("a story", "/stories/example.org/acme/app/1".to_owned()),
        ("stories", "/stories".to_owned()),
        ("repositories", "/repositories".to_owned()),
        ("metrics", "/metrics".to_owned()),
        ("the state for programs", "/api/v1/state".to_owned()),
    ] {
        let pairs = interleaved(pairs(), || asked(&path), || asked("/assets/style.css"))?;
        Figure::new(format!("the page of {name}"), "s", "the style sheet", pairs)
            .aiming_at(Bar::AtMost(0.1))
            .tell()?;
    }
    Ok(())
}

fn app() -> Result<RepoId> {
    Ok("example.org/acme/app".parse()?)
}

/// A queued goal and a settled one through the store, the others as copies of these.
fn fill(state: &StateDir, goals: u64) -> Result<()> {
    let mut store = Store::open(&state.database())?;
    let (now, repo) = (Timestamp::now(), app()?);
    let (url, base_branch) = ("https://example.org/acme/app.git".into(), "main".into());
    let added = Repo { id: repo.clone(), url, base_branch, pushes: true, home: Home::Local };
    store.append(&Event::RepoAdded { repo: added }, now)?;
    store.create_story(&repo, "A story", "Why.", now)?;
    let body =
        format!("## Objective\n{}\n\n## Acceptance\n- it works\n", "Do what is to be done. ".repeat(40));
    for story in [None, Some(Number(1))] {
        let text = GoalText::read(&repo, "Do what is to be done", &body)?;
        let new = NewGoal { text, story, depends: Vec::new(), wants_spot_check: false, is_queued: true };
        let goal = store.create_goal(&repo, new, now)?;
        if story.is_none() {
            store.append(&Event::of(&goal, What::GoalCancelled), now)?;
        }
    }
    let sql = rusqlite::Connection::open(state.database())?;
    sql.execute_batch(&format!(
        "BEGIN;
         CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < {goals}) SELECT i FROM n;
         INSERT INTO goals (repo, number, state, is_settled, story, queued_at, current_run, goal)
         SELECT repo, i, state, is_settled, story, queued_at, current_run, json_set(goal, '$.id.number', i)
         FROM n JOIN goals ON number = iif(i % {QUEUED} = 0, 3, 2);
         INSERT INTO ledger SELECT 'run-' || i, repo, i, 'sonnet', 'done', 1.5, 1000, 60.0, 3, 1, '{now}', '{{}}'
         FROM n JOIN goals ON number = 2;
         COMMIT;"
    ))?;
    Ok(())
}

fn served(state: &StateDir) -> Result<Serving> {
    let live = Live::open(state.clone(), Arc::new(Planner))?;
    let site = Site::of_all(Book::open(state.stats(), TimeZone::UTC), live)?;
    Ok(serve(site, &Bind::new(([127, 0, 0, 1], 0).into(), None)?, Vec::new())?)
}

/// Plans with two slots, and takes no orders.
#[derive(Debug)]
struct Planner;

impl Desk for Planner {
    fn world(&self, store: &Store, _: Timestamp) -> std::result::Result<World, Trouble> {
        let capacity = Capacity { max: 2, admission: Admission::Open };
        let settings = Settings::of(capacity, Policy::default(), "replay");
        store.world(&settings).map_err(|error| Trouble::new(Kind::Environment, error.to_string()))
    }

    fn why(&self, _: &Store, world: &World, goal: &GoalRef) -> std::result::Result<Answer, Trouble> {
        let settled =
            Answer { standing: "is settled".into(), reasons: Vec::new(), hints: Vec::new(), estimate: None };
        Ok(why(world, goal, Timestamp::now()).unwrap_or(settled))
    }

    fn orchestrator(&self) -> Option<String> {
        None
    }

    fn order(&self, _: &GoalRef, _: &Order) -> std::result::Result<(), Trouble> {
        Err(Trouble::new(Kind::Refused, "nothing is ordered here"))
    }
}
