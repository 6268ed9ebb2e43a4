//! That the service goes on without a session of the person's, and the note that it was herder who asked for it.

use std::path::{Path, PathBuf};

use super::systemd::{self, Linger};

/// The name of the note, beside the unit. systemd reads no file of this name as a unit.
const NOTE: &str = "herder.service.linger";

const NOTE_TEXT: &str =
    "`herder service install` asked for linger; `herder service uninstall` takes that back.\n";

/// What came of the wish.
#[derive(Debug)]
pub enum Lingers {
    /// It was so before.
    Already,
    /// herder asked for it, now or at an earlier install.
    ByUs,
    /// logind did not grant it.
    Refused(String),
    /// Nobody can tell.
    Unknown,
}

/// Asks for it where it is not so yet, and notes that.
pub fn ask(unit: &Path) -> Lingers {
    let note = note(unit);
    match systemd::lingers() {
        Some(true) if note.exists() => Lingers::ByUs,
        Some(true) => Lingers::Already,
        None => Lingers::Unknown,
        Some(false) => {
            // The note first: what is taken back in vain does no harm, what nobody takes back stays for ever.
            if let Err(error) = std::fs::write(&note, NOTE_TEXT) {
                return Lingers::Refused(format!("it could not be noted: {error}"));
            }
            match systemd::set_linger(Linger::Enable) {
                Ok(()) => Lingers::ByUs,
                Err(why) => {
                    // What stays of it says no more than that it was asked for.
                    let _ = std::fs::remove_file(&note);
                    Lingers::Refused(why)
                }
            }
        }
    }
}

/// Takes back what herder asked for, and nothing else; gives a sentence about it.
pub fn take_back(unit: &Path) -> Option<String> {
    let note = note(unit);
    if !note.exists() {
        return None;
    }
    if systemd::lingers() == Some(false) {
        let _ = std::fs::remove_file(&note);
        return None;
    }
    match systemd::set_linger(Linger::Disable) {
        Ok(()) => {
            let _ = std::fs::remove_file(&note);
            Some("your services end with your last session again, as before it was installed".to_owned())
        }
        Err(why) => Some(format!("failed to take back linger ({why}); do it: loginctl disable-linger")),
    }
}

impl Lingers {
    /// What a person is to know of it.
    pub fn sentence(&self) -> Option<String> {
        Some(match self {
            Self::ByUs => {
                "it is there from boot on and after you have logged out (loginctl enable-linger)".to_owned()
            }
            Self::Already | Self::Unknown => return None,
            Self::Refused(why) => format!(
                "it begins when you log in and is stopped when you log out, for logind refused more ({why}); \
                 to have it always: sudo loginctl enable-linger $USER"
            ),
        })
    }

    /// Whether the services go on without a session; `None` where nobody can tell.
    pub fn holds(&self) -> Option<bool> {
        match self {
            Self::Already | Self::ByUs => Some(true),
            Self::Refused(_) => Some(false),
            Self::Unknown => None,
        }
    }

    /// In one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Already => "already",
            Self::ByUs => "asked",
            Self::Refused(_) => "refused",
            Self::Unknown => "unknown",
        }
    }
}

fn note(unit: &Path) -> PathBuf {
    unit.with_file_name(NOTE)
}
