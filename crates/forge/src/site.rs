//! Where a GitHub is: github.com, or an Enterprise server.

use herder_domain::repo::RepoId;

/// The addresses of one GitHub.
///
/// github.com answers at `api.github.com`, an Enterprise server below its own name:
/// <https://docs.github.com/enterprise-server@latest/rest/quickstart>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    host: String,
    rest: String,
    graphql: String,
    git: String,
}

impl Site {
    /// The site that repositories of `host` live on.
    pub fn of_host(host: &str) -> Self {
        if host.eq_ignore_ascii_case("github.com") {
            return Self::at(host, "https://api.github.com", "https://api.github.com/graphql");
        }
        Self::at(host, &format!("https://{host}/api/v3"), &format!("https://{host}/api/graphql"))
    }

    /// A site whose API is elsewhere: behind a gateway, or on this machine. git still goes to the host.
    pub fn at(host: &str, rest: &str, graphql: &str) -> Self {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        Self {
            host: host.to_owned(),
            rest: plain(rest),
            graphql: plain(graphql),
            git: format!("https://{host}"),
        }
    }

    /// The same with repositories that git finds below another address: behind a gateway, or on this machine.
    #[must_use]
    pub fn with_git_at(mut self, url: &str) -> Self {
        url.trim_end_matches('/').clone_into(&mut self.git);
        self
    }

    /// The host that repositories are named by.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What every address of REST begins with, without a slash at the end.
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// The address of GraphQL.
    pub fn graphql(&self) -> &str {
        &self.graphql
    }

    /// The address that git has a repository at.
    pub fn git_url(&self, repo: &RepoId) -> String {
        format!("{}/{}/{}.git", self.git, repo.owner(), repo.name())
    }

    /// Whether an address is that of a repository here: git shows the token to no other.
    pub fn has_git(&self, url: &str) -> bool {
        url.strip_prefix(&self.git).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether an address that an answer names is one of this site's REST: the token goes nowhere else.
    pub(crate) fn owns(&self, url: &str) -> bool {
        url.strip_prefix(&self.rest).is_some_and(|rest| rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enterprise_server_has_its_api_below_its_own_name() {
        let ours = Site::of_host("github.com");
        assert_eq!(
            (ours.rest(), ours.graphql()),
            ("https://api.github.com", "https://api.github.com/graphql")
        );
        let theirs = Site::of_host("git.example.org");
        assert_eq!(theirs.rest(), "https://git.example.org/api/v3");
        assert_eq!(theirs.graphql(), "https://git.example.org/api/graphql");
    }

    #[test]
    fn git_finds_repositories_below_the_host_unless_they_are_said_to_be_elsewhere() {
        let repo = RepoId::new("github.com", "acme", "app").unwrap();
        let site = Site::of_host("github.com");
        assert_eq!(site.git_url(&repo), "https://github.com/acme/app.git");
        assert!(site.has_git("https://github.com/acme/app"));
        assert!(!site.has_git("https://github.com.evil.example/acme/app"));
        let here = site.with_git_at("http://127.0.0.1:1/");
        assert_eq!(here.git_url(&repo), "http://127.0.0.1:1/acme/app.git");
        assert!(!here.has_git("https://github.com/acme/app"));
    }

    #[test]
    fn an_address_elsewhere_is_not_the_sites() {
        let site = Site::of_host("github.com");
        assert!(site.owns("https://api.github.com/repositories/1/issues?page=2"));
        assert!(!site.owns("https://api.github.com.evil.example/repos/a/b"));
        assert!(!site.owns("https://evil.example/https://api.github.com/"));
    }
}
