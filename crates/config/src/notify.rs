//! Whom to tell, and how: the table `[notify]`.

use std::path::PathBuf;

use herder_domain::level::Level;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::way::{Address, Awake, Form, Mail, Means, Post, Route, Secret, Way};
use serde::Deserialize;

use crate::error::ConfigError;
use crate::file::UserConfig;
use crate::hours::Clock;
use crate::text::NotifyText;
use crate::values::{paths, url, variables, words};

/// The table of one way.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct WayText {
    pub kind: Option<Kind>,
    pub command: Vec<String>,
    pub url: Option<String>,
    pub url_env: Option<String>,
    pub url_file: Option<String>,
    pub topic: Option<String>,
    pub token_env: Option<String>,
    pub token_file: Option<String>,
    pub user: Option<String>,
    pub password_env: Option<String>,
    pub password_file: Option<String>,
    pub from: Option<String>,
    pub to: Vec<String>,
    pub level: Option<Level>,
    pub repos: Vec<String>,
    pub stories: Vec<String>,
    pub awake_from: Option<Clock>,
    pub awake_to: Option<Clock>,
}

/// What a way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Command,
    Desktop,
    Ntfy,
    Json,
    Slack,
    Mattermost,
    Discord,
    Mail,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Desktop => "desktop",
            Self::Ntfy => "ntfy",
            Self::Json => "json",
            Self::Slack => "slack",
            Self::Mattermost => "mattermost",
            Self::Discord => "discord",
            Self::Mail => "mail",
        }
    }

    /// The keys that say how, where there are such; the others are anybody's.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Command => &["command"],
            Self::Desktop => &[],
            Self::Ntfy => &["url", "url_env", "url_file", "topic", "token_env", "token_file"],
            Self::Json => &["url", "url_env", "url_file", "token_env", "token_file"],
            Self::Slack | Self::Mattermost | Self::Discord => &["url_env", "url_file"],
            Self::Mail => {
                &["url", "url_env", "url_file", "user", "password_env", "password_file", "from", "to"]
            }
        }
    }
}

impl WayText {
    /// The keys that say how, as far as they are there.
    fn said(&self) -> Vec<&'static str> {
        let texts = [
            ("url", &self.url),
            ("url_env", &self.url_env),
            ("url_file", &self.url_file),
            ("topic", &self.topic),
            ("token_env", &self.token_env),
            ("token_file", &self.token_file),
            ("user", &self.user),
            ("password_env", &self.password_env),
            ("password_file", &self.password_file),
            ("from", &self.from),
        ];
        let lists = [("command", &self.command), ("to", &self.to)];
        let texts = texts.into_iter().filter(|(_, value)| value.is_some()).map(|(key, _)| key);
        texts.chain(lists.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, _)| key)).collect()
    }
}

/// How a path that begins with `~/` is read.
type Expand<'e> = &'e dyn Fn(&str) -> Result<PathBuf, ConfigError>;

impl UserConfig {
    /// The ways, `command` and `post` of the table itself first; `expand` reads a path that begins with `~/`.
    pub(crate) fn ways(&self, expand: Expand<'_>) -> Result<Vec<Way>, ConfigError> {
        let said = &self.raw.notify;
        let plain = plain_ways(said);
        // What was told by which way is kept by the way's name.
        if let Some(way) = plain.iter().find(|way| said.to.contains_key(&way.name)) {
            let why = format!("notify.{} has this name already", way.name);
            return Err(self.lines.bad_value(&["notify", "to", &way.name, "kind"], why));
        }
        let named = said.to.iter().map(|(name, said)| self.way(name, said, expand));
        plain.into_iter().map(Ok).chain(named).collect()
    }

    /// Refuses what no way can be made of.
    pub(crate) fn refuse_bad_notify(&self) -> Result<(), ConfigError> {
        let (said, lines) = (&self.raw.notify, &self.lines);
        words(lines, &["notify"], [("post_topic", &said.post_topic)])?;
        url(lines, &["notify", "post_url"], said.post_url.as_deref())?;
        url(lines, &["notify", "links"], said.links.as_deref())?;
        variables(lines, &["notify", "post_token_env"], said.post_token_env.as_slice())?;
        for (name, way) in &said.to {
            let key = |key| ["notify", "to", name.as_str(), key];
            let named = [
                ("url_env", &way.url_env),
                ("token_env", &way.token_env),
                ("password_env", &way.password_env),
            ];
            for (at, value) in named {
                variables(lines, &key(at), value.as_slice())?;
            }
            let files = [
                ("url_file", &way.url_file),
                ("token_file", &way.token_file),
                ("password_file", &way.password_file),
            ];
            for (at, value) in files {
                paths(lines, &key(at), value.as_slice())?;
            }
            words(lines, &["notify", "to", name], [("topic", &way.topic)])?;
        }
        self.ways(&|path| Ok(path.into())).map(|_| ())
    }

    fn way(&self, name: &str, said: &WayText, expand: Expand<'_>) -> Result<Way, ConfigError> {
        let bad = |key: &str, why: &str| self.lines.bad_value(&["notify", "to", name, key], why);
        let Some(kind) = said.kind else { return Err(bad("kind", "the way needs it")) };
        if let Some(key) = said.said().into_iter().find(|key| !kind.keys().contains(key)) {
            let is_chat_address = key == "url" && kind.keys().contains(&"url_env");
            let why = match is_chat_address {
                true => {
                    "whoever knows it may write there: put it into a variable (url_env) or a file (url_file)"
                        .to_owned()
                }
                false => format!("a way of kind {:?} has no such key", kind.word()),
            };
            return Err(bad(key, &why));
        }
        let means = self.means(name, kind, said, expand)?;
        Ok(Way { name: name.to_owned(), route: self.route(name, said)?, means })
    }

    fn means(
        &self,
        name: &str,
        kind: Kind,
        said: &WayText,
        expand: Expand<'_>,
    ) -> Result<Means, ConfigError> {
        let token = || self.secret((name, "token"), (&said.token_env, &said.token_file), expand);
        let post = |form| {
            let (address, token) = (self.address(name, said, expand)?, token()?);
            Ok(Means::Post(Post { address, form, token }))
        };
        match kind {
            Kind::Command if said.command.is_empty() => Err(self.missing(name, "command")),
            Kind::Command => Ok(Means::Command(said.command.clone())),
            Kind::Desktop => Ok(Means::desktop()),
            Kind::Ntfy => post(Form::Ntfy { topic: said.topic.clone() }),
            Kind::Json => post(Form::Json),
            Kind::Slack => post(Form::Slack),
            Kind::Mattermost => post(Form::Mattermost),
            Kind::Discord => post(Form::Discord),
            Kind::Mail => self.mail(name, said, expand).map(Means::Mail),
        }
    }

    fn mail(&self, name: &str, said: &WayText, expand: Expand<'_>) -> Result<Mail, ConfigError> {
        let password = self.secret((name, "password"), (&said.password_env, &said.password_file), expand)?;
        if said.user.is_some() != password.is_some() {
            let why = "a user and a password belong together";
            return Err(self.lines.bad_value(&["notify", "to", name, "user"], why));
        }
        if said.to.is_empty() {
            return Err(self.missing(name, "to"));
        }
        Ok(Mail {
            server: self.address(name, said, expand)?,
            user: said.user.clone(),
            password,
            from: said.from.clone().ok_or_else(|| self.missing(name, "from"))?,
            to: said.to.clone(),
        })
    }

    fn missing(&self, way: &str, key: &str) -> ConfigError {
        self.lines.bad_value(&["notify", "to", way, key], "the way needs it")
    }

    /// The address of a way, which stands in the file or in a secret place.
    fn address(&self, way: &str, said: &WayText, expand: Expand<'_>) -> Result<Address, ConfigError> {
        let secret = self.secret((way, "url"), (&said.url_env, &said.url_file), expand)?;
        let schemes: &[&str] = match said.kind {
            Some(Kind::Mail) => &["smtp://", "smtps://"],
            Some(_) | None => &["http://", "https://"],
        };
        match (&said.url, secret) {
            (Some(text), None) if schemes.iter().any(|scheme| text.starts_with(scheme)) => {
                Ok(Address::Plain(text.clone()))
            }
            (Some(_), None) => {
                let why = format!("it begins with none of {}", schemes.join(", "));
                Err(self.lines.bad_value(&["notify", "to", way, "url"], why))
            }
            (None, Some(secret)) => Ok(Address::Secret(secret)),
            (Some(_), Some(_)) => {
                let why = "the address stands here or in a secret place, not in both";
                Err(self.lines.bad_value(&["notify", "to", way, "url"], why))
            }
            (None, None) => {
                let why = "the way needs it, or url_env or url_file";
                Err(self.lines.bad_value(&["notify", "to", way, "url"], why))
            }
        }
    }

    fn secret(
        &self,
        (way, stem): (&str, &str),
        (variable, file): (&Option<String>, &Option<String>),
        expand: Expand<'_>,
    ) -> Result<Option<Secret>, ConfigError> {
        match (variable, file) {
            (None, None) => Ok(None),
            (Some(name), None) => Ok(Some(Secret::Variable(name.clone()))),
            (None, Some(path)) => Ok(Some(Secret::File(expand(path)?))),
            (Some(_), Some(_)) => {
                let key = format!("{stem}_file");
                let why = "the secret is in a variable or in a file, not in both";
                Err(self.lines.bad_value(&["notify", "to", way, &key], why))
            }
        }
    }

    fn route(&self, way: &str, said: &WayText) -> Result<Route, ConfigError> {
        let bad = |key: &str, why: String| self.lines.bad_value(&["notify", "to", way, key], why);
        let repo = |name: &String| {
            name.parse::<RepoId>().map_err(|_| bad("repos", format!("{name:?} is no repository")))
        };
        let story = |name: &String| {
            story(name).ok_or_else(|| bad("stories", format!("{name:?} is no story: write owner/name#12")))
        };
        let awake = match (said.awake_from, said.awake_to) {
            (None, None) => None,
            (Some(Clock(from)), Some(Clock(to))) => Some(Awake { zone: self.time_zone()?, from, to }),
            (Some(_), None) => return Err(self.missing(way, "awake_to")),
            (None, Some(_)) => return Err(self.missing(way, "awake_from")),
        };
        Ok(Route {
            level: said.level.unwrap_or(Level::Info),
            repos: said.repos.iter().map(repo).collect::<Result<_, _>>()?,
            stories: said.stories.iter().map(story).collect::<Result<_, _>>()?,
            awake,
        })
    }
}

/// The two ways that the table itself says.
fn plain_ways(said: &NotifyText) -> Vec<Way> {
    let way = |name: &str, means| Way {
        name: name.to_owned(),
        route: Route { level: Level::Info, ..Route::default() },
        means,
    };
    let command = (!said.command.is_empty()).then(|| way("command", Means::Command(said.command.clone())));
    let post = said.post_url.as_ref().map(|url| {
        let token = said.post_token_env.clone().map(Secret::Variable);
        let (address, form) = (Address::Plain(url.clone()), Form::Ntfy { topic: said.post_topic.clone() });
        way("post", Means::Post(Post { address, form, token }))
    });
    command.into_iter().chain(post).collect()
}

fn story(text: &str) -> Option<GoalRef> {
    let (repo, number) = text.rsplit_once('#')?;
    Some(GoalRef::new(repo.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn ways(text: &str) -> Result<Vec<Way>, String> {
        let config = UserConfig::parse(Path::new("/c.toml"), text).map_err(|error| error.to_string())?;
        let expand = |path: &str| Ok(Path::new("/h").join(path.trim_start_matches("~/")));
        config.ways(&expand).map_err(|error| error.to_string())
    }

    #[test]
    fn ways_are_read_with_what_each_tells_and_when() {
        let text = "time_zone = \"UTC\"\n[notify]\ncommand = [\"bell\"]\npost_url = \"https://ntfy.sh\"\npost_topic = \"g\"\n\
            [notify.to.chat]\nkind = \"slack\"\nurl_file = \"~/hook\"\nlevel = \"attention\"\nrepos = [\"acme/app\"]\n\
            [notify.to.phone]\nkind = \"ntfy\"\nurl = \"https://ntfy.sh\"\ntopic = \"goals\"\ntoken_env = \"T\"\n\
            awake_from = \"07:00\"\nawake_to = \"22:30\"\nstories = [\"acme/app#12\"]\n\
            [notify.to.letter]\nkind = \"mail\"\nurl = \"smtps://mail.example.org\"\nuser = \"me\"\npassword_env = \"P\"\n\
            from = \"herder@example.org\"\nto = [\"me@example.org\"]\n[notify.to.screen]\nkind = \"desktop\"\n";
        let read = ways(text).unwrap();
        let names: Vec<&str> = read.iter().map(|way| way.name.as_str()).collect();
        assert_eq!(names, ["command", "post", "chat", "letter", "phone", "screen"]);
        let Means::Post(chat) = &read[2].means else { panic!("{:?}", read[2]) };
        assert_eq!(chat.address, Address::Secret(Secret::File("/h/hook".into())));
        assert_eq!((&chat.form, read[2].route.level), (&Form::Slack, Level::Attention));
        assert_eq!(read[2].route.repos, ["acme/app".parse().unwrap()]);
        let phone = &read[4].route;
        assert_eq!((phone.level, phone.stories.len(), phone.awake.is_some()), (Level::Info, 1, true));
        let secrets =
            |way: &Way| way.means.secrets().into_iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(secrets(&read[3]), ["the variable P"]);
        assert_eq!(secrets(&read[4]), ["the variable T"]);
        assert_eq!(read[5].means, Means::desktop());
        assert!(ways("").unwrap().is_empty());
    }

    #[test]
    fn two_ways_have_two_names() {
        let text = "[notify]\ncommand = [\"bell\"]\n[notify.to.command]\nkind = \"desktop\"\n";
        assert!(ways(text).unwrap_err().contains("notify.command has this name"));
    }

    #[test]
    fn what_is_no_way_is_an_error_that_names_its_key() {
        for (said, expected) in [
            ("", "notify.to.x.kind"),
            ("kind = \"pigeon\"", "kind"),
            ("kind = \"command\"", "notify.to.x.command"),
            ("kind = \"ntfy\"", "notify.to.x.url"),
            ("kind = \"ntfy\"\nurl = \"ntfy.sh\"", "notify.to.x.url"),
            ("kind = \"ntfy\"\nurl = \"https://a\"\nurl_env = \"A\"", "notify.to.x.url"),
            ("kind = \"slack\"\nurl = \"https://hooks.example/secret\"", "url_env"),
            ("kind = \"desktop\"\ntopic = \"x\"", "notify.to.x.topic"),
            ("kind = \"mail\"\nurl = \"https://a\"\nfrom = \"a@b\"\nto = [\"c@d\"]", "notify.to.x.url"),
            ("kind = \"mail\"\nurl = \"smtps://a\"\nto = [\"c@d\"]", "notify.to.x.from"),
            ("kind = \"mail\"\nurl = \"smtps://a\"\nfrom = \"a@b\"", "notify.to.x.to"),
            ("kind = \"mail\"\nurl = \"smtps://a\"\nfrom = \"a@b\"\nto = [\"c@d\"]\nuser = \"u\"", "x.user"),
            ("kind = \"json\"\nurl = \"https://a\"\ntoken_env = \"no name\"", "notify.to.x.token_env"),
            ("kind = \"json\"\nurl = \"https://a\"\ntoken_env = \"A\"\ntoken_file = \"/f\"", "x.token_file"),
            ("kind = \"json\"\nurl = \"https://a\"\ntoken_file = \"f\"", "notify.to.x.token_file"),
            ("kind = \"desktop\"\nawake_from = \"07:00\"", "notify.to.x.awake_to"),
            ("kind = \"desktop\"\nstories = [\"12\"]", "notify.to.x.stories"),
            ("kind = \"desktop\"\nrepos = [\"app\"]", "notify.to.x.repos"),
        ] {
            let error = ways(&format!("[notify.to.x]\n{said}\n")).unwrap_err();
            assert!(error.contains(expected) && !error.contains("hooks.example"), "{said}: {error}");
        }
    }
}
