//! Effects are begun: each in a thread of its own, but for what the daemon writes itself.

use std::io;
use std::sync::Arc;
use std::thread;

use herder_domain::effect::Effect;
use herder_domain::follow_up::FollowUp;
use herder_domain::forge::Home;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_store::OpenEffect;
use jiff::Timestamp;

use super::daemon::Daemon;
use super::inbox::Message;
use super::{UpError, announcing, proposals, sums, telling};
use crate::act::{self, ActError, Acted, Proposed, Said};
use crate::context::{Case, Context};
use crate::told::Told;

impl Daemon {
    /// Begins an effect, if it may begin now.
    pub(super) fn start(&mut self, due: OpenEffect) -> Result<(), UpError> {
        if !self.may_begin(&due) {
            return Ok(());
        }
        if let Effect::Comment { goal, key, text, .. } = &due.effect {
            let said = Said { goal: goal.clone(), key: key.clone(), text: text.clone() };
            return self.say_of(due, said);
        }
        if let Effect::SumUp { story, closed_at } = &due.effect {
            let (story, closed_at) = (story.clone(), *closed_at);
            return sums::sum_up(self, due, &story, closed_at);
        }
        if let Effect::Propose { goal, run, follow_ups } = &due.effect {
            let (goal, run, follow_ups) = (goal.clone(), run.clone(), follow_ups.clone());
            return self.propose(due, (&goal, &run), &follow_ups);
        }
        if let Effect::ShowState { goal, since, .. } = &due.effect {
            let (goal, since) = (goal.clone(), *since);
            return self.show(due, &goal, since);
        }
        if let Effect::Announce { goal, .. } = &due.effect {
            let goal = goal.clone();
            return self.announce(due, &goal);
        }
        if matches!(due.effect, Effect::Notify { .. }) {
            return telling::tell(self, due);
        }
        let Some(case) = self.case(&due)? else {
            self.say(&Told::note(Timestamp::now(), format!("{} is about nothing that is known", due.key)));
            return self.finish(&due.key, &[], Timestamp::now());
        };
        if let Effect::Stop { run, .. } = &due.effect {
            self.stopped.insert(run.clone());
        }
        let effect = due.effect.clone();
        self.spawn(due, move |context| act::carry_out(context, &effect, &case))?;
        Ok(())
    }

    /// Has something said where its goal or story lives.
    pub(super) fn say_of(&mut self, due: OpenEffect, said: Said) -> Result<(), UpError> {
        let Some(repo) = self.store.repo(&said.goal.repo)? else {
            return self.finish(&due.key, &[], Timestamp::now());
        };
        Ok(self.spawn(due, move |context| act::say(context, &repo, &said))?)
    }

    /// Has a story's sums written on it, and the story closed, where it lives.
    pub(super) fn close_story(&mut self, due: OpenEffect, said: Said) -> Result<(), UpError> {
        let Some(repo) = self.store.repo(&said.goal.repo)? else {
            return self.finish(&due.key, &[], Timestamp::now());
        };
        Ok(self.spawn(due, move |context| act::close_story(context, &repo, &said))?)
    }

    /// Has drafts written of what a run's agent proposed, where its goal lives.
    fn propose(
        &mut self,
        due: OpenEffect,
        (goal, run): (&GoalRef, &RunId),
        follow_ups: &[FollowUp],
    ) -> Result<(), UpError> {
        let Some(repo) = self.store.repo(&goal.repo)? else {
            return self.finish(&due.key, &[], Timestamp::now());
        };
        if repo.home == Home::Local {
            proposals::propose(self, goal, run, follow_ups)?;
            return self.finish(&due.key, &[], Timestamp::now());
        }
        let Some(story) = self.store.goal(goal)?.map(|goal| goal.story) else {
            return self.finish(&due.key, &[], Timestamp::now());
        };
        let follow_ups = self.store.proposable(goal, follow_ups)?;
        let proposed =
            Proposed { goal: goal.clone(), run: run.clone(), story, follow_ups, since: due.ordered_at };
        Ok(self.spawn(due, move |context| act::propose(context, &repo, &proposed))?)
    }

    /// Has a goal's forge show where it stands.
    fn show(&mut self, due: OpenEffect, goal: &GoalRef, since: Timestamp) -> Result<(), UpError> {
        let Some((goal, repo)) = self.store.goal(goal)?.zip(self.store.repo(&goal.repo)?) else {
            return self.finish(&due.key, &[], Timestamp::now());
        };
        Ok(self.spawn(due, move |context| act::show(context, &repo, &goal, since))?)
    }

    /// Has a goal's status comment say where it stands.
    fn announce(&mut self, due: OpenEffect, goal: &GoalRef) -> Result<(), UpError> {
        let Some((goal, repo)) = self.store.goal(goal)?.zip(self.store.repo(&goal.repo)?) else {
            return self.finish(&due.key, &[], Timestamp::now());
        };
        let said = announcing::announcement(&self.context, &self.store, &self.planning, &goal)?;
        Ok(self.spawn(due, move |context| act::announce(context, &repo, said))?)
    }

    pub(super) fn spawn(
        &mut self,
        due: OpenEffect,
        act: impl FnOnce(&Context) -> Result<Acted, ActError> + Send + 'static,
    ) -> io::Result<()> {
        let (context, sender) = (Arc::clone(&self.context), self.sender.clone());
        let key = due.key.clone();
        thread::Builder::new().name(due.key.chars().take(15).collect()).spawn(move || {
            let result = act(&context);
            // Nobody listens any more where the daemon has ended; the effect stays open and is redone.
            let _ = sender.send(Message::Acted { key, result });
        })?;
        self.under_way.insert(due.key, due.effect);
        Ok(())
    }

    fn case(&self, due: &OpenEffect) -> Result<Option<Case>, UpError> {
        let goal = due.effect.goal();
        let run = match due.effect.run() {
            Some(run) => self.store.run(run)?,
            // Only told about: the goal's last run will do.
            None => self.store.runs_of(goal)?.pop(),
        };
        let (goal, repo) = (self.store.goal(goal)?, self.store.repo(&goal.repo)?);
        let Some(((goal, run), repo)) = goal.zip(run).zip(repo) else { return Ok(None) };
        let landing = self.store.landing(&run.id)?;
        Ok(Some(Case { goal, run, repo, landing }))
    }
}
