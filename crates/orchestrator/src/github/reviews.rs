//! What reviewers who may write say of a pull request's present commit.

use herder_domain::forge::Trouble;
use herder_domain::landing::Offer;
use herder_domain::repo::RepoId;
use herder_forge::Client;
use herder_forge::read::repository::Permission;
use herder_forge::read::review::{Remark, Review, ReviewState};

use super::look::present;

/// What the last review that says something says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Yes.
    Approved,
    /// Not so, in the reviewers' words.
    Otherwise(String),
}

/// What reviewers want; `None` where nobody who may write has said anything of this commit. Others' words never
/// reach a prompt.
pub(super) fn words(client: &Client, repo: &RepoId, offer: &Offer) -> Result<Option<Word>, Trouble> {
    let all = match present(client.reviews(repo, offer.pull))? {
        Some(all) => all.seen().to_vec(),
        None => return Ok(None),
    };
    let own = present(client.login())?;
    let is_about_it =
        |review: &&Review| review.commit_id.as_deref() == Some(offer.head.as_str()) && review.author != own;
    let mut word = None;
    let mut wishes = Vec::new();
    for review in all.iter().filter(is_about_it) {
        let Some(author) = review.author.as_deref().filter(|_| says_something(review.state)) else {
            continue;
        };
        if !may_write(client, repo, author)? {
            continue;
        }
        match review.state {
            ReviewState::Approved => word = Some(Word::Approved),
            ReviewState::ChangesRequested | ReviewState::Commented => {
                wishes.push((review.id, author.to_owned(), review.body.clone()));
                word = None;
            }
            ReviewState::Dismissed | ReviewState::Pending | ReviewState::Other => {}
        }
    }
    if word.is_some() || wishes.is_empty() {
        return Ok(word);
    }
    let remarks = present(client.remarks(repo, offer.pull))?;
    let remarks = remarks.map(|remarks| remarks.seen().to_vec()).unwrap_or_default();
    let said = in_words(&wishes, &remarks);
    Ok((!said.is_empty()).then_some(Word::Otherwise(said)))
}

fn says_something(state: ReviewState) -> bool {
    match state {
        ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Commented => true,
        ReviewState::Dismissed | ReviewState::Pending | ReviewState::Other => false,
    }
}

fn may_write(client: &Client, repo: &RepoId, login: &str) -> Result<bool, Trouble> {
    let permission = present(client.permission(repo, login))?.unwrap_or(Permission::None);
    Ok(matches!(permission, Permission::Write | Permission::Admin))
}

/// The reviewers' words, each with its remarks on lines.
fn in_words(wishes: &[(u64, String, String)], remarks: &[Remark]) -> String {
    let mut text = String::new();
    for (id, author, body) in wishes {
        let lines = remarks.iter().filter(|remark| remark.review == Some(*id));
        let lines: Vec<String> = lines
            .map(|remark| {
                let line = remark.line.map(|line| format!(":{line}")).unwrap_or_default();
                format!("- {}{line}: {}", remark.path, remark.body.trim())
            })
            .collect();
        if body.trim().is_empty() && lines.is_empty() {
            continue;
        }
        text.push_str(&format!("{author}: {}\n{}\n", body.trim(), lines.join("\n")));
    }
    text.trim().to_owned()
}
