//! Secondary limits: how much at once.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Share, later};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Points a minute that REST takes; a read is one, a write five.
const POINTS_A_MINUTE: u64 = 900;

/// Requests a minute that make something people are told of.
const CREATIONS_A_MINUTE: u64 = 80;

/// The same in an hour.
const CREATIONS_AN_HOUR: u64 = 500;

/// What a request does to the server, as its secondary limits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// It reads.
    Read,
    /// It changes something.
    Write,
    /// It makes an issue, a comment, a pull request: what people are told of.
    Create,
}

impl Load {
    fn points(self) -> u64 {
        match self {
            Self::Read => 1,
            Self::Write | Self::Create => 5,
        }
    }
}

/// What was done in the last hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    points: VecDeque<(Timestamp, u64)>,
    creations: VecDeque<(Timestamp, u64)>,
}

impl Pace {
    pub(super) fn note(&mut self, load: Load, now: Timestamp) {
        self.points.push_back((now, load.points()));
        self.creations.extend((load == Load::Create).then_some((now, 1)));
        forget(&mut self.points, MINUTE, now);
        forget(&mut self.creations, HOUR, now);
    }

    /// Until when a request has to wait, if it has to.
    pub(super) fn wait(&self, load: Load, share: Share, now: Timestamp) -> Option<Timestamp> {
        let points = wait(&self.points, load.points(), share.of(POINTS_A_MINUTE), MINUTE, now);
        if load != Load::Create {
            return points;
        }
        let minute = wait(&self.creations, 1, share.of(CREATIONS_A_MINUTE), MINUTE, now);
        let hour = wait(&self.creations, 1, share.of(CREATIONS_AN_HOUR), HOUR, now);
        [points, minute, hour].into_iter().flatten().max()
    }
}

fn forget(marks: &mut VecDeque<(Timestamp, u64)>, span: Duration, now: Timestamp) {
    while marks.front().is_some_and(|(at, _)| later(*at, span) <= now) {
        marks.pop_front();
    }
}

/// When enough of the marks are older than `span` that `more` fits below `most`; `None` is now. A single request
/// always fits: a small share must not stop everything.
fn wait(
    marks: &VecDeque<(Timestamp, u64)>,
    more: u64,
    most: u64,
    span: Duration,
    now: Timestamp,
) -> Option<Timestamp> {
    let most = most.max(more);
    let young = marks.iter().filter(|(at, _)| later(*at, span) > now);
    let mut sum: u64 = young.clone().map(|(_, points)| points).sum();
    let mut until = None;
    for (at, points) in young {
        if sum + more <= most {
            break;
        }
        sum -= points;
        until = Some(later(*at, span));
    }
    until
}
