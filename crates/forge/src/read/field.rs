//! Fields that GitHub wraps in objects of which herder needs one word, or leaves null.

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
struct Account {
    login: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Label {
    Full { name: String },
    Plain(String),
}

/// The login of an account; none for one that was deleted.
pub(crate) fn login<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Account>::deserialize(from)?.map(|account| account.login))
}

/// The names of labels.
pub(crate) fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let labels = Vec::<Label>::deserialize(from)?;
    let name = |label| match label {
        Label::Full { name } | Label::Plain(name) => name,
    };
    Ok(labels.into_iter().map(name).collect())
}

/// A text that may be null.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(from)?.unwrap_or_default())
}

/// Whether something is there, whatever it is.
pub(crate) fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(from)?.is_some())
}
