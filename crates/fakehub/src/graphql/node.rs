//! A thing that fields are asked of.

use std::cell::RefCell;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::{check, connection, event, issue, mutation, person, pull, query, repo, table};
use crate::op::{Ctx, Refusal};
use crate::state::{Id, IssueRef};

/// One question being answered.
pub struct Session<'s, 'c> {
    /// What is looked at and changed.
    pub ctx: RefCell<&'s mut Ctx<'c>>,
    /// Messages of refusals, with their types.
    pub errors: RefCell<Vec<(String, &'static str)>>,
    /// Fields that GitHub has and the double lacks.
    pub gaps: RefCell<Vec<String>>,
    /// What the question costs.
    pub cost: u64,
}

/// What fields may be asked of. A thing is a name only: its fields are looked up when they are asked for.
#[derive(Debug, Clone)]
pub enum Thing {
    /// The beginning of a look.
    Query,
    /// The beginning of deeds.
    Mutation,
    /// An account.
    Person(String),
    /// A repository by its key.
    Repo(String),
    /// An issue.
    Issue(IssueRef),
    /// A pull request.
    Pull(IssueRef),
    /// A label of a repository.
    Label(String, Id),
    /// A comment.
    Comment(IssueRef, Id),
    /// A line of a timeline.
    Event(IssueRef, Id),
    /// A review.
    Review(IssueRef, Id),
    /// A commit of a repository.
    Commit(String, String),
    /// A branch or another ref of a repository.
    Ref(String, String),
    /// All that machines say of a commit.
    Rollup(String, String),
    /// A check run.
    CheckRun(String, Id),
    /// A status.
    Status(String, Id),
    /// The merge queue of a branch.
    Queue(String, String),
    /// A place in it.
    QueueEntry(String, String, Id),
    /// A list in pages: its type, and the page that is asked for.
    Connection(&'static str, connection::Page),
    /// Something with no name of its own: its type, its plain fields, its things.
    Plain(&'static str, Value, Vec<(&'static str, Thing)>),
}

/// What a field turns out to be.
pub enum Found {
    /// A plain value, which may be a list or an object of a scalar type.
    Leaf(Value),
    /// A thing.
    Thing(Thing),
    /// Things.
    Things(Vec<Thing>),
    /// A list in pages.
    All(&'static str, Vec<Thing>),
    /// None.
    Null,
    /// The double has no such field.
    Unknown,
}

impl From<Option<Thing>> for Found {
    fn from(thing: Option<Thing>) -> Found {
        thing.map_or(Found::Null, Found::Thing)
    }
}

/// How a field is looked up.
pub type Answer = Result<Found, Refusal>;

/// The arguments of a field.
pub struct Args<'a>(pub &'a apollo_compiler::response::JsonMap);

impl Args<'_> {
    /// An argument as plain JSON; `null` when it was not given.
    pub fn get(&self, name: &str) -> Value {
        self.0.get(name).map_or(Value::Null, |value| serde_json::to_value(value).unwrap_or_default())
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).as_str().map(str::to_owned)
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name).as_u64()
    }

    /// Texts.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.get(name);
        Some(list.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

impl<'s, 'c> Session<'s, 'c> {
    /// A thing that answers.
    pub fn thing<'a>(&'a self, thing: Thing) -> Object<'a, 's, 'c> {
        let type_name = type_name(self, &thing);
        Object { session: self, thing, type_name }
    }

    fn refused(&self, refusal: Refusal) -> FieldError {
        let (message, kind) = super::refuse(refusal);
        self.errors.borrow_mut().push((message.clone(), kind));
        FieldError { message }
    }

    fn value<'a>(&'a self, found: Found, args: &Args<'_>) -> ResolvedValue<'a> {
        match found {
            Found::Null | Found::Unknown => ResolvedValue::null(),
            Found::Leaf(value) => leaf(value),
            Found::Thing(thing) => ResolvedValue::object(self.thing(thing)),
            Found::Things(things) => {
                ResolvedValue::list(things.into_iter().map(|thing| ResolvedValue::object(self.thing(thing))))
            }
            Found::All(kind, things) => {
                let page = connection::Page::of(things, args);
                ResolvedValue::object(self.thing(Thing::Connection(kind, page)))
            }
        }
    }
}

/// A leaf; a list of scalars is a list of leaves to the engine.
fn leaf<'a>(value: Value) -> ResolvedValue<'a> {
    match value {
        Value::Array(values) => ResolvedValue::list(values.into_iter().map(leaf)),
        value => ResolvedValue::leaf(
            serde_json::from_value::<apollo_compiler::response::JsonValue>(value).unwrap_or_default(),
        ),
    }
}

/// A thing within a question.
pub struct Object<'a, 's, 'c> {
    session: &'a Session<'s, 'c>,
    thing: Thing,
    type_name: &'static str,
}

impl ObjectValue for Object<'_, '_, '_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let (field, args) = (info.field_name(), Args(info.arguments()));
        if let Some(gap) = table::gap(self.type_name, field) {
            return self.gap(gap, info, &args);
        }
        match self.look_up(field, &args) {
            Ok(Found::Unknown) => self.gap(table::Gap::Forgotten, info, &args),
            Ok(found) => Ok(self.session.value(found, &args)),
            Err(refusal) => Err(self.session.refused(refusal)),
        }
    }
}

impl Object<'_, '_, '_> {
    fn look_up(&self, field: &str, args: &Args<'_>) -> Answer {
        let session = self.session;
        match &self.thing {
            Thing::Query => query::field(session, field, args),
            Thing::Mutation => mutation::field(session, field, args),
            thing => self.of_thing(thing, field, args),
        }
    }

    fn of_thing(&self, thing: &Thing, field: &str, args: &Args<'_>) -> Answer {
        let ctx = self.session.ctx.borrow();
        let ctx: &Ctx<'_> = &ctx;
        match thing {
            Thing::Query | Thing::Mutation => Ok(Found::Unknown),
            Thing::Person(login) => Ok(person::field(ctx, login, field)),
            Thing::Repo(key) => repo::field(ctx, key, field, args),
            Thing::Issue(at) => issue::field(ctx, at, field, args),
            Thing::Pull(at) => pull::field(ctx, at, field, args),
            Thing::Label(key, id) => issue::label(ctx, key, *id, field),
            Thing::Comment(at, id) => issue::comment(ctx, at, *id, field),
            Thing::Event(at, id) => event::field(ctx, at, *id, field),
            Thing::Review(at, id) => pull::review(ctx, at, *id, field),
            Thing::Commit(key, sha) => repo::commit(ctx, key, sha, field, args),
            Thing::Ref(key, name) => repo::git_ref(ctx, key, name, field),
            Thing::Rollup(key, sha) => check::rollup(ctx, key, sha, field),
            Thing::CheckRun(key, id) => check::run(ctx, key, *id, field),
            Thing::Status(key, id) => check::status(ctx, key, *id, field),
            Thing::Queue(key, base) => pull::queue(ctx, key, base, field),
            Thing::QueueEntry(key, base, id) => pull::queue_entry(ctx, key, base, *id, field),
            Thing::Connection(_, page) => Ok(page.field(field)),
            Thing::Plain(_, plain, things) => Ok(match things.iter().find(|(name, _)| *name == field) {
                Some((_, thing)) => Found::Thing(thing.clone()),
                None => plain.get(field).cloned().map_or(Found::Unknown, Found::Leaf),
            }),
        }
    }

    /// A field that GitHub has and the double lacks: empty where it may be, and written down unless it always is.
    fn gap<'a>(
        &'a self,
        gap: table::Gap,
        info: &ResolveInfo<'a>,
        args: &Args<'_>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let (kind, field) = (self.type_name, info.field_name());
        if gap == table::Gap::Forgotten {
            self.session.gaps.borrow_mut().push(format!("GraphQL: the double has no {kind}.{field}"));
        }
        let ty = &info.field_definition().ty;
        if !ty.is_non_null() {
            return Ok(ResolvedValue::null());
        }
        let inner = ty.inner_named_type().as_str();
        if ty.is_list() {
            return Ok(ResolvedValue::list([]));
        }
        match inner {
            "Boolean" => Ok(ResolvedValue::leaf(false)),
            "Int" => Ok(ResolvedValue::leaf(0)),
            "String" => Ok(ResolvedValue::leaf("")),
            _ if inner.ends_with("Connection") => {
                let inner = connection::static_name(inner);
                Ok(self.session.value(Found::All(inner, Vec::new()), args))
            }
            _ => Err(FieldError { message: format!("the double has no {kind}.{field}") }),
        }
    }
}

/// The type of a thing in GitHub's schema.
fn type_name(session: &Session<'_, '_>, thing: &Thing) -> &'static str {
    match thing {
        Thing::Query => "Query",
        Thing::Mutation => "Mutation",
        Thing::Person(login) => person::type_name(&session.ctx.borrow(), login),
        Thing::Repo(_) => "Repository",
        Thing::Issue(_) => "Issue",
        Thing::Pull(_) => "PullRequest",
        Thing::Label(..) => "Label",
        Thing::Comment(..) => "IssueComment",
        Thing::Event(at, id) => event::type_name(&session.ctx.borrow(), at, *id),
        Thing::Review(..) => "PullRequestReview",
        Thing::Commit(..) => "Commit",
        Thing::Ref(..) => "Ref",
        Thing::Rollup(..) => "StatusCheckRollup",
        Thing::CheckRun(..) => "CheckRun",
        Thing::Status(..) => "StatusContext",
        Thing::Queue(..) => "MergeQueue",
        Thing::QueueEntry(..) => "MergeQueueEntry",
        Thing::Connection(name, _) | Thing::Plain(name, ..) => name,
    }
}
