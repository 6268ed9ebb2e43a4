//! One night: struck where it was said, begun again until it is over, and judged.

use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use herder_testkit::intercept::Interceptor;
use herder_testkit::until;

use crate::PATIENCE;
use crate::director::{Director, Log, Strike};
use crate::judge::faults;
use crate::scene::Scene;
use crate::seen::{Seen, seen};

/// How often an orchestrator may be started: by what is struck, by the person's word, and to spare.
const STARTS: usize = 10;

/// How long one may take on however busy a machine, a full disk and two crashes' backoffs included.
const LIMIT: Duration = Duration::from_secs(120);

/// What came of a night.
pub struct Night {
    pub seen: Seen,
    /// What must not be, in sentences.
    pub faults: Vec<String>,
    pub log: Log,
    pub took: Duration,
    /// What the orchestrators said.
    pub said: String,
}

/// Plays a night.
pub fn play(strikes: &[Strike]) -> Night {
    play_with(strikes, |_| {})
}

/// Plays a night in which `meddle` is called before each start of an orchestrator but the first.
pub fn play_with(strikes: &[Strike], meddle: impl Fn(&Scene)) -> Night {
    let scene = Scene::new();
    let begun = Instant::now();
    let home = scene.home.path().to_owned();
    let (director, interceptor) = Director::begin(home, scene.home.marker(), strikes.to_vec()).unwrap();
    let trouble = until_over(&scene, &director, &interceptor, meddle).err();
    // Whatever goes on after its time would only be in the judge's way.
    let faults = trouble.map_or_else(|| faults(&scene), |trouble| vec![trouble]);
    let said = std::fs::read_to_string(scene.home.path().join("up.log")).unwrap_or_default();
    Night { seen: seen(&scene), faults, log: director.log(), took: begun.elapsed(), said }
}

/// Starts orchestrators until one finds nothing left to do.
fn until_over(
    scene: &Scene,
    director: &Director,
    interceptor: &Interceptor,
    meddle: impl Fn(&Scene),
) -> Result<(), String> {
    for start in 0..STARTS {
        if start > 0 {
            meddle(scene);
        }
        let status = looked_on(scene, interceptor.start(scene.up()).unwrap())?;
        // What has killed it may be at work on the others still: it would get the next one, too.
        drop(director.log());
        match status.code() {
            // Idle: over, but for what a person has to say.
            Some(0) if !scene.act() && !scene.is_owed_word() => return Ok(()),
            // Killed, or to be continued.
            Some(0) | None => {}
            // It could not begin: that is for want of room, or for good.
            Some(_) => until("room on the disk", PATIENCE, || director.has_room().then_some(())),
        }
    }
    Err(format!("not over after {STARTS} starts"))
}

/// Awaits the end of an orchestrator while a person looks on.
pub fn looked_on(scene: &Scene, up: Child) -> Result<ExitStatus, String> {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| scene.look_on(&is_over));
        let ended = end_of(up);
        is_over.store(true, Ordering::Relaxed);
        ended
    })
}

fn end_of(mut up: Child) -> Result<ExitStatus, String> {
    let begun = Instant::now();
    let status = until("an orchestrator's end", LIMIT * 2, || match up.try_wait().unwrap() {
        Some(status) => Some(Some(status)),
        None => (begun.elapsed() > LIMIT).then_some(None),
    });
    if status.is_none() {
        up.kill().unwrap();
        up.wait().unwrap();
    }
    status.ok_or_else(|| format!("an orchestrator is still at work after {LIMIT:?}"))
}
