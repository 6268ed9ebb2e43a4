//! Hosts on which goals are issues.

use std::ffi::OsString;
use std::time::Duration;

use crate::file::UserConfig;
use crate::settings::expanded;

/// The host that needs no table of its own.
const GITHUB: &str = "github.com";

/// The variable that holds the token where nobody says another: what GitHub's own tools and its Actions use.
const TOKEN: &str = "GITHUB_TOKEN";

/// The variable that holds the secret of webhooks where nobody says another.
const WEBHOOK_SECRET: &str = "GITHUB_WEBHOOK_SECRET";

/// One query in ten seconds: 360 points of an hour's 5,000.
const POLL: Duration = Duration::from_secs(10);

/// Half of an account's allowance: a person works with the same account.
const SHARE: u8 = 50;

/// Where one host is asked, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeSettings {
    /// The host that its repositories are named by.
    pub host: String,
    /// What every address of REST begins with.
    pub api: String,
    /// The address of GraphQL.
    pub graphql: String,
    /// What the addresses begin with that git fetches from and pushes to.
    pub git: String,
    /// The variable that holds the token.
    pub token: String,
    /// How often it is asked while something moves.
    pub poll: Duration,
    /// The most that is taken of the account's rate limits, in percent.
    pub share: u8,
    /// Where the secret of its webhooks is kept.
    pub webhook_secret: Kept,
    /// The GitHub App that herder works as, instead of a person.
    pub app: Option<AppSettings>,
}

/// Where a secret is kept; it is nowhere in a configuration itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In the variable of this name.
    Variable(String),
    /// In this file. A `~/` at its beginning is the home directory.
    File(String),
}

/// Why a secret cannot be had. No text holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The variable is not set, or not text.
    #[error("the variable {0} is not set")]
    NotSet(String),
    /// The file cannot be read.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// There is no home directory that `~/` could be.
    #[error("{path} cannot be read: HOME is not set")]
    NoHome {
        /// The file.
        path: String,
    },
}

impl Kept {
    /// The secret, without white space around it; `env` looks a variable up.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn read(&self, env: impl Fn(&str) -> Option<OsString>) -> Result<String, KeptError> {
        let text = match self {
            Self::Variable(name) => env(name)
                .and_then(|value| value.into_string().ok())
                .filter(|value| !value.trim().is_empty())
                .ok_or_else(|| KeptError::NotSet(name.clone()))?,
            Self::File(path) => {
                let real = expanded(path, &env).map_err(|_| KeptError::NoHome { path: path.clone() })?;
                std::fs::read_to_string(real)
                    .map_err(|error| KeptError::Unreadable { path: path.clone(), error })?
            }
        };
        Ok(text.trim().to_owned())
    }

    fn of(variable: Option<String>, file: Option<String>) -> Option<Self> {
        file.map(Self::File).or(variable.map(Self::Variable))
    }
}

/// A GitHub App's installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSettings {
    /// Its client id, or its number.
    pub app: String,
    /// The number of its installation.
    pub installation: u64,
    /// Where its private key is kept, a PEM.
    pub key: Kept,
}

impl UserConfig {
    /// The settings of a host; `None` where the user does not say that goals are issues there.
    pub fn forge(&self, host: &str) -> Option<ForgeSettings> {
        let named = self.raw.forge.iter().find(|(name, _)| name.eq_ignore_ascii_case(host));
        let is_github = host.eq_ignore_ascii_case(GITHUB);
        let said = match named {
            Some((_, said)) => said.clone(),
            None if is_github => crate::text::ForgeText::default(),
            None => return None,
        };
        let (api, graphql) = if is_github {
            ("https://api.github.com".to_owned(), "https://api.github.com/graphql".to_owned())
        } else {
            (format!("https://{host}/api/v3"), format!("https://{host}/api/graphql"))
        };
        let plain =
            |url: Option<String>, usual: String| url.unwrap_or(usual).trim_end_matches('/').to_owned();
        Some(ForgeSettings {
            host: host.to_owned(),
            api: plain(said.api, api),
            graphql: plain(said.graphql, graphql),
            git: plain(said.git, format!("https://{host}")),
            token: said.token.unwrap_or_else(|| TOKEN.to_owned()),
            poll: said.poll.map_or(POLL, |span| span.0),
            share: said.share.map_or(SHARE, std::num::NonZeroU8::get),
            webhook_secret: Kept::of(said.webhook_secret, said.webhook_secret_file)
                .unwrap_or_else(|| Kept::Variable(WEBHOOK_SECRET.to_owned())),
            app: said
                .app
                .zip(said.installation)
                .zip(Kept::of(said.app_key, said.app_key_file))
                .map(|((app, installation), key)| AppSettings { app, installation: installation.get(), key }),
        })
    }

    /// The settings of every host that is known.
    pub fn forges(&self) -> Vec<ForgeSettings> {
        let named = self.raw.forge.keys().map(String::as_str);
        let others = named.filter(|name| !name.eq_ignore_ascii_case(GITHUB));
        std::iter::once(GITHUB).chain(others).filter_map(|host| self.forge(host)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(text: &str) -> UserConfig {
        UserConfig::parse(Path::new("config.toml"), text).unwrap()
    }

    #[test]
    fn github_needs_no_table_and_another_host_does() {
        let config = read("");
        let github = config.forge("github.com").unwrap();
        assert_eq!(
            (github.api.as_str(), github.git.as_str()),
            ("https://api.github.com", "https://github.com")
        );
        assert_eq!((github.token.as_str(), github.share), ("GITHUB_TOKEN", 50));
        assert_eq!(config.forge("git.example.org"), None);
        let theirs = read("[forge.\"git.example.org\"]\n").forge("git.example.org").unwrap();
        assert_eq!(theirs.graphql, "https://git.example.org/api/graphql");
    }

    #[test]
    fn what_is_said_counts_and_what_is_no_setting_is_refused() {
        let config =
            read("[forge.\"github.com\"]\napi = \"http://127.0.0.1:1/\"\ntoken = \"T\"\nshare = 10\n");
        let github = config.forge("github.com").unwrap();
        assert_eq!(
            (github.api.as_str(), github.token.as_str(), github.share),
            ("http://127.0.0.1:1", "T", 10)
        );
        for bad in ["api = \"ftp://x\"", "share = 101", "share = 0", "token = \"a b\"", "tokn = \"T\""] {
            let text = format!("[forge.\"github.com\"]\n{bad}\n");
            assert!(UserConfig::parse(Path::new("config.toml"), &text).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_app_is_whole_or_refused_and_its_key_is_read_from_where_it_is_kept() {
        let table =
            |text: &str| UserConfig::parse(Path::new("c"), &format!("[forge.\"github.com\"]\n{text}\n"));
        let config = table("app = \"Iv1.x\"\ninstallation = 7\napp_key = \"KEY\"").unwrap();
        let app = config.forge("github.com").unwrap().app.unwrap();
        assert_eq!((app.app.as_str(), app.installation), ("Iv1.x", 7));
        assert_eq!(app.key.read(|name| (name == "KEY").then(|| " a key\n".into())).unwrap(), "a key");
        assert_eq!(app.key.read(|_| None).unwrap_err().to_string(), "the variable KEY is not set");
        let gone = Kept::File("/nowhere/at/all".to_owned()).read(|_| None).unwrap_err().to_string();
        assert!(gone.starts_with("/nowhere/at/all cannot be read: "), "{gone}");
        for half in [
            "app = \"x\"",
            "installation = 7",
            "app_key = \"K\"",
            "app_key_file = \"~/k\"",
            "app = \"x\"\napp_key = \"K\"",
            "app = \"x\"\ninstallation = 7",
            "app = \"x\"\ninstallation = 7\napp_key = \"K\"\napp_key_file = \"~/k\"",
            "webhook_secret = \"S\"\nwebhook_secret_file = \"~/s\"",
            "app_key_file = \"k\"",
        ] {
            assert!(table(half).is_err(), "{half}");
        }
    }

    #[test]
    fn every_host_that_is_known_is_listed_once() {
        let config = read("[forge.\"GitHub.com\"]\nshare = 1\n[forge.\"git.example.org\"]\n");
        let hosts: Vec<_> = config.forges().into_iter().map(|forge| (forge.host, forge.share)).collect();
        assert_eq!(hosts, [("github.com".to_owned(), 1), ("git.example.org".to_owned(), 50)]);
    }
}
