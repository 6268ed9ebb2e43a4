//! Where a secret is: in a variable or in a file. It is read when it is used, so that one that was changed is taken up.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use herder_domain::way::{Address, Secret};

use crate::error::NotifyError;

/// The longest secret that is read from a file, in bytes.
const LONGEST: u64 = 64 << 10;

/// An address, from where it is written.
pub(crate) fn address(of: &Address) -> Result<String, NotifyError> {
    match of {
        Address::Plain(url) => Ok(url.clone()),
        Address::Secret(secret) => word(secret),
    }
}

/// The secret: one word of printable ASCII, as tokens and addresses are.
pub(crate) fn word(secret: &Secret) -> Result<String, NotifyError> {
    let text = line(secret)?;
    match text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text),
        false => Err(missing(secret)),
    }
}

/// The secret: one line, as passwords are.
pub(crate) fn line(secret: &Secret) -> Result<String, NotifyError> {
    let text = match secret {
        Secret::Variable(name) => std::env::var(name).ok(),
        Secret::File(path) => read(path),
    };
    let text = text.unwrap_or_default().trim().to_owned();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(missing(secret));
    }
    Ok(text)
}

fn missing(secret: &Secret) -> NotifyError {
    NotifyError::NoSecret { place: secret.to_string() }
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_must_be_there_and_be_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        let secret = Secret::File(file.clone());
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            (word(&secret).ok(), line(&secret).ok())
        };
        let both = |text: &str| (Some(text.to_owned()), Some(text.to_owned()));
        assert_eq!(read(" tk_one\n"), both("tk_one"));
        assert_eq!(read("two words\n"), (None, Some("two words".into())));
        for bad in ["", " \n", "a\nb"] {
            assert_eq!(read(bad), (None, None), "{bad:?}");
        }
        std::fs::remove_file(&file).unwrap();
        let error = word(&secret).unwrap_err().to_string();
        assert!(error.contains(&file.display().to_string()), "{error}");
        let unset = word(&Secret::Variable("HERDER_NO_SUCH_VARIABLE".into())).unwrap_err().to_string();
        assert!(unset.contains("HERDER_NO_SUCH_VARIABLE"), "{unset}");
    }
}
