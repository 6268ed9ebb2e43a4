//! The repository's own prompt, as a run keeps it.

use sha2::{Digest, Sha256};

use super::RunDir;
use crate::error::RecordError;
use crate::files::{self, Durability};
use crate::redact::Redactor;

/// Hexadecimal digits of a prompt's hash: enough to tell prompts apart.
const DIGITS: usize = 16;

/// Where a repository keeps a prompt of its own.
pub const PROMPT_FILE: &str = ".ralph/prompt.md";

/// The longest one that is taken from a repository, in bytes.
pub const PROMPT_MAX: u64 = 64 << 10;

/// The hash by which the ledger names a prompt: the beginning of its SHA-256, as `sha256sum` prints it.
pub fn prompt_hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

impl RunDir {
    /// Keeps the repository's own prompt for the run; before [`RunDir::create`], which makes it final.
    pub fn keep_prompt(&self, text: &str, redactor: &Redactor) -> Result<(), RecordError> {
        files::make_dir(self.path())?;
        files::replace(&self.prompt_path(), &redactor.line(text), Durability::Synced)
    }

    /// The repository's own prompt, where it has one.
    pub fn prompt(&self) -> Result<Option<String>, RecordError> {
        files::read_text(&self.prompt_path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompts_hash_is_what_sha256sum_begins_with() {
        assert_eq!(prompt_hash("abc"), "ba7816bf8f01cfea");
    }
}
