//! The database and the run directories, as pages read them.

use std::sync::{Arc, Mutex, PoisonError};

use herder_domain::repo::GoalRef;
use herder_domain::why::Answer;
use herder_record::{RunDir, StateDir};
use herder_store::{OpenError, Store, StoreError};
use herder_view::{Now, Picture};
use jiff::Timestamp;

use crate::desk::Desk;
use crate::http::{Kind, Trouble};

/// What runs and waits, and whom to tell a person's orders.
#[derive(Debug)]
pub struct Live {
    state: StateDir,
    desk: Arc<dyn Desk>,
    reader: Mutex<Reader>,
}

#[derive(Debug)]
struct Reader {
    store: Store,
    picture: Option<Picture>,
}

impl Live {
    /// Opens the database of a state directory.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(state: StateDir, desk: Arc<dyn Desk>) -> Result<Self, OpenError> {
        let store = Store::open(&state.database())?;
        Ok(Self { state, desk, reader: Mutex::new(Reader { store, picture: None }) })
    }

    /// The state directory.
    pub fn state(&self) -> &StateDir {
        &self.state
    }

    /// Whoever started the dashboard.
    pub fn desk(&self) -> &dyn Desk {
        self.desk.as_ref()
    }

    /// Reads the database.
    pub fn read<T>(&self, read: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, Trouble> {
        // A reader that was lost has changed nothing.
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        read(&reader.store).map_err(unread)
    }

    /// What is so at this moment.
    pub fn now(&self) -> Result<Now, Trouble> {
        let at = Timestamp::now();
        let picture = self.picture(at)?;
        Ok(picture.now(&self.state, at))
    }

    /// Why a goal is where it is.
    pub fn why(&self, goal: &GoalRef) -> Result<Answer, Trouble> {
        let picture = self.picture(Timestamp::now())?;
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        self.desk.why(&reader.store, picture.world(), goal)
    }

    /// What the planner sees; made anew where anything was written since.
    fn picture(&self, at: Timestamp) -> Result<Picture, Trouble> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let version = reader.store.data_version().map_err(unread)?;
        if let Some(picture) = reader.picture.as_ref().filter(|picture| picture.is_good(version)) {
            return Ok(picture.clone());
        }
        let world = self.desk.world(&reader.store, at)?;
        let picture = Picture::of(&reader.store, version, world, at).map_err(unread)?;
        reader.picture = Some(picture.clone());
        Ok(picture)
    }

    /// Something that is another one as soon as a page may show something else.
    pub fn stamp(&self) -> Result<Stamp, Trouble> {
        let picture = self.picture(Timestamp::now())?;
        let said = picture.world().runs.values().filter(|run| run.state.process().is_some());
        let said = said.map(|run| RunDir::of(&self.state, run.id.clone()).status().ok().flatten());
        let measured = self.state.headroom().ok().flatten().map(|measured| measured.at);
        Ok(Stamp {
            version: picture.version(),
            heard: said.flatten().map(|status| status.heartbeat).max(),
            measured,
        })
    }
}

/// When something changed last, as far as pages show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    version: i64,
    heard: Option<Timestamp>,
    measured: Option<Timestamp>,
}

fn unread(error: StoreError) -> Trouble {
    Trouble::new(Kind::Environment, herder_domain::cause::with_causes(&error))
        .hint("`herder doctor` looks at the database")
}
