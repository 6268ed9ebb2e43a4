//! This machine stays awake while anything is at work, where it lets itself be asked.

use std::time::{Duration, Instant};

use herder_domain::effect::Effect;
use herder_domain::run::Run;
use herder_domain::setup::Sleep;
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use crate::told::Told;

/// So long work goes on before it is asked: no machine falls asleep at once, and to ask starts a program just when a run
/// is to begin.
const SETTLED: Duration = Duration::from_secs(1);

/// Whether this machine is kept awake.
#[derive(Debug, Default)]
pub(super) struct Awake {
    wish: herder_executor::Awake,
    /// Since when something is at work for which it is not asked yet.
    since: Option<Instant>,
    /// Why it was not granted, as it was said last.
    said: Option<String>,
}

impl Awake {
    /// When it is to be minded again, whatever happens until then.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let unasked = self.since.map(|since| SETTLED.saturating_sub(since.elapsed()));
        unasked.or_else(|| self.wish.look_again()).and_then(|wait| Timestamp::now().checked_add(wait).ok())
    }

    /// Lets it go to sleep.
    fn let_go(&mut self) {
        self.wish.let_go();
        self.since = None;
    }

    /// Asks it to stay awake, where work goes on for long enough; gives why it does not, where that is new.
    fn ask(&mut self) -> Option<String> {
        if self.wish.look_again().is_none() {
            let since = *self.since.get_or_insert_with(Instant::now);
            if since.elapsed() < SETTLED {
                return None;
            }
        }
        self.since = None;
        self.wish.ask("goals are being worked off")
    }
}

/// Asks this machine to stay awake as long as anything is at work, and lets it go then.
pub(super) fn mind(daemon: &mut Daemon) -> Result<(), UpError> {
    if daemon.context.settings.sleep.value == Sleep::Allow || !is_busy(daemon)? {
        daemon.awake.let_go();
    } else if let Some(why) = daemon.awake.ask() {
        tell(daemon, why);
    }
    Ok(())
}

/// Whether a ralph is at work, or this process is: prepares a run, collects one, lands work.
fn is_busy(daemon: &Daemon) -> Result<bool, UpError> {
    let is_work = |effect: &Effect| !matches!(effect, Effect::Notify { .. });
    if daemon.under_way.values().any(is_work) {
        return Ok(true);
    }
    // What stands still can do so while the machine sleeps.
    let goes_on = |run: &Run| run.state.process().is_some() && run.frozen().is_none();
    Ok(daemon.store.active_runs()?.iter().any(goes_on))
}

/// Said in the log alone, and once: on a machine without systemd it is so every time, and `herder doctor`
/// says it, too.
fn tell(daemon: &mut Daemon, why: String) {
    if daemon.awake.said.as_ref() != Some(&why) {
        let text = format!("this machine may go to sleep: systemd-inhibit: {why}");
        daemon.log(&Told::note(Timestamp::now(), text));
        daemon.awake.said = Some(why);
    }
}
