//! `herder watch`.

use std::io::{ErrorKind, IsTerminal, stdout};

use herder_watch::{Watch, WatchError, follow, page, redraw};
use serde_json::json;

use crate::args;
use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// How many lines of each log are shown at one look.
const LINES: usize = 6;

/// Shows all running ralphs.
pub fn watch(call: &Call, args: &args::Watch) -> Result<Reply, Failure> {
    let only = match &call.repo {
        Some(name) => Some(place::named(&call.open()?.store, name)?),
        None => None,
    };
    let mut watch = Watch::new(call.state()?, only);
    if args.once {
        let blocks = watch.blocks(call.now, LINES)?;
        return Reply::list(&blocks, page(&blocks));
    }
    let is_drawn = stdout().is_terminal() && !call.output.is_json() && !args.plain;
    let seen = if is_drawn {
        redraw(&mut watch, &mut stdout().lock())
    } else {
        follow(&mut watch, &mut |run, line| {
            call.output.say(&json!({ "run": run, "line": line }), &format!("{run} | {line}"))
        })
    };
    match seen {
        // Whoever looked has seen enough.
        Err(WatchError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Reply::nothing()),
        seen => seen.map(|()| Reply::nothing()).map_err(Failure::from),
    }
}
