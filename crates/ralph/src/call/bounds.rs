//! The clocks of a call: when the agent is stopped although it has not ended.
//!
//! All times are durations since the call began, by CLOCK_MONOTONIC: a machine that slept has not
//! worked.

use std::time::Duration;

use herder_agent::{Activity, Session};
use herder_domain::setup::Clocks;
use jiff::Timestamp;

/// How long an agent whose turn is over may take to exit.
const FAREWELL: Duration = Duration::from_secs(30);

/// How often the wall clock is looked at, where it bounds the run.
const LOOK: Duration = Duration::from_secs(30);

/// What bounds a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub clocks: Clocks,
    /// Working time that is left to the run.
    pub working: Duration,
    /// Tokens that are left to the run.
    pub tokens: Option<u64>,
    /// When the run is over by the wall clock.
    pub deadline: Option<Timestamp>,
}

/// Why the agent was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It said nothing for too long.
    Silent,
    /// A tool call took too long.
    ToolTooLong,
    /// The iteration took too long.
    IterationTooLong,
    /// The run's working time is spent.
    TimeSpent,
    /// The run's tokens are spent.
    TokensSpent,
    /// The run's time by the wall clock is over.
    TooOld,
    /// Its turn was over and it did not exit; its answer counts.
    Lingering,
}

impl Cut {
    /// What is said of it in progress and logs.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Silent => "the agent was stopped: it said nothing for too long",
            Self::ToolTooLong => "the agent was stopped: a tool call took too long",
            Self::IterationTooLong => "the agent was stopped: the iteration took too long",
            Self::TimeSpent => "the agent was stopped: the run's time is spent",
            Self::TokensSpent => "the agent was stopped: the run's tokens are spent",
            Self::TooOld => "the agent was stopped: the run's time by the wall clock is over",
            Self::Lingering => "the agent was ended: it had answered and did not exit",
        }
    }
}

impl Bounds {
    /// The bound that was crossed, if one was.
    pub(crate) fn crossed(&self, session: &dyn Session, last_heard: Duration, at: Duration) -> Option<Cut> {
        if self.tokens.is_some_and(|left| session.spend(at).tokens.total() > left) {
            return Some(Cut::TokensSpent);
        }
        if self.deadline.is_some_and(|deadline| deadline <= Timestamp::now()) {
            return Some(Cut::TooOld);
        }
        let (when, cut) = self.nearest(session, last_heard, at);
        (at >= when).then_some(cut)
    }

    /// When the next bound is crossed if nothing happens until then.
    pub(crate) fn next(&self, session: &dyn Session, last_heard: Duration, at: Duration) -> Duration {
        let (when, _) = self.nearest(session, last_heard, at);
        let Some(deadline) = self.deadline else { return when };
        let left = Duration::try_from(deadline.duration_since(Timestamp::now())).unwrap_or_default();
        // While a machine sleeps the wall clock alone goes on, so it is looked at now and then.
        when.min(at.saturating_add(left.min(LOOK)))
    }

    fn nearest(&self, session: &dyn Session, last_heard: Duration, at: Duration) -> (Duration, Cut) {
        let waited = session.spend(at).time.waiting;
        let (quiet, pause) = self.quiet(session.activity(), last_heard);
        let moments = [
            (quiet.0, quiet.1),
            (self.clocks.iteration.saturating_add(waited).max(pause), Cut::IterationTooLong),
            (self.working.saturating_add(waited).max(pause), Cut::TimeSpent),
        ];
        moments.into_iter().min_by_key(|(when, _)| *when).unwrap_or(quiet)
    }

    /// The clock of silence, which stands still in a tool call and in an announced wait; and until when
    /// no working time passes.
    fn quiet(&self, activity: Activity, last_heard: Duration) -> ((Duration, Cut), Duration) {
        match activity {
            Activity::Starting | Activity::Thinking => {
                ((last_heard.saturating_add(self.clocks.silence), Cut::Silent), Duration::ZERO)
            }
            Activity::UsingTools { since } => {
                ((since.saturating_add(self.clocks.tool), Cut::ToolTooLong), Duration::ZERO)
            }
            Activity::Waiting { until } => ((until.saturating_add(self.clocks.silence), Cut::Silent), until),
            Activity::Idle => ((last_heard.saturating_add(FAREWELL), Cut::Lingering), Duration::ZERO),
        }
    }
}

#[cfg(test)]
mod tests {
    use herder_agent::{AgentEvent, Ending, Exit, Line};
    use herder_domain::ledger::{Spend, TimeSplit, Tokens};

    use super::*;

    /// An agent at one thing, which has waited and spent so much.
    struct At {
        activity: Activity,
        waited: Duration,
        tokens: u64,
    }

    impl Session for At {
        fn line(&mut self, _: Line<'_>, _: Duration) -> Vec<AgentEvent> {
            Vec::new()
        }
        fn correction(&mut self, _: Duration) -> Option<Vec<u8>> {
            None
        }
        fn activity(&self) -> Activity {
            self.activity
        }
        fn spend(&self, _: Duration) -> Spend {
            let tokens = Tokens { output: self.tokens, ..Tokens::default() };
            Spend {
                tokens,
                time: TimeSplit { waiting: self.waited, ..TimeSplit::default() },
                ..Spend::default()
            }
        }
        fn end(&mut self, _: Exit, _: &str, _: Duration) -> Ending {
            Ending::Aborted
        }
    }

    fn at(activity: Activity) -> At {
        At { activity, waited: Duration::ZERO, tokens: 0 }
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    fn bounds() -> Bounds {
        Bounds { clocks: Clocks::default(), working: minutes(240), tokens: Some(10), deadline: None }
    }

    #[test]
    fn silence_is_borne_in_a_tool_call_and_not_while_the_model_is_to_speak() {
        let crossed = |activity, now| bounds().crossed(&at(activity), minutes(0), minutes(now));
        assert_eq!(crossed(Activity::Thinking, 14), None);
        assert_eq!(crossed(Activity::Thinking, 15), Some(Cut::Silent));
        assert_eq!(crossed(Activity::UsingTools { since: minutes(1) }, 60), None);
        assert_eq!(crossed(Activity::UsingTools { since: minutes(1) }, 61), Some(Cut::ToolTooLong));
        assert_eq!(crossed(Activity::Idle, 1), Some(Cut::Lingering));
    }

    #[test]
    fn time_and_tokens_of_the_run_bound_an_iteration_from_within() {
        let short = Bounds { working: minutes(5), ..bounds() };
        assert_eq!(short.crossed(&at(Activity::Thinking), minutes(4), minutes(5)), Some(Cut::TimeSpent));
        let waited = At { waited: minutes(3), ..at(Activity::Thinking) };
        assert_eq!(short.crossed(&waited, minutes(4), minutes(5)), None);
        let spent = At { tokens: 11, ..at(Activity::Thinking) };
        assert_eq!(bounds().crossed(&spent, minutes(0), minutes(0)), Some(Cut::TokensSpent));
    }

    #[test]
    fn a_run_that_is_too_old_is_stopped_whatever_its_agent_does() {
        let old = Bounds { deadline: Some(Timestamp::UNIX_EPOCH), ..bounds() };
        let waits = at(Activity::Waiting { until: minutes(99) });
        assert_eq!(old.crossed(&waits, minutes(0), minutes(1)), Some(Cut::TooOld));
        let young = Bounds { deadline: Some(Timestamp::MAX), ..bounds() };
        assert_eq!(young.crossed(&waits, minutes(0), minutes(1)), None);
        assert!(young.next(&waits, minutes(0), minutes(1)) <= minutes(1) + LOOK);
    }

    #[test]
    fn nothing_has_to_be_looked_at_before_an_announced_wait_is_over() {
        // A moment before the iteration's time is up the agent says that it waits for an hour.
        let (now, until) = (minutes(120) - Duration::from_millis(1), minutes(180));
        let next = bounds().next(&at(Activity::Waiting { until }), now, now);
        assert!(next >= until, "{next:?}");
    }
}
