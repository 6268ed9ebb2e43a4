//! What every command is given: how it speaks, which repository is meant, and where everything lies.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};

use herder_config::UserConfig;
use herder_domain::goal::MAX_BODY_BYTES;
use herder_record::StateDir;
use herder_store::Store;
use jiff::Timestamp;

use crate::failure::Failure;
use crate::output::Output;

/// What every command is given.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where it speaks.
    pub output: Output,
    /// `--repo`.
    pub repo: Option<String>,
    /// When it was called.
    pub now: Timestamp,
}

/// The state directory with its database.
#[derive(Debug)]
pub struct Opened {
    /// The directory.
    pub state: StateDir,
    /// The database.
    pub store: Store,
}

/// Looks a variable of the environment up.
pub fn env(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Looks a variable of the environment up that has to be text.
pub fn env_text(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Call {
    /// The state directory; nothing is touched.
    pub fn state(&self) -> Result<StateDir, Failure> {
        Ok(StateDir::from_env(env)?)
    }

    /// The state directory and its database, made where they are missing.
    pub fn open(&self) -> Result<Opened, Failure> {
        let state = self.state()?;
        state.create()?;
        let store = Store::open(&state.database())?;
        Ok(Opened { state, store })
    }

    /// The user's settings.
    pub fn config(&self) -> Result<UserConfig, Failure> {
        Ok(UserConfig::load(env)?)
    }

    /// Who calls, for comments.
    pub fn author(&self) -> String {
        let named = ["USER", "LOGNAME"].into_iter().find_map(env_text);
        named.filter(|name| !name.is_empty()).unwrap_or_else(|| "operator".to_owned())
    }
}

/// The text on standard input. A terminal is refused: whoever sits there did not know that a text is
/// waited for.
pub fn stdin_text(what: &str, example: &str) -> Result<String, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let message = format!("{what} is read from standard input, and nothing was given there");
        return Err(Failure::usage(message).hint(format!("for example: {example}")));
    }
    let failed = |error| {
        Failure::environment(format!("failed to read standard input: {error}"))
            .hint("give it a file or a pipe")
    };
    let mut bytes = Vec::new();
    let mut input = stdin.lock();
    // What is too long is counted and not held.
    input.by_ref().take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_BODY_BYTES {
        let more = std::io::copy(&mut input, &mut std::io::sink()).map_err(failed)?;
        let all = bytes.len() as u64 + more;
        let message = format!("{what} has {all} bytes, more than the {MAX_BODY_BYTES} that are taken");
        return Err(
            Failure::usage(message).hint("put what is long into a file of the repository and name it")
        );
    }
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::usage(format!("{what} is not UTF-8: byte {place} begins no character"))
            .hint("save it as UTF-8")
    })
}

/// Refuses text that a terminal would obey.
pub fn refuse_control(what: &str, text: &str) -> Result<(), Failure> {
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        Some(c) => Err(Failure::usage(format!("{what} holds a control character (U+{:04X})", u32::from(c)))
            .hint("leave it out")),
        None => Ok(()),
    }
}
