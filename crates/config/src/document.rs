//! A TOML text whose keys are all known, with the line of each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use crate::error::{ConfigError, nearest};
use crate::keys::{self, Key, Place};
use crate::source::Source;

/// Whose file it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    User(PathBuf),
    Repository,
}

impl Owner {
    fn at(&self, line: usize) -> Source {
        match self {
            Self::User(file) => Source::User { file: file.clone(), line },
            Self::Repository => Source::Repository { line },
        }
    }

    fn may_set(&self, place: Place) -> bool {
        match (self, place) {
            (_, Place::Both) => true,
            (Self::User(_), Place::User) | (Self::Repository, Place::Repository) => true,
            (Self::User(_), Place::Repository) | (Self::Repository, Place::User) => false,
        }
    }
}

/// The lines of a text's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    owner: Owner,
    of: BTreeMap<Vec<String>, usize>,
}

impl Lines {
    pub(crate) fn none(owner: Owner) -> Self {
        Self { owner, of: BTreeMap::new() }
    }

    /// Where a key is set. One that is not there is taken for the nearest table around it.
    pub(crate) fn source(&self, path: &[&str]) -> Source {
        let mut path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        loop {
            match self.of.get(&path) {
                Some(line) => return self.owner.at(*line),
                None if path.pop().is_none() => return self.owner.at(1),
                None => {}
            }
        }
    }

    /// Where a key is set, if it is.
    pub(crate) fn exactly(&self, path: &[&str]) -> Option<Source> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        self.of.get(&path).map(|line| self.owner.at(*line))
    }

    /// The error for a value that does not fit.
    pub(crate) fn bad_value(&self, path: &[&str], reason: impl Into<String>) -> ConfigError {
        let owned: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        ConfigError::BadValue {
            at: self.source(path),
            key: owned.join("."),
            reason: reason.into(),
            takes: keys::takes(&owned),
        }
    }
}

/// Reads a text: its lines, and a value from them.
pub(crate) fn read<T: DeserializeOwned>(owner: Owner, text: &str) -> Result<(T, Lines), ConfigError> {
    let lines = Finder { owner, text, of: BTreeMap::new() }.lines()?;
    let syntax = |error: &toml::de::Error| ConfigError::Syntax {
        at: lines.owner.at(line_of(text, error.span().map_or(0, |span| span.start))),
        message: error.message().to_owned(),
    };
    let tree = toml::Deserializer::parse(text).map_err(|error| syntax(&error))?;
    let value = serde_path_to_error::deserialize(tree).map_err(|error| {
        let path: Vec<String> = segments(error.path());
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        lines.bad_value(&parts, error.inner().message())
    })?;
    Ok((value, lines))
}

fn segments(path: &serde_path_to_error::Path) -> Vec<String> {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Seq { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

struct Finder<'t> {
    owner: Owner,
    text: &'t str,
    of: BTreeMap<Vec<String>, usize>,
}

impl Finder<'_> {
    fn lines(mut self) -> Result<Lines, ConfigError> {
        let table = DeTable::parse(self.text).map_err(|error| ConfigError::Syntax {
            at: self.owner.at(line_of(self.text, error.span().map_or(0, |span| span.start))),
            message: error.message().to_owned(),
        })?;
        self.walk(&mut Vec::new(), table.get_ref())?;
        Ok(Lines { owner: self.owner, of: self.of })
    }

    fn walk(&mut self, path: &mut Vec<String>, table: &DeTable<'_>) -> Result<(), ConfigError> {
        for (name, value) in table.iter() {
            path.push(name.get_ref().to_string());
            let line = line_of(self.text, name.span().start);
            self.of.insert(path.clone(), line);
            match value.get_ref() {
                DeValue::Table(inner) if Key::is_table(path) => self.walk(path, inner)?,
                DeValue::Table(_) if Key::of(path).is_some() => {} // Its kind is wrong, which serde says.
                DeValue::Table(_)
                | DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_) => self.know(path, line)?,
            }
            path.pop();
        }
        Ok(())
    }

    fn know(&self, path: &[String], line: usize) -> Result<(), ConfigError> {
        let at = self.owner.at(line);
        let key = path.join(".");
        match Key::of(path) {
            Some(known) if self.owner.may_set(known.place) => Ok(()),
            Some(known) => Err(match known.place {
                Place::Repository => ConfigError::NotForUsers { at, key },
                Place::User | Place::Both => ConfigError::NotForRepositories { at, key },
            }),
            None => Err(ConfigError::UnknownKey { at, near: likely(path), key }),
        }
    }
}

/// The key that was probably meant: the same table's, else any.
pub(crate) fn likely(path: &[String]) -> Option<String> {
    let mut path = path.to_vec();
    // The unknown part may be a table around the key.
    while path.len() > 1 && Key::beside(&path).is_empty() {
        path.pop();
    }
    let words = Key::beside(&path);
    let last = path.pop()?;
    let near = nearest(&last, words.iter().map(String::as_str)).filter(|near| *near != last);
    match near {
        Some(near) => {
            path.push(near);
            Some(path.join("."))
        }
        None => elsewhere(&last),
    }
}

/// The key of that very name in another table.
fn elsewhere(last: &str) -> Option<String> {
    let same = |key: &&Key| key.path.rsplit('.').next() == Some(last);
    keys::KEYS.iter().filter(|key| !key.path.contains('*')).find(same).map(|key| key.path.to_owned())
}
