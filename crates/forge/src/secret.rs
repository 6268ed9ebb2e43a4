//! A token that is not shown.

use std::fmt;

/// A credential. It is in no `Debug`, no error and no log; only who asks for it by name sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// How a token says what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// By scopes, with every answer: a classic token, or one of an OAuth app as `gh` has it.
    Scoped,
    /// Not at all.
    FineGrained,
    /// When it was made: an app's installation's.
    Installation,
}

impl Secret {
    /// What kind it is, by its first letters:
    /// <https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats>.
    pub(crate) fn kind(&self) -> TokenKind {
        match self.0.as_str() {
            text if text.starts_with("github_pat_") => TokenKind::FineGrained,
            text if text.starts_with("ghs_") => TokenKind::Installation,
            _ => TokenKind::Scoped,
        }
    }

    /// The token in a text, without white space around it; `None` for what cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let token = text.trim();
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(token.to_owned()))
    }

    /// The token itself: for an `Authorization` header, or for git's credential helper.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
