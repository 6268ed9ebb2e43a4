//! Telling by a program of the user's. What is told goes into its environment, never into a command line.

use std::ffi::OsString;
use std::time::Duration;

use herder_oneshot::{Environment, OneShot};

use crate::error::NotifyError;
use crate::notice::Notice;

/// Runs the command to its end. The environment is herder's own and `HERDER_TITLE`, `HERDER_MESSAGE`,
/// `HERDER_GOAL`, `HERDER_KEY`, `HERDER_URL`, `HERDER_LEVEL`; what there is not is empty.
pub(crate) fn run(command: &[String], notice: &Notice, time_limit: Duration) -> Result<(), NotifyError> {
    let Some((program, args)) = command.split_first() else { return Ok(()) };
    let shot = OneShot::new(program)
        .args(args)
        .environment(Environment::Inherited(variables(notice)))
        .time_limit(time_limit)
        // Nobody reads what it prints.
        .stdout_cap(0)
        .stderr_cap(4 << 10);
    shot.run_ok()?;
    Ok(())
}

fn variables(notice: &Notice) -> Vec<(OsString, OsString)> {
    let plain = |text: &Option<String>| text.clone().unwrap_or_default().replace('\0', "");
    let all = [
        ("HERDER_TITLE", notice.short_title()),
        ("HERDER_MESSAGE", notice.short_message()),
        ("HERDER_GOAL", plain(&notice.goal)),
        ("HERDER_KEY", notice.key.replace('\0', "")),
        ("HERDER_URL", plain(&notice.url)),
        ("HERDER_LEVEL", notice.level.as_str().to_owned()),
    ];
    all.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}
