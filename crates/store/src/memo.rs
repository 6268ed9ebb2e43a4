//! Goals that were decoded before. Decoding all that wait is most of what a planning costs, and between two plannings
//! one or two of them change; that a goal's text in the database is the same shows that the goal is.

use std::collections::BTreeMap;

use herder_domain::goal::Goal;
use rusqlite::Connection;

use crate::column::Json;
use crate::error::StoreError;
use crate::rows;

/// So many goals are remembered, each with some kilobytes; those beyond are decoded each time.
const MOST: usize = 2_000;

/// What was decoded at the last look, by the row that it stood in.
#[derive(Debug, Default)]
pub(crate) struct Memo(BTreeMap<i64, Known>);

#[derive(Debug)]
struct Known {
    text: String,
    goal: Goal,
}

impl Memo {
    /// Goals of which something may still become.
    pub(crate) fn live(&mut self, conn: &Connection) -> Result<Vec<Goal>, StoreError> {
        let mut last = std::mem::take(&mut self.0);
        let sql = "SELECT rowid, goal FROM goals WHERE is_settled = 0";
        rows(conn, sql, [], |row| {
            let id = row.get(0)?;
            let known = last
                .remove(&id)
                .filter(|known| row.get_ref(1).is_ok_and(|text| text.as_str() == Ok(&known.text)));
            let goal = match &known {
                Some(known) => known.goal.clone(),
                None => row.get(1).map(|Json(goal)| goal)?,
            };
            if self.0.len() < MOST {
                let known = match known {
                    Some(known) => known,
                    None => Known { text: row.get(1)?, goal: goal.clone() },
                };
                self.0.insert(id, known);
            }
            Ok(goal)
        })
    }
}

#[cfg(test)]
mod tests {
    use herder_domain::event::{Event, Repo, What};
    use herder_domain::forge::Home;
    use herder_domain::goal::{Goal, GoalText};
    use herder_domain::repo::{GoalRef, RepoId};
    use jiff::Timestamp;

    use super::*;
    use crate::Store;

    fn append(store: &mut Store, event: &Event) {
        store.append(event, Timestamp::UNIX_EPOCH).unwrap();
    }

    fn draft(store: &mut Store, repo: &RepoId, number: u64) -> GoalRef {
        let goal = GoalRef::new(repo.clone(), number);
        let text = GoalText::read(repo, "Add a flag", "## Objective\nAdd it.\n").unwrap();
        let draft = Box::new(Goal::draft(goal.clone(), text, Timestamp::UNIX_EPOCH));
        append(store, &Event::of(&goal, What::GoalCreated { draft }));
        goal
    }

    #[test]
    fn what_is_remembered_is_what_the_database_says_whoever_wrote_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("herder.db");
        let (mut ours, mut theirs) = (Store::open(&path).unwrap(), Store::open(&path).unwrap());
        let repo: RepoId = "acme/app".parse().unwrap();
        let (url, base_branch) = ("https://example.org/app".into(), "main".into());
        let added = Repo { id: repo.clone(), url, base_branch, pushes: true, home: Home::Local };
        append(&mut ours, &Event::RepoAdded { repo: added });
        let goals: Vec<GoalRef> = (1..=3).map(|number| draft(&mut ours, &repo, number)).collect();
        let mut memo = Memo::default();
        let mut is_true = |store: &Store| {
            let live = memo.live(&store.conn).unwrap();
            assert_eq!(live, Memo::default().live(&store.conn).unwrap());
            live.len()
        };
        assert_eq!((is_true(&ours), is_true(&ours)), (3, 3));
        append(&mut theirs, &Event::of(&goals[0], What::GoalQueued));
        append(&mut theirs, &Event::of(&goals[1], What::GoalCancelled));
        assert_eq!(is_true(&ours), 2);
        draft(&mut theirs, &repo, 4);
        assert_eq!(is_true(&ours), 3);
    }
}
