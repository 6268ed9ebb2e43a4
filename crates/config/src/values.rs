//! What a value must be beyond its type.

use globset::Glob;

use crate::document::Lines;
use crate::error::ConfigError;
use crate::text::AuthorText;

/// Names go into argument lists: they have no spaces and do not look like an option.
pub(crate) fn words<'v>(
    lines: &Lines,
    parents: &[&str],
    values: impl IntoIterator<Item = (&'v str, &'v Option<String>)>,
) -> Result<(), ConfigError> {
    for (key, value) in values {
        let Some(word) = value else { continue };
        if word.is_empty()
            || word.starts_with('-')
            || word.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return Err(lines.bad_value(&[parents, &[key]].concat(), format!("{word:?} is not a name")));
        }
    }
    Ok(())
}

pub(crate) fn dollars(lines: &Lines, key: &[&str], value: Option<f64>) -> Result<(), ConfigError> {
    match value {
        Some(usd) if !usd.is_finite() || usd <= 0.0 => {
            Err(lines.bad_value(key, format!("{usd} is not an amount to spend")))
        }
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn url(lines: &Lines, key: &[&str], value: Option<&str>) -> Result<(), ConfigError> {
    let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    match value {
        Some(text) if !is_url(text) => Err(lines.bad_value(key, format!("{text:?} is not a URL"))),
        Some(_) | None => Ok(()),
    }
}

/// The value is not repeated in the error: somebody may have put the secret itself there.
pub(crate) fn variables(lines: &Lines, key: &[&str], names: &[String]) -> Result<(), ConfigError> {
    let is_name = |name: &String| {
        let mut chars = name.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if names.iter().all(is_name) {
        return Ok(());
    }
    Err(lines.bad_value(key, "that is not the name of a variable"))
}

pub(crate) fn paths(lines: &Lines, key: &[&str], paths: &[String]) -> Result<(), ConfigError> {
    match paths.iter().find(|path| !path.starts_with('/') && !path.starts_with("~/")) {
        Some(path) => Err(lines.bad_value(key, format!("{path:?} depends on the current directory"))),
        None => Ok(()),
    }
}

/// Names of programs, which become names of files.
pub(crate) fn programs(lines: &Lines, names: Option<&[String]>) -> Result<(), ConfigError> {
    let is_bad = |name: &&String| {
        matches!(name.as_str(), "" | "." | "..")
            || name.contains(['/', '\0'])
            || name.contains(char::is_control)
    };
    match names.unwrap_or_default().iter().find(is_bad) {
        Some(name) => Err(lines.bad_value(&["heavy"], format!("{name:?} is no name of a program"))),
        None => Ok(()),
    }
}

/// Paths from the top of a repository, of what is not git's and not herder's.
pub(crate) fn inside(lines: &Lines, key: &[&str], paths: &[String]) -> Result<(), ConfigError> {
    let is_bad_part = |part: &str| matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git");
    let is_bad = |path: &&String| {
        path.contains(char::is_control)
            || path.split('/').any(is_bad_part)
            || matches!(path.split('/').next(), Some(".ralph" | ".herder"))
    };
    match paths.iter().find(is_bad) {
        Some(path) => Err(lines.bad_value(key, format!("{path:?} is no path inside the repository"))),
        None => Ok(()),
    }
}

/// More ports than this are not asked for on purpose.
const PORTS_MAX: u16 = 100;

pub(crate) fn ports(lines: &Lines, count: Option<std::num::NonZeroU16>) -> Result<(), ConfigError> {
    match count {
        Some(count) if count.get() > PORTS_MAX => {
            Err(lines.bad_value(&["ports"], format!("{count} is more than {PORTS_MAX}")))
        }
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn percent(
    lines: &Lines,
    key: &[&str],
    value: Option<std::num::NonZeroU8>,
) -> Result<(), ConfigError> {
    match value {
        Some(value) if value.get() > 100 => Err(lines.bad_value(key, format!("{value} is more than all"))),
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn globs(lines: &Lines, key: &[&str], globs: Option<&[String]>) -> Result<(), ConfigError> {
    match globs.unwrap_or_default().iter().find_map(|glob| Glob::new(glob).err()) {
        Some(error) => Err(lines.bad_value(key, error.to_string())),
        None => Ok(()),
    }
}

/// What git refuses, or would read as something else, in an author line.
pub(crate) fn author(lines: &Lines, author: &AuthorText) -> Result<(), ConfigError> {
    for (key, value) in [("name", &author.name), ("email", &author.email)] {
        let Some(text) = value else { continue };
        if text.trim().is_empty() || text.contains(|c: char| matches!(c, '<' | '>') || c.is_control()) {
            return Err(lines.bad_value(&["author", key], format!("{text:?} cannot stand in a commit")));
        }
    }
    Ok(())
}
