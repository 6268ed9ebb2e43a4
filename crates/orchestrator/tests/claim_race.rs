//! Eight orchestrators, many goals, one GitHub: claims by real pushes, with delays, lost answers and partitions.
//!
//! What every interleaving comes to is shown by the simulation in `crates/forge/tests/claims`; this shows that git and a
//! server do what it takes them for. `HERDER_CLAIM_GOALS` says how many goals are to be raced for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use herder_domain::repo::Number;
use herder_domain::run::RunId;
use herder_fakehub::{Fault, Hub, Permission, Rule};
use herder_forge::claim::{
    Claim, Claimed, Claims, Fence, Mark, Publish, Published, Release, Released, Renew, Terms, Verified,
    Verify,
};
use herder_forge::{Client, Credentials, Setup, Site, TokenSource};
use herder_orchestrator::{ClaimRefs, ForgeTokens};
use herder_workspace::{Identity, Mirror, Signature, UserEnvironment};
use jiff::{SignedDuration, Timestamp};

/// An orchestrator at the repository `acme/app`.
struct Herder {
    claims: Claims<ClaimRefs>,
    token: String,
    base: Mark,
    /// What its idea of the server's time is wrong by.
    skew: SignedDuration,
}

impl Herder {
    fn new(hub: &Hub, place: &Path, name: &str, terms: Terms) -> Self {
        let token = hub.token("herder", &["repo"]);
        let site = Site::at("github.com", &hub.url(), "").with_git_at(&hub.url());
        let source = TokenSource::variable("GITHUB_TOKEN", |_| Some(token.clone().into()));
        let client = Client::new(Setup::new(site, Credentials::new("github.com", vec![source])));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let off: [(OsString, OsString); 3] = [
            ("PATH".into(), path),
            ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ];
        let tokens = ForgeTokens::new(move |url| Ok(client.site().has_git(url).then(|| client.clone())));
        let user = UserEnvironment::of(off).with_tokens(Arc::new(tokens));
        let url = hub.git_url("acme/app");
        let mirror = Mirror::open_or_create(&place.join(format!("{name}.git")), &url, &user).unwrap();
        mirror.fetch(&user).unwrap();
        let base = Mark(mirror.tip("main").unwrap().to_string());
        let who = Identity { name: "herder".into(), email: "herder@example.org".into() };
        let refs = ClaimRefs { bare: mirror.bare().clone(), url, user, who };
        let claims = Claims { refs, me: name.parse().unwrap(), terms };
        Self { claims, token, base, skew: SignedDuration::ZERO }
    }

    fn clock(&self) -> impl Fn() -> Option<Timestamp> {
        let skew = self.skew;
        move || Timestamp::now().checked_add(skew).ok()
    }

    fn claim(&self, goal: u64, attempt: u32) -> Option<Claimed> {
        let run = RunId::try_from(format!("app-{goal}-{attempt}-0")).unwrap();
        self.claims.carry_out(Claim { goal: Number(goal), run }, self.clock()).ok()
    }

    fn verify(&self, goal: u64, attempt: u32) -> Option<Verified> {
        let run = RunId::try_from(format!("app-{goal}-{attempt}-0")).unwrap();
        self.claims.carry_out(Verify { goal: Number(goal), run }, self.clock()).ok()
    }

    /// A commit upon the base that nobody else makes.
    fn work(&self, goal: u64) -> Mark {
        let who = self.claims.refs.who.clone();
        let signature = Signature { who, at: Timestamp::now() };
        let base = herder_workspace::CommitId::parse(&self.base.0).unwrap();
        let message = format!("Do {goal} by {}", self.claims.me);
        Mark(self.claims.refs.bare.message_commit(Some(&base), &message, &signature).unwrap().to_string())
    }

    fn publish(&self, goal: u64, fence: Fence, head: &Mark) -> Option<Published> {
        let publish = Publish { goal: Number(goal), fence, old: None, head: head.clone() };
        self.claims.carry_out(publish, self.clock()).ok()
    }

    fn release(&self, goal: u64, fence: Fence) -> Option<Released> {
        self.claims.carry_out(Release { goal: Number(goal), fence }, self.clock()).ok()
    }
}

fn hub() -> Hub {
    let hub = Hub::start();
    hub.user("herder");
    hub.repo("acme/app").grant("herder", Permission::Write).create();
    hub
}

fn ours(claimed: Option<Claimed>) -> Fence {
    match claimed {
        Some(Claimed::Ours { fence, .. }) => fence,
        other => panic!("not ours: {other:?}"),
    }
}

#[test]
fn a_claim_is_taken_verified_published_with_and_let_go_of() {
    let (hub, place) = (hub(), tempfile::tempdir().unwrap());
    let [ada, bob] = ["ada", "bob"].map(|name| Herder::new(&hub, place.path(), name, Terms::default()));
    let fence = ours(ada.claim(7, 1));
    let again = Some(Claimed::Ours { fence, published: None });
    assert_eq!(ada.claim(7, 1), again, "asked again, it is what it was");
    assert!(matches!(bob.claim(7, 1), Some(Claimed::HeldBy { owner, .. }) if owner == ada.claims.me));
    assert_eq!(bob.verify(7, 1), Some(Verified::Lost { to: Some(ada.claims.me.clone()) }));
    let (stale, head) = (bob.work(7), ada.work(7));
    assert_eq!(bob.publish(7, fence, &stale), Some(Published::Lost { to: Some(ada.claims.me.clone()) }));
    assert_eq!(ada.publish(7, fence, &head), Some(Published::Done));
    assert_eq!(ada.publish(7, fence, &head), Some(Published::Done), "published again, it is there");
    let tip = hub.look(|state| state.repo("acme/app").unwrap().tip("goal-7").cloned());
    assert_eq!(tip, Some(head.0));
    assert_eq!(
        (ada.release(7, fence), bob.release(7, fence)),
        (Some(Released::Done), Some(Released::NotOurs))
    );
    assert_eq!(ours(bob.claim(7, 1)), fence.next());
    let log = std::process::Command::new("git")
        .args(["log", "--format=%s", "refs/herder/claims/7"])
        .current_dir(hub.git_dir("acme/app"))
        .output()
        .unwrap();
    let said = "herder: bob works on #7 (2)\nherder: ada has let go of #7 (1)\nherder: ada has published work on #7 \
                (1)\nherder: ada works on #7 (1)\n";
    assert_eq!(String::from_utf8(log.stdout).unwrap(), said, "the ref only ever goes forward");
}

#[test]
fn who_does_not_renew_is_followed_and_finds_out_before_publishing() {
    let (hub, place) = (hub(), tempfile::tempdir().unwrap());
    let [ada, mut bob] = ["ada", "bob"].map(|name| Herder::new(&hub, place.path(), name, Terms::default()));
    let fence = ours(ada.claim(7, 1));
    hub.fault(Rule::new(Fault::CutBefore).token(&ada.token));
    assert_eq!(ada.verify(7, 1), None, "cut off, nobody knows");
    bob.skew = SignedDuration::from_mins(15);
    assert!(matches!(bob.claim(7, 1), Some(Claimed::HeldBy { .. })), "within the margin");
    bob.skew = SignedDuration::from_mins(17);
    let renewed = bob.claims.carry_out(Renew, bob.clock()).unwrap();
    assert_eq!(renewed.abandoned, [Number(7)]);
    assert_eq!(ours(bob.claim(7, 1)), fence.next());
    hub.clear_faults();
    let head = ada.work(7);
    assert_eq!(ada.publish(7, fence, &head), Some(Published::Lost { to: Some(bob.claims.me.clone()) }));
    assert_eq!(ada.claims.carry_out(Renew, ada.clock()).unwrap().ours, BTreeMap::new());
    assert_eq!(hub.look(|state| state.repo("acme/app").unwrap().tip("goal-7").cloned()), None);
}

#[test]
fn a_push_whose_answer_is_lost_is_read_again() {
    let (hub, place) = (hub(), tempfile::tempdir().unwrap());
    let ada = Herder::new(&hub, place.path(), "ada", Terms::default());
    let lost = || Rule::new(Fault::CutAfter).part("git-receive-pack").method("POST").times(1);
    hub.fault(lost());
    let fence = ours(ada.claim(7, 1));
    assert_eq!(fence, Fence(1), "claimed once, not twice");
    hub.fault(lost());
    assert_eq!(ada.publish(7, fence, &ada.work(7)), Some(Published::Done));
    hub.fault(lost());
    assert_eq!(ada.release(7, fence), Some(Released::Done));
}

#[test]
fn words_of_a_person_in_the_place_of_a_claim_are_not_guessed_at() {
    let (hub, place) = (hub(), tempfile::tempdir().unwrap());
    let ada = Herder::new(&hub, place.path(), "ada", Terms::default());
    let tip = ada.base.0.clone();
    hub.act("herder", |ctx| herder_fakehub::op::refs::create(ctx, "acme/app", "refs/herder/claims/7", &tip));
    assert_eq!(ada.claim(7, 1), None);
    let renewed = ada.claims.carry_out(Renew, ada.clock()).unwrap();
    assert!(renewed.unreadable[0].starts_with("understand refs/herder/claims/7"), "{renewed:?}");
}

/// What the race has come to, as an umpire sees it who knows everything.
#[derive(Default)]
struct Umpire {
    /// Who is at work, and since when.
    at_work: BTreeMap<u64, Vec<(String, Instant)>>,
    published: BTreeMap<u64, u32>,
    done: BTreeSet<u64>,
    broken: Vec<String>,
}

#[test]
fn eight_race_for_many_goals_through_delays_lost_answers_and_partitions() {
    let goals = std::env::var("HERDER_CLAIM_GOALS").ok().and_then(|text| text.parse().ok()).unwrap_or(16_u64);
    let (hub, place) = (hub(), tempfile::tempdir().unwrap());
    // No partition below lasts as long as a lease, so nobody may ever be followed.
    let terms =
        Terms { lease: Duration::from_secs(120), margin: Duration::from_secs(10), ..Terms::default() };
    let herders: Vec<Herder> =
        (0..8).map(|index| Herder::new(&hub, place.path(), &format!("host-{index}"), terms)).collect();
    for (index, herder) in herders.iter().enumerate() {
        // Each is cut off for a while at another time.
        let after = u64::try_from(index).unwrap() * 7;
        hub.fault(Rule::new(Fault::CutBefore).token(&herder.token).after(after).times(6));
    }
    hub.fault(Rule::new(Fault::CutAfter).part("git-receive-pack").chance(0.1, 7));
    hub.fault(Rule::new(Fault::Delay(Duration::from_millis(60))).part("git-receive-pack").chance(0.2, 8));
    hub.fault(Rule::new(Fault::Status(502)).part("info/refs").chance(0.03, 9));
    let umpire = Mutex::new(Umpire::default());
    std::thread::scope(|scope| {
        for (index, herder) in herders.iter().enumerate() {
            let umpire = &umpire;
            scope.spawn(move || race(herder, u64::try_from(index).unwrap(), goals, umpire));
        }
    });
    let umpire = umpire.into_inner().unwrap();
    assert_eq!(umpire.broken, [""; 0]);
    assert_eq!(umpire.done.len() as u64, goals, "nothing is stuck");
    assert!(umpire.published.values().all(|count| *count == 1), "{:?}", umpire.published);
    let branches = hub.look(|state| {
        let refs = &state.repo("acme/app").unwrap().refs;
        refs.keys().filter(|name| name.starts_with("refs/heads/goal-")).count()
    });
    assert_eq!(branches as u64, goals);
}

/// One orchestrator until all goals are done: it claims, works, publishes and lets go.
fn race(herder: &Herder, index: u64, goals: u64, umpire: &Mutex<Umpire>) {
    let me = herder.claims.me.to_string();
    let is_done = |goal: u64| umpire.lock().unwrap().done.contains(&goal);
    for step in 0.. {
        if umpire.lock().unwrap().done.len() as u64 == goals {
            return;
        }
        // They begin at the same goals, in twos.
        let goal = (step + index / 2 * (goals / 4)) % goals + 1;
        if is_done(goal) {
            continue;
        }
        let Some(Claimed::Ours { fence, .. }) = herder.claim(goal, 1) else { continue };
        begins(umpire, goal, &me);
        let head = herder.work(goal);
        let published = loop {
            if let Some(published) = herder.publish(goal, fence, &head) {
                break published;
            }
        };
        ends(umpire, goal, &me, &published);
        while herder.release(goal, fence).is_none() {}
    }
}

fn begins(umpire: &Mutex<Umpire>, goal: u64, me: &str) {
    let mut umpire = umpire.lock().unwrap();
    let others = umpire.at_work.entry(goal).or_default();
    others.push((me.to_owned(), Instant::now()));
    if others.len() > 1 {
        let told = format!("two at work with {goal}: {others:?}");
        umpire.broken.push(told);
    }
}

fn ends(umpire: &Mutex<Umpire>, goal: u64, me: &str, published: &Published) {
    let mut umpire = umpire.lock().unwrap();
    umpire.at_work.entry(goal).or_default().retain(|(who, _)| who != me);
    match published {
        Published::Done => {
            *umpire.published.entry(goal).or_default() += 1;
            umpire.done.insert(goal);
        }
        // Somebody was done before we claimed: the branch is there.
        Published::Moved { .. } => {}
        Published::Lost { to } => umpire.broken.push(format!("{me} lost {goal} to {to:?} within its lease")),
    }
}
