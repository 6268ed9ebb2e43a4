//! Looking at the machine and at the runs on it, once a second while anything is at work or waits for room.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use herder_domain::capacity::{Footprints, Headroom, Room, Slots, Strait};
use herder_domain::frost::Frozen;
use herder_domain::plan::Wait;
use herder_domain::run::{Run, RunId};
use herder_executor::{Sampler, Subject};
use herder_store::{Stepped, Store, StoreError};
use jiff::Timestamp;

use super::daemon::Daemon;
use super::{UpError, asks_machine};
use crate::context::Context;
use crate::told::Told;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(1);

/// How often what was seen is written where others can read it.
const WRITE: Duration = Duration::from_secs(5);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Measuring {
    /// Where proc(5) tells of this machine, where that is not the usual place.
    proc: Option<PathBuf>,
    sampler: Option<Sampler>,
    headroom: Option<Headroom>,
    looked: Option<Instant>,
    written: Option<Instant>,
    /// What runs are like; learned anew after each that ends.
    footprints: Option<Footprints>,
    /// That it could not be written was said.
    has_complained: bool,
}

impl Measuring {
    /// Of the machine that proc(5) tells of at this place.
    pub(super) fn reading(proc: PathBuf) -> Self {
        Self { proc: Some(proc), ..Self::default() }
    }

    /// A run has ended: what was learned is no longer all.
    pub(super) fn unlearn(&mut self) {
        self.footprints = None;
    }

    fn learned(&mut self, store: &Store) -> Result<Footprints, StoreError> {
        if let Some(footprints) = &self.footprints {
            return Ok(footprints.clone());
        }
        let footprints = store.footprints()?;
        self.footprints = Some(footprints.clone());
        Ok(footprints)
    }

    fn is_due(&self) -> bool {
        self.looked.is_none_or(|looked| looked.elapsed() >= LOOK)
    }

    fn look(&mut self, context: &Context, subjects: &[Subject]) {
        self.looked = Some(Instant::now());
        let sampler = self.sampler.get_or_insert_with(|| {
            let proc = self.proc.as_deref().unwrap_or(Path::new("/proc"));
            Sampler::reading(proc, vec![context.state.root().to_owned(), context.root().to_owned()])
        });
        let sample = sampler.sample(Timestamp::now(), subjects);
        match &mut self.headroom {
            Some(headroom) => headroom.take(&sample),
            // Runs that an earlier orchestrator began have used something before.
            None => {
                let before = context.state.headroom().ok().flatten();
                let mut headroom = Headroom::of(&sample);
                headroom.runs.extend(before.into_iter().flat_map(|before| before.runs));
                self.headroom = Some(headroom);
            }
        }
    }
}

impl Daemon {
    /// Looks, if it is time; gives whether it is to be planned anew: goals wait for room, or runs at work have too little
    /// memory.
    pub(super) fn measure(&mut self, stepped: &Stepped) -> Result<bool, UpError> {
        let wants_room = |waits: &Vec<Wait>| waits.iter().any(|wait| matches!(wait, Wait::NoRoom { .. }));
        let is_waited_for = stepped.waits.values().any(wants_room);
        if !self.measuring.is_due() {
            return Ok(false);
        }
        let (subjects, unfinished, stand_still) = self.subjects()?;
        if subjects.is_empty() && !is_waited_for {
            return Ok(false);
        }
        self.measuring.look(&self.context, &subjects);
        if let Some(headroom) = &mut self.measuring.headroom {
            headroom.keep(
                |run| subjects.iter().any(|subject| subject.run == *run),
                |run| unfinished.contains(run),
            );
        }
        if self.measuring.written.is_none_or(|written| written.elapsed() >= WRITE) {
            self.write_headroom();
        }
        let strait = self.measuring.headroom.as_ref().and_then(Headroom::strait);
        let is_short = stand_still || matches!(strait, Some(Strait::Tight(_)));
        Ok(is_waited_for || (is_short && self.planning.room.is_some()))
    }

    /// Puts what was seen where others can read it, and the row of a run that has ended.
    pub(super) fn write_headroom(&mut self) {
        let Some(headroom) = &self.measuring.headroom else { return };
        self.measuring.written = Some(Instant::now());
        match self.context.state.write_headroom(headroom, &self.context.redactor) {
            Ok(()) => self.measuring.has_complained = false,
            Err(_) if self.measuring.has_complained => {}
            Err(error) => {
                self.measuring.has_complained = true;
                let text = format!("what was measured cannot be written, `herder why` lacks it: {error}");
                self.say(&Told::note(Timestamp::now(), text));
            }
        }
    }

    /// Shows the planner what the machine has room for, where that is to decide.
    pub(super) fn heed_room(&mut self) -> Result<(), UpError> {
        let is_said = self.store.limits()?.everywhere == Some(Slots::Auto);
        if !is_said && !asks_machine(&self.context.settings, &self.planning.hours) {
            self.planning.room = None;
        } else {
            self.planning.room.get_or_insert_with(Room::unknown);
        }
        if let Some(room) = &mut self.planning.room {
            room.headroom.clone_from(&self.measuring.headroom);
            room.footprints = self.measuring.learned(&self.store)?;
        }
        Ok(())
    }

    /// The runs whose ralphs are at work, all that are not closed, and whether any stands still for want of memory.
    fn subjects(&self) -> Result<(Vec<Subject>, BTreeSet<RunId>, bool), UpError> {
        let active = self.store.active_runs()?;
        let at_work = active.iter().filter_map(|run| {
            let marker = self.context.run_dir(&run.id).mark();
            Some(Subject { run: run.id.clone(), marker, pid: run.state.process()?.pid })
        });
        let stand_still = active.iter().filter_map(Run::frozen).any(Frozen::is_for_memory);
        Ok((at_work.collect(), active.iter().map(|run| run.id.clone()).collect(), stand_still))
    }
}
