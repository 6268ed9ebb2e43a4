//! Hosts on which goals are issues.

use std::time::Duration;

use crate::file::UserConfig;

/// The host that needs no table of its own.
const GITHUB: &str = "github.com";

/// The variable that holds the token where nobody says another: what GitHub's own tools and its Actions use.
const TOKEN: &str = "GITHUB_TOKEN";

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
        })
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
}
