//! A request, taken apart.

use serde_json::Value;

use super::Answer;
use crate::op::account::Asker;
use crate::op::{Done, Refusal};
use crate::state::Id;

/// Entries of a page, when nothing is said, and at most.
const PER_PAGE: (usize, usize) = (30, 100);

/// A request, taken apart.
#[derive(Debug, Clone)]
pub struct Call {
    /// What stands in the address at the places that have a name.
    pub params: Vec<(&'static str, String)>,
    /// What stands behind the `?`, decoded.
    pub query: Vec<(String, String)>,
    /// The body; `null` when there is none.
    pub body: Value,
    /// Who asks.
    pub asker: Asker,
    /// The address without the query, for links to other pages.
    pub url: String,
}

impl Call {
    /// What stands at this place of the address.
    pub fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// `owner/repo`.
    pub fn slug(&self) -> String {
        format!("{}/{}", self.param("owner"), self.param("repo"))
    }

    /// The number at this place; what is none names nothing.
    ///
    /// # Errors
    /// When it is no number.
    pub fn number(&self, name: &str) -> Done<u64> {
        self.param(name).parse().map_err(|_| Refusal::NotFound)
    }

    /// The id at this place.
    ///
    /// # Errors
    /// When it is no number.
    pub fn id(&self, name: &str) -> Done<Id> {
        self.number(name).map(Id)
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A text of the body; `None` when it is absent or null.
    pub fn text(&self, name: &str) -> Option<String> {
        self.body[name].as_str().map(str::to_owned)
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn needed(&self, resource: &'static str, name: &str) -> Done<String> {
        self.text(name).ok_or_else(|| Refusal::field(resource, name, "missing_field"))
    }

    /// A switch of the body.
    pub fn switch(&self, name: &str) -> Option<bool> {
        self.body[name].as_bool()
    }

    /// Texts of the body, or their names where they are objects with one.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        texts(&self.body[name])
    }

    /// The page of these things that is asked for, with links to the others.
    pub fn page<T>(&self, things: &[T], show: impl FnMut(&T) -> Value) -> Answer {
        self.page_in(things, show, |shown| shown)
    }

    /// The same for lists that stand in an object.
    pub fn page_in<T>(
        &self,
        things: &[T],
        show: impl FnMut(&T) -> Value,
        wrap: impl FnOnce(Value) -> Value,
    ) -> Answer {
        let asked = self.query("per_page").and_then(|value| value.parse().ok());
        let per_page = asked.unwrap_or(PER_PAGE.0).clamp(1, PER_PAGE.1);
        let page = self.query("page").and_then(|value| value.parse().ok()).unwrap_or(1).max(1);
        let last = things.len().div_ceil(per_page).max(1);
        let start = ((page - 1) * per_page).min(things.len());
        let shown: Vec<Value> = things[start..].iter().take(per_page).map(show).collect();
        let mut answer = Answer::ok(wrap(Value::Array(shown)));
        let mut links = Vec::new();
        if page > 1 {
            links.push(self.link(page - 1, "prev"));
        }
        if page < last {
            links.push(self.link(page + 1, "next"));
            links.push(self.link(last, "last"));
        }
        if page > 1 {
            links.push(self.link(1, "first"));
        }
        if !links.is_empty() {
            answer.headers.push(("link".to_owned(), links.join(", ")));
        }
        answer
    }

    fn link(&self, page: usize, rel: &str) -> String {
        let mut query: Vec<String> = self
            .query
            .iter()
            .filter(|(name, _)| name != "page")
            .map(|(name, value)| format!("{name}={}", crate::view::encode(value)))
            .collect();
        query.push(format!("page={page}"));
        format!("<{}?{}>; rel=\"{rel}\"", self.url, query.join("&"))
    }
}

/// Texts, or the `name` of objects.
fn texts(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array()?;
    let text = |entry: &Value| entry.as_str().or_else(|| entry["name"].as_str()).map(str::to_owned);
    Some(list.iter().filter_map(text).collect())
}
