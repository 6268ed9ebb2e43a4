//! The logs of all running ralphs as one stream of lines, for what is no terminal.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use herder_domain::run::RunId;
use herder_record::RunDir;

use crate::WatchError;
use crate::tail::Tail;
use crate::watch::Watch;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Gives each line of each running ralph's log to `tell`, with the run's name, until `tell` refuses.
///
/// A ralph that is found at work is followed from the beginning of its log. Runs that begin later, retries
/// among them, are followed on.
pub fn follow(
    watch: &mut Watch,
    tell: &mut dyn FnMut(&RunId, &str) -> std::io::Result<()>,
) -> Result<(), WatchError> {
    let mut followed: BTreeMap<RunId, Tail> = BTreeMap::new();
    loop {
        let running: Vec<RunDir> = watch.running()?.into_iter().map(|(dir, _)| dir).collect();
        for dir in &running {
            let tail = || Tail::new(dir.log_path());
            followed.entry(dir.run().clone()).or_insert_with(tail);
        }
        for (run, tail) in &mut followed {
            give(run, tail, tell)?;
        }
        // A run that ended was read once more after that was seen, so nothing of it is missed.
        let ended = followed.extract_if(.., |run, _| !running.iter().any(|dir| dir.run() == run));
        for (run, mut tail) in ended {
            tail.rest().map_or(Ok(()), |line| tell(&run, &line)).map_err(WatchError::Write)?;
        }
        thread::sleep(PAUSE);
    }
}

fn give(
    run: &RunId,
    tail: &mut Tail,
    tell: &mut dyn FnMut(&RunId, &str) -> std::io::Result<()>,
) -> Result<(), WatchError> {
    let lines = tail.lines().map_err(|source| WatchError::Read { path: run.as_str().into(), source })?;
    lines.iter().try_for_each(|line| tell(run, line)).map_err(WatchError::Write)
}
