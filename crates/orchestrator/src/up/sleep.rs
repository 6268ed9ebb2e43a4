//! This machine stays awake while anything is at work, where it lets itself be asked.

use herder_config::Sleep;
use herder_domain::effect::Effect;
use herder_executor::Inhibitor;
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use crate::told::Told;

/// Whether this machine is kept awake.
#[derive(Debug, Default)]
pub(super) struct Awake {
    now: Now,
    /// Why it was not granted, as it was said last.
    said: Option<String>,
}

#[derive(Debug, Default)]
enum Now {
    /// Nothing is at work.
    #[default]
    Idle,
    /// It is asked to stay awake.
    Held(Inhibitor),
    /// It was asked and did not grant it. It is asked again when work begins anew.
    Refused,
}

/// Asks this machine to stay awake as long as anything is at work, and lets it go then.
pub(super) fn mind(daemon: &mut Daemon) -> Result<(), UpError> {
    let is_wanted = daemon.context.settings.sleep.value == Sleep::Inhibit && is_busy(daemon)?;
    daemon.awake.now = match (is_wanted, std::mem::take(&mut daemon.awake.now)) {
        (false, _) => Now::Idle,
        (true, Now::Idle) => match Inhibitor::hold("goals are being worked off") {
            Ok(inhibitor) => Now::Held(inhibitor),
            Err(error) => refused(daemon, error.to_string()),
        },
        (true, Now::Held(mut inhibitor)) => match inhibitor.is_held() {
            true => Now::Held(inhibitor),
            false => refused(daemon, "it ended at once, or was ended".to_owned()),
        },
        (true, Now::Refused) => Now::Refused,
    };
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
fn refused(daemon: &mut Daemon, why: String) -> Now {
    if daemon.awake.said.as_ref() != Some(&why) {
        let text = format!("this machine may go to sleep: systemd-inhibit: {why}");
        daemon.log(&Told::note(Timestamp::now(), text));
        daemon.awake.said = Some(why);
    }
    Now::Refused
}
