//! What a person's command writes where goals are issues: the issue first, and then what was seen of it.

use herder_config::UserConfig;
use herder_domain::fnv;
use herder_domain::goal::{Goal, GoalText};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_forge::write::issue::NewIssue;
use herder_forge::write::label::StateLabel;
use herder_forge::{Client, Lookup, Marker, Undone};
use herder_record::StateDir;
use herder_store::{NewGoal, Store};
use jiff::{SignedDuration, Timestamp};

use super::sight::{self, Eyes, GOAL, Kind, STORY};
use super::{ConnectError, connect, issues};

/// For so long the same command again, after an answer that was lost, finds what the first one wrote.
const SAME: SignedDuration = SignedDuration::from_mins(10);

/// Why an issue is not known to be written.
#[derive(Debug, thiserror::Error)]
pub enum PenError {
    /// Its host is not known to the configuration any more.
    #[error("the configuration does not know {host}")]
    NoForge {
        /// The host.
        host: String,
    },
    /// Nobody can be asked there.
    #[error("failed to reach the host: {0}")]
    Connect(#[from] ConnectError),
    /// The host said no, or was not asked.
    #[error("failed to write to {repo}: {why}")]
    Refused {
        /// The repository.
        repo: String,
        /// A sentence.
        why: String,
    },
    /// Nobody knows what became of it.
    #[error("nobody knows whether it was written to {repo}: {why}")]
    Unsure {
        /// The repository.
        repo: String,
        /// A sentence.
        why: String,
    },
}

/// Writes issues of one repository.
pub struct Pen {
    client: Client,
    repo: RepoId,
}

impl Pen {
    /// With the client that the configuration names for the repository's host.
    ///
    /// # Errors
    /// [`PenError::NoForge`], [`PenError::Connect`].
    pub fn new(state: &StateDir, config: &UserConfig, repo: &RepoId) -> Result<Self, PenError> {
        let no_forge = || PenError::NoForge { host: repo.host().to_owned() };
        let settings = config.forge(repo.host()).ok_or_else(no_forge)?;
        Ok(Self { client: connect(&settings, &state.database())?, repo: repo.clone() })
    }

    /// Writes a goal, as a draft or queued, and notes it. What was named beside its text stands in its first lines.
    ///
    /// # Errors
    /// [`PenError`]; the same call within ten minutes finds what was written all the same.
    pub fn goal(&self, store: &mut Store, new: &NewGoal, at: Timestamp) -> Result<GoalRef, PenError> {
        let GoalText { title, body, .. } = &new.text;
        let depends: Vec<&GoalRef> = new.depends.iter().filter(|on| !new.text.depends.contains(on)).collect();
        let story = new.story.filter(|story| new.text.story != Some(*story));
        let state = if new.is_queued { StateLabel::Queued } else { StateLabel::Draft };
        let mut labels = vec![GOAL.to_owned(), state.name().to_owned()];
        labels.extend(new.wants_spot_check.then(|| "spot-check".to_owned()));
        let body = GoalText::with_links(body, story, &depends);
        let issue = self.create(title, body, labels, at)?;
        if let Some(story) = new.story.or(new.text.story) {
            // The line says it too; whoever looks next may link it.
            let _ = issues::link(&self.client, &self.repo, story, issue.id);
        }
        self.note(store, issue.number, at);
        Ok(GoalRef { repo: self.repo.clone(), number: issue.number })
    }

    /// Writes a story, and notes it.
    ///
    /// # Errors
    /// [`PenError`], as for a goal.
    pub fn story(
        &self,
        store: &mut Store,
        title: &str,
        body: &str,
        at: Timestamp,
    ) -> Result<GoalRef, PenError> {
        let issue = self.create(title, body.to_owned(), vec![STORY.to_owned()], at)?;
        self.note(store, issue.number, at);
        Ok(GoalRef { repo: self.repo.clone(), number: issue.number })
    }

    /// Gives a goal's issue another title or text. A text that a person changed there meanwhile is left.
    ///
    /// # Errors
    /// [`PenError`]; the same call again finds what is written.
    pub fn revise(&self, goal: &Goal, title: Option<&str>, body: Option<&str>) -> Result<(), PenError> {
        let number = goal.id.number;
        if let Some(body) = body {
            let revised = self.client.replace_body(&self.repo, number, &goal.body, body);
            revised.map_err(|error| self.undone(&error))?;
        }
        if let Some(title) = title {
            let renamed = self.client.rename_issue(&self.repo, number, title);
            renamed.map_err(|error| self.undone(&error))?;
        }
        Ok(())
    }

    fn create(
        &self,
        title: &str,
        body: String,
        labels: Vec<String>,
        at: Timestamp,
    ) -> Result<herder_forge::read::issue::Issue, PenError> {
        let key = fnv::short_name(format!("{title}\n{body}\n{labels:?}").as_bytes());
        let new = NewIssue { title: title.to_owned(), body, labels, marker: Marker::new("written", key) };
        let skew = self.client.server_now().duration_since(Timestamp::now());
        let since = at.checked_add(skew).and_then(|at| at.checked_sub(SAME)).unwrap_or(at);
        self.client.create_issue(&self.repo, &new, since).map_err(|error| self.undone(&error))
    }

    /// Takes note of an issue at once; where that fails, the orchestrator sees it a little later.
    fn note(&self, store: &mut Store, number: Number, at: Timestamp) {
        let Lookup::Present(me) = self.client.login() else { return };
        let eyes = Eyes { client: &self.client, me: &me, heard: None, noted: None };
        let noted = match sight::look(&eyes, &self.repo, number) {
            Ok(Some(Kind::Goal(sighting))) => store.sighted(&sighting, at).map(drop),
            Ok(Some(Kind::Story(story))) => {
                store.append(&herder_domain::event::Event::StoryCreated { story }, at).map(drop)
            }
            Ok(None) | Err(_) => return,
        };
        // Somebody else has noted it meanwhile, or will.
        drop(noted);
    }

    fn undone(&self, undone: &Undone) -> PenError {
        let (repo, why) = (self.repo.short(), undone.to_string());
        match undone {
            Undone::Refused(_) | Undone::NotSent(_) => PenError::Refused { repo, why },
            Undone::Unknown(_) => PenError::Unsure { repo, why },
        }
    }
}
