//! One client for each host: all threads share its budget and what it remembers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use herder_config::{AppSettings, ForgeSettings, KeptError, UserConfig};
use herder_domain::forge::Trouble;
use herder_forge::budget::{Budget, Share};
use herder_forge::{App, AppError, Client, Credentials, Memory, Remembered, Setup, Site, TokenSource};
use herder_store::{Answer, Store};
use jiff::Timestamp;

use crate::context::lookup;

/// The clients of an orchestrator, each made when its host is first asked for.
pub(crate) struct Clients {
    database: PathBuf,
    of: Mutex<BTreeMap<String, Client>>,
}

impl Clients {
    pub(crate) fn new(database: PathBuf) -> Self {
        Self { database, of: Mutex::default() }
    }

    /// The client of a host. Its settings hold until the next start, as it does.
    ///
    /// # Errors
    /// The configuration does not know the host, or the app's key cannot be read.
    pub(crate) fn client(&self, host: &str, config: &UserConfig) -> Result<Client, Trouble> {
        let mut clients = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(host) {
            return Ok(client.clone());
        }
        let settings = config.forge(host).ok_or_else(|| Trouble::Refused {
            why: format!("the configuration does not know {host}; give it a table [forge.{host:?}]"),
        })?;
        let client = connect(&settings, &self.database)
            .map_err(|error| Trouble::Refused { why: error.to_string() })?;
        clients.insert(host.to_owned(), client.clone());
        Ok(client)
    }

    /// Writes down what was spent, so that the next orchestrator goes on from there.
    pub(crate) fn keep_budgets(&self, store: &mut Store) -> Result<(), herder_store::StoreError> {
        let clients = self.of.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (host, client) in clients {
            if let Ok(budget) = serde_json::to_string(&client.budget()) {
                store.keep_budget(&host, &budget)?;
            }
        }
        Ok(())
    }
}

/// Why there can be no client of a host. No text holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The app's key is not where it is said to be.
    #[error("the private key of the GitHub App for {host}: {error}")]
    Key {
        /// The host.
        host: String,
        /// Why.
        error: KeptError,
    },
    /// The app's key is none.
    #[error(transparent)]
    App(#[from] AppError),
}

/// A client of one host that goes on from what the database remembers.
pub(crate) fn connect(settings: &ForgeSettings, database: &Path) -> Result<Client, ConnectError> {
    let host = settings.host.as_str();
    let site = Site::at(host, &settings.api, &settings.graphql).with_git_at(&settings.git);
    let sources = sources(settings)?;
    let share = Share::try_from(settings.share).unwrap_or_default();
    // Whoever only looks makes no database.
    let store = database.exists().then(|| Store::open(database).ok()).flatten();
    // What cannot be read, or was spent under another share, is forgotten: the server's own word comes with each answer.
    let kept = store.as_ref().and_then(|store| store.budget(host).ok().flatten());
    let kept = kept.and_then(|text| serde_json::from_str::<Budget>(&text).ok());
    let budget = kept.filter(|budget| budget.share() == share).unwrap_or_else(|| Budget::new(share));
    let setup = Setup::new(site, Credentials::new(host, sources));
    Ok(Client::new(match store {
        Some(store) => {
            let memory = Arc::new(Answers { account: host.to_owned(), store: Mutex::new(store) });
            Setup { memory, budget, ..setup }
        }
        None => Setup { budget, ..setup },
    }))
}

/// The app that is configured, and nobody else's token in its stead; else a person's.
fn sources(settings: &ForgeSettings) -> Result<Vec<TokenSource>, ConnectError> {
    let host = settings.host.as_str();
    let Some(AppSettings { app, installation, key }) = &settings.app else {
        return Ok(vec![TokenSource::variable(&settings.token, lookup), TokenSource::gh(host)]);
    };
    let key = key.read(lookup).map_err(|error| ConnectError::Key { host: host.to_owned(), error })?;
    Ok(vec![TokenSource::App(App::new(app, *installation, &key)?)])
}

/// Answers in the database. It is a cache: where it fails, the question is asked in full.
struct Answers {
    account: String,
    store: Mutex<Store>,
}

impl Memory for Answers {
    fn get(&self, url: &str) -> Option<Remembered> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let Answer { etag, body, next } = store.answer(&self.account, url).ok().flatten()?;
        Some(Remembered { etag, body, next })
    }

    fn put(&self, url: &str, answer: Remembered) {
        let Remembered { etag, body, next } = answer;
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        // What is not kept is asked for again.
        let _ = store.keep_answer(&self.account, url, &Answer { etag, body, next }, Timestamp::now());
    }
}
