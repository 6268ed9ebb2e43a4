//! Which token git shows to a forge, and how it gets there without being seen on the way.
//!
//! Git asks a *credential helper* for a password. Ours is one line of shell that prints what stands in a variable of
//! that one call of git: so the token is in no address, no argument, no file and no configuration, and the processes
//! that see the variable are that git and what it starts to speak HTTP. The helper is bound to the scheme, host and
//! port of the address: where a redirect leads elsewhere, nothing is given. All other ways by which git could come to
//! a credential are closed for the call, so that it is herder's token or none.

use crate::error::{Result, WorkspaceError};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The variable that the helper reads.
pub(crate) const VARIABLE: &str = "HERDER_GIT_TOKEN";

/// What git runs when it wants a credential: <https://git-scm.com/docs/gitcredentials#_custom_helpers>. `printf` is
/// the shell's own, so that the token is no argument of a process. GitHub wants any name with a token for password:
/// <https://docs.github.com/apps/creating-github-apps/registering-a-github-app/choosing-permissions-for-a-github-app#choosing-permissions-for-git-access>.
const HELPER: &str = "!f() { test \"$1\" = get && printf 'username=x-access-token\\npassword=%s\\n' \
                      \"$HERDER_GIT_TOKEN\"; }; f";

/// A token for git. It is in no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct GitToken(String);

impl GitToken {
    /// A token; `None` for what would be more than one line of an answer to git.
    pub fn new(token: &str) -> Option<Self> {
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(token.to_owned()))
    }

    /// The token itself, to be compared with others.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GitToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GitToken(..)")
    }
}

/// Who has tokens for addresses: the forges that herder has an account with.
pub trait GitTokens: fmt::Debug + Send + Sync {
    /// The token for a repository's address; `None` for one that is no forge's of ours, where the user's own
    /// credentials count.
    ///
    /// # Errors
    /// There should be one and cannot be had: why, in a sentence without it.
    fn token(&self, url: &str) -> std::result::Result<Option<GitToken>, String>;

    /// The server did not take it: the next one has to be fetched anew.
    fn refused(&self, url: &str, token: &GitToken);
}

/// The token of one call of git, and the address that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    url: String,
    token: GitToken,
    tokens: Arc<dyn GitTokens>,
}

impl Access {
    /// The access to an address, where somebody has a token for it.
    ///
    /// # Errors
    /// The token cannot be had, or would be sent so that others can read it.
    pub(crate) fn to(url: &str, tokens: Option<&Arc<dyn GitTokens>>) -> Result<Option<Self>> {
        let Some(tokens) = tokens else { return Ok(None) };
        let failed = |why: String| WorkspaceError::NoToken { url: url.to_owned(), why };
        let Some(token) = tokens.token(url).map_err(failed)? else { return Ok(None) };
        match origin_of(url) {
            Some(_) => Ok(Some(Self { url: url.to_owned(), token, tokens: Arc::clone(tokens) })),
            None => Err(failed("a token goes to https addresses only".to_owned())),
        }
    }

    /// The settings that make git ask our helper and nobody else. The later ones undo what the user's configuration
    /// may say of this address: another credential, another header, another address.
    pub(crate) fn settings(&self) -> Vec<String> {
        let url = &self.url;
        let origin = origin_of(url).unwrap_or_default();
        vec![
            "credential.helper=".to_owned(),
            format!("credential.{origin}.helper={HELPER}"),
            "core.askPass=".to_owned(),
            // Without it the first request goes without a credential, or with one from `.netrc` (git 2.46).
            "http.proactiveAuth=basic".to_owned(),
            format!("http.{url}.extraHeader="),
            format!("url.{url}.insteadOf={url}"),
            format!("url.{url}.pushInsteadOf={url}"),
        ]
    }

    /// The value of [`VARIABLE`].
    pub(crate) fn value(&self) -> &str {
        self.token.reveal()
    }

    /// What the end of git's own words means, where it is about the token.
    pub(crate) fn denied(&self, stderr: &str) -> Option<WorkspaceError> {
        let is_said =
            |what: &str| stderr.lines().any(|line| line.starts_with("fatal: ") && line.contains(what));
        let why = if is_said("Authentication failed for") {
            self.tokens.refused(&self.url, &self.token);
            "it is not valid, or not any more"
        } else if is_said("The requested URL returned error: 403") {
            "it does not allow this"
        } else {
            return None;
        };
        Some(WorkspaceError::TokenRefused { url: self.url.clone(), why })
    }
}

/// Scheme, host and port of an address that a token may be sent to: by https, or without leaving this machine.
fn origin_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let origin = &url[..scheme.len() + "://".len() + authority.len()];
    // A `=` would end the name of a setting, and somebody's name before the host is a credential already.
    let is_plain = !authority.is_empty() && !url.contains(['@', '=', '\n']);
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let is_here = host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    (is_plain && (scheme == "https" || (scheme == "http" && is_here))).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_by_https_or_stays_on_this_machine() {
        assert_eq!(origin_of("https://github.com/a/b.git"), Some("https://github.com"));
        assert_eq!(origin_of("http://127.0.0.1:80/a/b.git"), Some("http://127.0.0.1:80"));
        assert_eq!(origin_of("https://[::1]:8443/a/b"), Some("https://[::1]:8443"));
        let others = [
            "http://github.com/a/b.git",
            "http://127.0.0.1.example.org/a/b",
            "http://127.0.0.1@example.org/a/b",
            "https://bob:pw@github.com/a/b",
            "https://github.com/a=b",
            "https:///a",
            "git@github.com:a/b.git",
            "/srv/git/app.git",
        ];
        for url in others {
            assert_eq!(origin_of(url), None, "{url}");
        }
    }

    #[test]
    fn a_token_is_one_word_and_not_shown() {
        assert_eq!(GitToken::new("two\nlines"), None);
        assert_eq!(GitToken::new(""), None);
        assert_eq!(format!("{:?}", GitToken::new("ghp_1")), "Some(GitToken(..))");
    }
}
