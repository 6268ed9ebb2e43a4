//! A `.ralph/config.toml` to begin with: every key that a repository can set, as a remark.

use crate::keys::{KEYS, Key, Place};

/// The text. It sets nothing until a line of it is changed.
pub fn repository_template() -> String {
    let mut text = "# What herder is to know of this repository; it counts as the base branch has it.\n\
        # Every key is optional. `herder config explain --repo NAME` shows what holds, and who said so.\n"
        .to_owned();
    // What stands in no table comes first: a table in TOML goes on to the next one.
    let (plain, in_tables): (Vec<&Key>, Vec<&Key>) =
        KEYS.iter().filter(|key| key.place != Place::User).partition(|key| !key.path.contains('.'));
    for key in plain.into_iter().chain(in_tables) {
        text.push_str(&format!("\n# {}\n# takes {}\n# {} =\n", key.meaning, key.takes, key.path));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::RepositoryConfig;

    #[test]
    fn it_sets_nothing_and_names_every_key_of_a_repository() {
        let text = repository_template();
        assert!(RepositoryConfig::parse(&text).is_ok_and(|config| config == RepositoryConfig::empty()));
        let is_named = |key: &&Key| text.contains(&format!("# {} =\n", key.path));
        let of_repositories = || KEYS.iter().filter(|key| key.place != Place::User);
        assert!(of_repositories().all(|key| is_named(&key)));
        assert!(!text.contains("agents."));
    }
}
