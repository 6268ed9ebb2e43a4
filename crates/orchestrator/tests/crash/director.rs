//! Who counts the points of a night and strikes at those that were chosen.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use herder_testkit::intercept::{Call, Interceptor, Reply};
use rustix::io::Errno;

use crate::fault::{Fault, Struck, needs_room};
use crate::point::{Kind, Point, may_be};

/// How long a full disk stays so.
const FULL_FOR: Duration = Duration::from_secs(1);

/// A fault at a point: at the n-th call of its kind, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strike {
    pub kind: String,
    pub number: usize,
    pub fault: Fault,
}

impl fmt::Display for Strike {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}#{}={}", self.kind, self.number, self.fault)
    }
}

impl FromStr for Strike {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is not <kind>#<number>=<fault>");
        let (point, fault) = text.rsplit_once('=').ok_or_else(bad)?;
        let (kind, number) = point.rsplit_once('#').ok_or_else(bad)?;
        let number = number.parse().map_err(|_| bad())?;
        Ok(Self { kind: kind.to_owned(), number, fault: fault.parse()? })
    }
}

/// What has happened until now.
#[derive(Clone, Default)]
pub struct Log {
    /// How often each kind of point was passed; empty in a night with strikes.
    pub passed: BTreeMap<Kind, usize>,
    /// How many strikes have befallen the night.
    pub struck: usize,
    /// How many calls were refused for want of room.
    pub refused: usize,
    /// Until when the disk is full, if it ever was.
    full_until: Option<Instant>,
}

/// The one who directs a night.
pub struct Director {
    log: Arc<Mutex<Log>>,
}

struct Directing {
    home: PathBuf,
    marker: String,
    /// Those to come, the next one first.
    strikes: Vec<Strike>,
    /// Points of the next strike's kind since the last strike.
    count: usize,
    /// Whether all points are counted: in a night without strikes they are all that is wanted.
    counts: bool,
    log: Arc<Mutex<Log>>,
}

impl Director {
    /// Begins to direct a night: strikes befall it in this order, each counted from the one before.
    pub fn begin(home: PathBuf, marker: &str, strikes: Vec<Strike>) -> io::Result<(Self, Interceptor)> {
        let director = Self { log: Arc::default() };
        let mut directing = Directing {
            home,
            marker: marker.to_owned(),
            counts: strikes.is_empty(),
            strikes,
            count: 0,
            log: Arc::clone(&director.log),
        };
        Ok((director, Interceptor::new(move |call| directing.decide(call))?))
    }

    /// What has happened until now. While a strike is under way it waits for its end.
    pub fn log(&self) -> Log {
        locked(&self.log).clone()
    }

    /// Whether there is room on the disk.
    pub fn has_room(&self) -> bool {
        !self.log().is_full()
    }
}

impl Log {
    fn is_full(&self) -> bool {
        self.full_until.is_some_and(|until| Instant::now() < until)
    }
}

fn locked(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Directing {
    fn decide(&mut self, call: &Call) -> Reply {
        let log = Arc::clone(&self.log);
        let mut log = locked(&log);
        let is_waited_for = |strike: &Strike| may_be(call, &self.home, &strike.kind);
        if !self.counts && !log.is_full() && !self.strikes.first().is_some_and(is_waited_for) {
            return Reply::GoOn;
        }
        let Some(point) = Point::of(call, &self.home) else {
            return Reply::GoOn;
        };
        if self.counts {
            *log.passed.entry(point.kind.clone()).or_default() += 1;
        }
        if let Some(reply) = self.strike(call, &point, &mut log) {
            return reply;
        }
        if log.is_full() && needs_room(call.deed()) {
            log.refused += 1;
            return Reply::Fail(Errno::NOSPC.raw_os_error());
        }
        Reply::GoOn
    }

    /// Strikes, if the time has come. Where a fault finds nothing to strike it is tried again at the next
    /// point of its kind.
    fn strike(&mut self, call: &Call, point: &Point, log: &mut Log) -> Option<Reply> {
        let next = self.strikes.first()?;
        if point.kind.to_string() != next.kind {
            return None;
        }
        self.count += 1;
        if self.count < next.number {
            return None;
        }
        let reply = match next.fault.strike(call, point, &self.marker) {
            Struck::Nobody => return None,
            Struck::Processes => Some(Reply::GoOn),
            Struck::Disk => {
                log.full_until = Some(Instant::now() + FULL_FOR);
                None
            }
        };
        self.strikes.remove(0);
        self.count = 0;
        log.struck += 1;
        reply
    }
}
