//! The hub from the inside: its state, what has been, and what was asked.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard};

use herder_testkit::http::lock;

use crate::fault::Rule;
use crate::git::Git;
use crate::graphql::{self, Outcome, Question};
use crate::lack::Lack;
use crate::log::{Entry, Excuse};
use crate::op::{self, Ctx, Done};
use crate::postman::{Mail, Post};
use crate::state::State;

/// How many earlier states are kept, for answers that come late.
const MEMORY: usize = 64;

/// All of it.
pub struct Site {
    /// The objects.
    pub git: Git,
    /// Messages to hooks.
    pub mail: Mail,
    inside: Mutex<Inside>,
}

/// What one thread at a time may touch.
#[derive(Default)]
pub struct Inside {
    /// What there is.
    pub state: State,
    /// What there was, oldest first.
    pub past: VecDeque<State>,
    /// What was asked, oldest first.
    pub log: Vec<Entry>,
    /// Refusals that are expected.
    pub excuses: Vec<Excuse>,
    /// What goes wrong on purpose.
    pub faults: Vec<Rule>,
    /// What this server lacks.
    pub lacks: BTreeSet<Lack>,
    /// What broke GitHub's own description, in the order in which it came.
    pub violations: Vec<String>,
}

impl Inside {
    /// Does something while the state of so many revisions ago is there, and only what is looked at.
    pub fn as_of<T>(&mut self, revisions: usize, look: impl FnOnce(&mut Inside) -> T) -> T {
        let index = self.past.len().saturating_sub(revisions);
        let Some(old) = self.past.get(index).cloned() else { return look(self) };
        let present = std::mem::replace(&mut self.state, old);
        let seen = look(self);
        self.state = present;
        seen
    }
}

impl Site {
    /// An empty one.
    pub fn new() -> Site {
        Site { git: Git::default(), mail: Mail::start(), inside: Mutex::default() }
    }

    /// Everything, for a moment.
    pub fn enter(&self) -> MutexGuard<'_, Inside> {
        lock(&self.inside)
    }

    /// Does something as `actor`, with everything that follows; a refused deed leaves no trace.
    ///
    /// # Errors
    /// When the deed is refused.
    pub fn act<T>(
        &self,
        actor: Option<&str>,
        root: &str,
        deed: impl FnOnce(&mut Ctx<'_>) -> Done<T>,
    ) -> Done<T> {
        self.act_within(&mut self.enter(), actor, root, deed)
    }

    /// Looks at something as `actor`. It makes no new revision, whatever the hub works out meanwhile.
    ///
    /// # Errors
    /// When the look is refused.
    pub fn look_within<T>(
        &self,
        inside: &mut Inside,
        actor: Option<&str>,
        root: &str,
        look: impl FnOnce(&mut Ctx<'_>) -> Done<T>,
    ) -> Done<T> {
        look(&mut self.context(&mut inside.state, actor, root))
    }

    /// Answers a question to GraphQL. A mutation that is refused leaves no trace; GitHub would keep what the fields
    /// before the refused one did, and no client of ours asks for more than one.
    pub fn ask(&self, inside: &mut Inside, actor: Option<&str>, root: &str, question: &Question) -> Outcome {
        let mut outcome = None;
        let mut answer = |ctx: &mut Ctx<'_>| {
            let done = question.answer(ctx);
            let is_whole = done.is_whole;
            outcome = Some(done);
            if is_whole { Ok(()) } else { Err(op::Refusal::NotFound) }
        };
        if question.is_mutation() {
            let _ = self.act_within(inside, actor, root, answer);
        } else {
            let _ = self.look_within(inside, actor, root, |ctx| {
                let done = answer(ctx);
                graphql::work_out(ctx);
                done
            });
        }
        outcome.expect("a question is answered once")
    }

    fn context<'a>(&'a self, state: &'a mut State, actor: Option<&str>, root: &str) -> Ctx<'a> {
        let (actor, root) = (actor.map(str::to_owned), root.to_owned());
        Ctx { state, git: &self.git, actor, root, news: Vec::new() }
    }

    /// [`Site::act`] for who has entered already.
    ///
    /// # Errors
    /// When the deed is refused.
    pub fn act_within<T>(
        &self,
        inside: &mut Inside,
        actor: Option<&str>,
        root: &str,
        deed: impl FnOnce(&mut Ctx<'_>) -> Done<T>,
    ) -> Done<T> {
        let before = inside.state.clone();
        let mut ctx = self.context(&mut inside.state, actor, root);
        let done = deed(&mut ctx).and_then(|done| op::settle::settle(&mut ctx).map(|()| done));
        let posts = if done.is_ok() { posts(&mut ctx) } else { Vec::new() };
        match &done {
            Ok(_) => {
                inside.state.revision += 1;
                inside.past.push_back(before);
                if inside.past.len() > MEMORY {
                    inside.past.pop_front();
                }
            }
            Err(_) => inside.state = before,
        }
        for post in posts {
            self.mail.send(post);
        }
        done
    }
}

/// The messages that hooks have not been sent yet.
fn posts(ctx: &mut Ctx<'_>) -> Vec<Post> {
    for news in std::mem::take(&mut ctx.news) {
        op::hook::address(ctx, news);
    }
    let mut posts = Vec::new();
    for repo in ctx.state.repos.values() {
        for hook in &repo.hooks {
            let unsent = hook.deliveries.iter().filter(|delivery| delivery.id > ctx.state.last_sent);
            posts.extend(unsent.map(|delivery| Post::new(repo, hook, delivery)));
        }
    }
    posts.sort_by_key(|post| post.delivery);
    if let Some(last) = posts.last() {
        ctx.state.last_sent = last.delivery;
    }
    posts
}
