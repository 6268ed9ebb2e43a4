//! Telling by a program. What is told goes into its environment, or behind `--` where a program of a known kind takes
//! it so: never into a shell, and never where an option may stand.

use std::ffi::OsString;
use std::time::Duration;

use herder_domain::level::Level;
use herder_oneshot::{Environment, OneShot};

use crate::error::NotifyError;
use crate::notice::Notice;

/// Runs the command to its end. The environment is herder's own and `HERDER_TITLE`, `HERDER_MESSAGE`,
/// `HERDER_GOAL`, `HERDER_KEY`, `HERDER_URL`, `HERDER_LEVEL`; what there is not is empty.
pub(crate) fn run(command: &[String], notice: &Notice, time_limit: Duration) -> Result<(), NotifyError> {
    let Some((program, args)) = command.split_first() else { return Ok(()) };
    finish(
        OneShot::new(program).args(args).environment(Environment::Inherited(variables(notice))),
        time_limit,
    )
}

/// Shows it on a desktop: `notify-send` takes title and text as its operands, and reads the text as Pango markup (the
/// Desktop Notifications Specification, "Markup").
pub(crate) fn show(command: &[String], notice: &Notice, time_limit: Duration) -> Result<(), NotifyError> {
    let Some((program, args)) = command.split_first() else { return Ok(()) };
    let urgency = match notice.level {
        Level::Info => "low",
        Level::Attention => "normal",
        Level::Urgent => "critical",
    };
    let marked = notice.short_message().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let said = ["--app-name=herder", "--urgency", urgency, "--", &notice.short_title(), &marked];
    finish(
        OneShot::new(program).args(args).args(said).environment(Environment::Inherited(vec![])),
        time_limit,
    )
}

fn finish(shot: OneShot, time_limit: Duration) -> Result<(), NotifyError> {
    // Nobody reads what it prints.
    shot.time_limit(time_limit).stdout_cap(0).stderr_cap(4 << 10).run_ok()?;
    Ok(())
}

fn variables(notice: &Notice) -> Vec<(OsString, OsString)> {
    let plain = |text: Option<String>| text.unwrap_or_default().replace('\0', "");
    let all = [
        ("HERDER_TITLE", notice.short_title()),
        ("HERDER_MESSAGE", notice.short_message()),
        ("HERDER_GOAL", plain(notice.goal.as_ref().map(ToString::to_string))),
        ("HERDER_KEY", notice.key.replace('\0', "")),
        ("HERDER_URL", plain(notice.url.clone())),
        ("HERDER_LEVEL", notice.level.as_str().to_owned()),
    ];
    all.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}
