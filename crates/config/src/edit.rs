//! Changing one key of the user's `config.toml`. Whatever else stands there, remarks and order included, stays as it
//! is, and nothing comes of a change that the file would not bear.

use std::ffi::OsString;
use std::path::Path;

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::error::ConfigError;
use crate::file::UserConfig;
use crate::resolve::Flags;
use crate::source::Source;

/// The text of a file with a key set to a value, which is TOML or, where that does not fit, a text without its
/// quotes: `4h` and `"4h"` are the same.
///
/// # Errors
/// As reading the new text would have; the file was not touched.
pub fn set(
    file: &Path,
    text: &str,
    key: &str,
    value: &str,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<String, ConfigError> {
    let path = path_of(file, key)?;
    let quoted = Value::from(value);
    let Ok(plain) = value.trim().parse::<Value>() else { return with(file, text, &path, quoted, &env) };
    // `model = 4` is a mistake, and the text "4" was meant.
    with(file, text, &path, plain, &env)
        .or_else(|error| with(file, text, &path, quoted, &env).map_err(|_| error))
}

/// The text of a file without a key; nothing where it does not set it.
///
/// # Errors
/// As reading the new text would have; the file was not touched.
pub fn unset(
    file: &Path,
    text: &str,
    key: &str,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<String>, ConfigError> {
    let path = path_of(file, key)?;
    let mut document = document(file, text)?;
    let Some((last, parents)) = path.split_last() else { return Ok(None) };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for part in parents {
        let Some(inner) = table.get_mut(part).and_then(Item::as_table_like_mut) else { return Ok(None) };
        table = inner;
    }
    if table.remove(last).is_none() {
        return Ok(None);
    }
    vetted(file, document.to_string(), &env).map(Some)
}

fn with(
    file: &Path,
    text: &str,
    path: &[String],
    mut value: Value,
    env: &impl Fn(&str) -> Option<OsString>,
) -> Result<String, ConfigError> {
    let mut document = document(file, text)?;
    let Some((last, parents)) = path.split_last() else { return Ok(text.to_owned()) };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for part in parents {
        let inner = table.entry(part).or_insert_with(|| {
            let mut new = toml_edit::Table::new();
            // Its heading is printed only where something stands in it.
            new.set_implicit(true);
            Item::Table(new)
        });
        table = inner.as_table_like_mut().ok_or_else(|| no_table(file, part))?;
    }
    match table.get_mut(last) {
        Some(Item::Value(old)) => {
            // The remark behind it stays.
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        Some(item) => *item = Item::Value(value),
        None => {
            table.insert(last, Item::Value(value));
        }
    }
    vetted(file, document.to_string(), env)
}

/// Reads the new text as the next `herder up` would.
fn vetted(file: &Path, text: String, env: &impl Fn(&str) -> Option<OsString>) -> Result<String, ConfigError> {
    UserConfig::parse(file, &text)?.vet(&Flags::default(), env)?;
    Ok(text)
}

fn document(file: &Path, text: &str) -> Result<DocumentMut, ConfigError> {
    text.parse().map_err(|error| syntax(file, &error))
}

/// The parts of a key: `repo."acme/app".model` has three.
fn path_of(file: &Path, key: &str) -> Result<Vec<String>, ConfigError> {
    let keys = toml_edit::Key::parse(key).map_err(|error| syntax(file, &error))?;
    Ok(keys.iter().map(|key| key.get().to_owned()).collect())
}

fn syntax(file: &Path, error: &toml_edit::TomlError) -> ConfigError {
    let at = Source::User { file: file.to_owned(), line: 1 };
    ConfigError::Syntax { at, message: error.message().to_owned() }
}

fn no_table(file: &Path, part: &str) -> ConfigError {
    let at = Source::User { file: file.to_owned(), line: 1 };
    ConfigError::Syntax {
        at,
        message: format!("{part:?} is set to a value, so that nothing can stand below it"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that fails says so")]

    use super::*;

    const TEXT: &str = "# mine\nmodel = \"opus\" # the best\n\n[budget]\n# a dollar\nusd = 1.0\n";

    fn file() -> &'static Path {
        Path::new("config.toml")
    }

    fn env(name: &str) -> Option<OsString> {
        (name == "HOME").then(|| "/h".into())
    }

    fn after(key: &str, value: &str) -> Result<String, String> {
        set(file(), TEXT, key, value, env).map_err(|error| error.to_string())
    }

    #[test]
    fn one_value_changes_and_every_remark_stays() {
        assert_eq!(after("model", "sonnet").unwrap(), TEXT.replace("opus", "sonnet"));
        assert_eq!(after("budget.usd", "2.5").unwrap(), TEXT.replace("1.0", "2.5"));
        assert_eq!(after("max", "3").unwrap(), TEXT.replace("\n\n[budget]", "\nmax = 3\n\n[budget]"));
        assert!(after("duration", "90m").unwrap().contains("duration = \"90m\"\n"));
        assert!(after("model", "4").unwrap().contains("model = \"4\" # the best"));
        assert!(after("sandbox.env", "[\"A\", \"B\"]").unwrap().contains("[sandbox]\nenv = [\"A\", \"B\"]"));
        let named = after("repo.\"acme/app\".model", "haiku").unwrap();
        assert!(named.contains("[repo.\"acme/app\"]\nmodel = \"haiku\""), "{named}");
    }

    #[test]
    fn what_the_file_would_not_bear_is_refused() {
        assert!(after("colour", "red").unwrap_err().contains("unknown key"));
        assert!(after("max", "none").unwrap_err().contains("max"));
        assert!(after("duration", "soon").unwrap_err().contains("duration"));
        assert!(after("model.x", "1").unwrap_err().contains("nothing can stand below"));
        assert!(after("agent", "nobody").unwrap_err().contains("nobody"));
        assert!(after("a b", "1").is_err());
    }

    #[test]
    fn a_key_goes_and_one_that_is_not_there_is_no_change() {
        let without = unset(file(), TEXT, "budget.usd", env).unwrap().unwrap();
        assert!(without.contains("model = \"opus\" # the best") && !without.contains("usd"), "{without}");
        assert_eq!(unset(file(), TEXT, "max", env).unwrap(), None);
        assert_eq!(unset(file(), TEXT, "repo.x.max", env).unwrap(), None);
    }
}
