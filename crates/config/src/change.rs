//! What a changed file says otherwise than before.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::file::UserConfig;
use crate::keys::{Holds, Key};

/// A key of which a file says something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it is written: dotted, with quotes where a part needs them.
    pub name: String,
    /// The key.
    pub key: &'static Key,
}

impl UserConfig {
    /// The keys of which this file says something else than an earlier one did, in the order of their names.
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let (old, new) = (values(before.text()), values(self.text()));
        let is_other = |path: &&Vec<String>| old.get(*path) != new.get(*path);
        let gone = old.keys().filter(|path| !new.contains_key(*path));
        let mut paths: Vec<&Vec<String>> = new.keys().chain(gone).filter(is_other).collect();
        paths.sort();
        paths.into_iter().filter_map(|path| Some(Change { name: name(path), key: Key::of(path)? })).collect()
    }
}

impl Change {
    /// What is to be said of changes: their names, by when they hold. Nothing of none.
    pub fn told(changes: &[Self]) -> String {
        let mut by_time: BTreeMap<Holds, Vec<&str>> = BTreeMap::new();
        for change in changes {
            by_time.entry(change.key.holds).or_default().push(&change.name);
        }
        let parts = by_time.iter().map(|(holds, names)| format!("{} {}", names.join(", "), holds.words()));
        parts.collect::<Vec<_>>().join("; ")
    }
}

fn name(path: &[String]) -> String {
    let parts = path.iter().map(|part| toml_edit::Key::new(part).display_repr().into_owned());
    parts.collect::<Vec<_>>().join(".")
}

/// All values of a text by their paths. The text has been read before: one that is none has no values.
fn values(text: &str) -> BTreeMap<Vec<String>, Value> {
    let mut found = BTreeMap::new();
    collect(&text.parse().unwrap_or_default(), &mut Vec::new(), &mut found);
    found
}

fn collect(table: &Table, path: &mut Vec<String>, found: &mut BTreeMap<Vec<String>, Value>) {
    for (name, value) in table {
        path.push(name.clone());
        match value {
            Value::Table(inner) => collect(inner, path, found),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => drop(found.insert(path.clone(), value.clone())),
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn said(before: &str, after: &str) -> String {
        let read = |text| UserConfig::parse(Path::new("config.toml"), text).unwrap();
        Change::told(&read(after).changes_since(&read(before)))
    }

    #[test]
    fn what_is_new_other_or_gone_is_named_with_when_it_holds() {
        let before = "max = 2\nmodel = \"opus\"\n[backoff]\nfirst = \"1s\"\n";
        let after = "# remark\nmodel = \"opus\"\nroot = \"/r\"\n[backoff]\nfirst = \"2s\"\n\
                     [repo.\"acme/app\"]\nmodel = \"haiku\"\n";
        assert_eq!(
            said(before, after),
            "backoff.first, max at once; repo.\"acme/app\".model in what begins from now on; root only after a \
             restart (`herder down`, then `herder up`)"
        );
        assert_eq!(said(before, &format!("# remark\n{before}")), "");
    }
}
