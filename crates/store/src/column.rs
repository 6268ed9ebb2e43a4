//! How the domain's values stand in a column.

use std::error::Error;

use herder_domain::repo::{GoalRef, Number, RepoId};
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, RowIndex};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A time as text of a fixed width, so that the order of the texts is the order of the times.
pub(crate) struct At(pub Timestamp);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(format!("{:.9}", self.0).into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// A value as JSON.
pub(crate) struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<&T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let json = serde_json::to_string(self.0);
        json.map(Into::into).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// A name that is checked when it is read.
pub(crate) struct Name<T>(pub T);

impl<T> FromSql for Name<T>
where
    T: TryFrom<String, Error: Error + Send + Sync + 'static>,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        T::try_from(value.as_str()?.to_owned()).map(Self).map_err(FromSqlError::other)
    }
}

/// A count. SQLite's integers are signed, ours are not.
pub(crate) struct Count(pub u64);

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let signed = i64::try_from(self.0);
        signed.map(Into::into).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
    }
}

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let signed = value.as_i64()?;
        u64::try_from(signed).map(Self).map_err(|_| FromSqlError::OutOfRange(signed))
    }
}

/// The two columns that name a goal or a story.
pub(crate) fn columns(goal: &GoalRef) -> (String, Count) {
    (goal.repo.to_string(), Count(goal.number.0))
}

/// Reads the two columns `repo` and `number`.
pub(crate) fn goal_ref(row: &Row<'_>) -> rusqlite::Result<GoalRef> {
    goal_ref_at(row, "repo", "number")
}

/// Reads two columns that name a goal or a story.
pub(crate) fn goal_ref_at(
    row: &Row<'_>,
    repo: impl RowIndex,
    number: impl RowIndex,
) -> rusqlite::Result<GoalRef> {
    let Name(repo) = row.get::<_, Name<RepoId>>(repo)?;
    let Count(number) = row.get(number)?;
    Ok(GoalRef { repo, number: Number(number) })
}
