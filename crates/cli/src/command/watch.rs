//! `herder watch`.

use std::io::{ErrorKind, IsTerminal, stdin, stdout};

use anstream::{AutoStream, ColorChoice};
use herder_watch::{App, Palette, Watch, WatchError, follow, page, show};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::args;
use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;
use crate::window::WatchDesk;

/// How many lines of each log are shown at one look.
const LINES: usize = 6;

/// Shows goals, running ralphs and capacity.
pub fn watch(call: &Call, args: &args::Watch) -> Result<Reply, Failure> {
    let only = match &call.repo {
        Some(name) => Some(place::named(&call.open()?.store, name)?),
        None => None,
    };
    let state = call.state()?;
    let mut watch = Watch::new(state.clone(), only.clone());
    if args.once {
        let blocks = watch.blocks(call.now, LINES)?;
        return Reply::list(&blocks, page(&blocks));
    }
    let is_drawn = stdout().is_terminal() && stdin().is_terminal() && !call.output.is_json() && !args.plain;
    let seen = if is_drawn {
        let desk = WatchDesk::new(call.open()?, only);
        show(App::new(state, TimeZone::system(), palette()), Box::new(desk), watch)
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

/// Colours where they are wanted: `--color`, else by NO_COLOR and the terminal.
fn palette() -> Palette {
    match AutoStream::choice(&stdout()) {
        ColorChoice::Never => Palette::Plain,
        ColorChoice::Auto | ColorChoice::AlwaysAnsi | ColorChoice::Always => Palette::Colours,
    }
}
