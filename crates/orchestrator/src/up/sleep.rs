//! This machine stays awake while anything is at work, where it lets itself be asked.

use herder_domain::effect::Effect;
use herder_domain::setup::Sleep;
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use crate::told::Told;

/// Whether this machine is kept awake.
#[derive(Debug, Default)]
pub(super) struct Awake {
    wish: herder_executor::Awake,
    /// Why it was not granted, as it was said last.
    said: Option<String>,
}

impl Awake {
    /// When it is to be minded again, whatever happens until then.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.wish.look_again().and_then(|wait| Timestamp::now().checked_add(wait).ok())
    }
}

/// Asks this machine to stay awake as long as anything is at work, and lets it go then.
pub(super) fn mind(daemon: &mut Daemon) -> Result<(), UpError> {
    if daemon.context.settings.sleep.value == Sleep::Allow || !is_busy(daemon)? {
        daemon.awake.wish.let_go();
    } else if let Some(why) = daemon.awake.wish.ask("goals are being worked off") {
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
    Ok(daemon.store.active_runs()?.iter().any(|run| run.state.process().is_some()))
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
