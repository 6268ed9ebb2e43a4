//! What changes, told while it is open (server-sent events, WHATWG HTML, section 9.2).
//!
//! `change` says that a page may show something else by now; `log` has lines of a run's log, the first one what there
//! was of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use herder_record::{RecordError, RunDir, Tail};
use herder_view::{LineKind, log_lines, printable};
use serde_json::json;

use super::ask::{self, Ask};
use super::runs::LOG_LINES;
use super::trouble::{Kind, Trouble};
use crate::live::Stamp;
use crate::site::Site;

/// How often it is looked whether there is anything new.
const LOOK: Duration = Duration::from_millis(400);

/// How long nothing may be said: proxies close what is silent.
const SILENCE: Duration = Duration::from_secs(15);

/// The most of a log that is sent at once, bytes; more comes with the next look.
const AT_ONCE: usize = 256 * 1024;

/// Tells what changes until nobody listens.
pub async fn events(
    State(site): State<Arc<Site>>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    match Ear::open(site, &Ask { parameters, ..Ask::default() }) {
        Ok(ear) => {
            let keep = KeepAlive::new().interval(SILENCE);
            Sse::new(stream::unfold(ear, heard)).keep_alive(keep).into_response()
        }
        Err(trouble) => trouble.json(),
    }
}

/// The next thing that is to be told.
async fn heard(mut ear: Ear) -> Option<(Result<Event, Infallible>, Ear)> {
    loop {
        let looked = tokio::task::spawn_blocking(move || {
            let event = ear.look();
            (ear, event)
        });
        let event;
        (ear, event) = looked.await.ok()?;
        if let Some(event) = event {
            return Some((Ok(event), ear));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Somebody who listens, and what was told.
struct Ear {
    site: Arc<Site>,
    told: Option<Stamp>,
    log: Option<Following>,
}

/// A log that is followed.
struct Following {
    dir: RunDir,
    tail: Option<Tail>,
    /// The beginning of a line that is not whole yet.
    partial: Vec<u8>,
}

impl Ear {
    fn open(site: Arc<Site>, asked: &Ask) -> Result<Self, Trouble> {
        let live = site.live()?;
        let following = |name| -> Result<Following, Trouble> {
            let dir = RunDir::of(live.state(), ask::run(name)?);
            Ok(Following { dir, tail: None, partial: Vec::new() })
        };
        let log = asked.parameter("run").map(following).transpose()?;
        if let Some(following) = log.as_ref().filter(|following| !following.dir.path().is_dir()) {
            let message = format!("there is no run {}", following.dir.run());
            return Err(Trouble::new(Kind::NotFound, message));
        }
        Ok(Self { told: live.stamp().ok(), log, site })
    }

    fn look(&mut self) -> Option<Event> {
        // What cannot be read now is read at the next look.
        if let Some(Ok(Some(event))) = self.log.as_mut().map(Following::look) {
            return Some(event);
        }
        let stamp = self.site.live().ok()?.stamp().ok()?;
        if self.told.replace(stamp) == Some(stamp) {
            return None;
        }
        Some(Event::default().event("change").data("{}"))
    }
}

impl Following {
    fn look(&mut self) -> Result<Option<Event>, RecordError> {
        let Some(tail) = &mut self.tail else {
            // What stands there by now comes as a whole, and what is added from then on.
            let mut tail = Tail::from_last_lines(self.dir.log_path(), LOG_LINES)?;
            let (mut lines, _) = read(&mut tail, &mut self.partial)?;
            let parts = self.dir.log_parts();
            if let ([older, _], true) = (&parts[..], lines.len() < LOG_LINES) {
                let missing = LOG_LINES - lines.len();
                lines.splice(0..0, log_lines(std::slice::from_ref(older), missing)?);
            }
            self.tail = Some(tail);
            return Ok(Some(told(&lines, true)));
        };
        let (lines, is_anew) = read(tail, &mut self.partial)?;
        Ok((!lines.is_empty()).then(|| told(&lines, is_anew && self.dir.log_parts().len() < 2)))
    }
}

/// The lines that are whole by now, and whether they are the first of another file.
fn read(tail: &mut Tail, partial: &mut Vec<u8>) -> Result<(Vec<String>, bool), RecordError> {
    let (mut lines, mut is_anew, mut bytes) = (Vec::new(), false, 0);
    while bytes < AT_ONCE
        && let Some(chunk) = tail.read()?
    {
        bytes += chunk.bytes.len();
        is_anew |= chunk.is_anew;
        for part in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
            partial.extend_from_slice(part);
            if part.ends_with(b"\n") || partial.len() > AT_ONCE {
                let line = String::from_utf8_lossy(partial).trim_end_matches(['\r', '\n']).to_owned();
                lines.push(printable(&line).into_owned());
                partial.clear();
            }
        }
    }
    Ok((lines, is_anew))
}

fn told(lines: &[String], is_whole: bool) -> Event {
    let lines: Vec<_> = lines.iter().map(|line| [LineKind::of(line).name(), line.as_str()]).collect();
    Event::default().event("log").data(json!({ "whole": is_whole, "lines": lines }).to_string())
}
