//! `herder config ...`.

use std::io::Write;
use std::path::{Path, PathBuf};

use herder_config::{
    Explained, Flags, Key, Place, RepositoryConfig, UserConfig, Voice, explain_surroundings, resolve, voices,
};
use herder_domain::goal::GoalOptions;
use herder_domain::repo::RepoId;
use herder_workspace::Bare;
use serde::Serialize;
use serde_json::json;

use crate::args::{Explain, SetKey, UnsetKey};
use crate::call::{Call, Opened, env};
use crate::failure::Failure;
use crate::output::{Reply, Table};
use crate::place;

/// The largest `.ralph/config.toml` that is read, in bytes.
pub(super) const REPOSITORY_CONFIG_MAX: u64 = 256 << 10;

/// A key, what holds, and all that is to be known of it.
#[derive(Debug, Serialize)]
struct Setting {
    key: String,
    value: String,
    source: String,
    /// What others say, who are not heard.
    hidden: Vec<Hidden>,
    takes: &'static str,
    meaning: &'static str,
    /// Who may set it: `user`, `repository` or `both`.
    place: &'static str,
    /// When a going orchestrator follows a change of it.
    holds: &'static str,
}

#[derive(Debug, Serialize)]
struct Hidden {
    value: String,
    source: String,
}

/// Shows each setting with its value and who said so, or all that is known of one.
pub fn explain(call: &Call, args: Explain) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let (options, repo) = match &args.goal {
        Some(reference) => {
            let id = place::goal(call, &opened.store, reference)?;
            let options = opened.store.goal(&id)?.map(|goal| goal.options);
            (options.unwrap_or_default(), Some(id.repo))
        }
        None => (GoalOptions::default(), place::scope(call, &opened.store)?),
    };
    let repository = match &repo {
        Some(repo) => repository_config(&opened, repo)?,
        None => RepositoryConfig::empty(),
    };
    let (user, flags) = (call.config()?, Flags::from(args.flags));
    let resolved = resolve(&options, &flags, repo.as_ref(), &repository, &user, env)?;
    let said = voices(&options, &flags, repo.as_ref(), &repository, &user);
    let mut lines = user.settings(&flags, env)?.explain();
    lines.extend(resolved.explain());
    lines.extend(explain_surroundings(&repository, &user)?);
    let lines = lines.into_iter();
    let mut items: Vec<Setting> = lines.map(|line| setting(line, &said)).collect();
    let Some(key) = &args.key else { return Reply::list(&items, text(&items)) };
    let at = match items.iter().position(|item| item.key == *key) {
        Some(at) => at,
        None => {
            items.push(written(&user, key)?);
            items.len() - 1
        }
    };
    let item = items.swap_remove(at);
    Reply::one(&item, in_full(&item))
}

fn setting(line: Explained, said: &[(&'static str, Voice)]) -> Setting {
    let others = said.iter().filter(|(key, voice)| *key == line.key && voice.source != line.source);
    let hidden =
        others.map(|(_, voice)| Hidden { value: voice.value.clone(), source: voice.source.to_string() });
    let known = Key::of(&[line.key.to_owned()]).or_else(|| Key::of(&parts(line.key)));
    Setting {
        key: line.key.to_owned(),
        value: line.value,
        source: line.source.to_string(),
        hidden: hidden.collect(),
        takes: known.map_or("", |key| key.takes),
        meaning: known.map_or("", |key| key.meaning),
        place: known.map_or("", |key| place_word(key.place)),
        holds: known.map_or("", |key| key.holds.words()),
    }
}

fn parts(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

fn place_word(place: Place) -> &'static str {
    match place {
        Place::User => "user",
        Place::Both => "both",
        Place::Repository => "repository",
    }
}

/// A key that only the file speaks of.
fn written(user: &UserConfig, key: &str) -> Result<Setting, Failure> {
    let unknown = || {
        let failure = Failure::usage(format!("there is no key {key:?}"));
        match Key::likely(key) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => {
                failure.hint("`herder config explain` shows the usual ones, docs/configuration.md has all")
            }
        }
    };
    let (known, said) = user.written(key).ok_or_else(unknown)?;
    let (value, source) = match said {
        Some(voice) => (voice.value, voice.source.to_string()),
        None => ("-".to_owned(), "default".to_owned()),
    };
    Ok(Setting {
        key: key.to_owned(),
        value,
        source,
        hidden: Vec::new(),
        takes: known.takes,
        meaning: known.meaning,
        place: place_word(known.place),
        holds: known.holds.words(),
    })
}

fn text(items: &[Setting]) -> String {
    let mut table = Table::new(&["setting", "source", "value"]);
    for item in items {
        table.row([item.key.clone(), item.source.clone(), item.value.clone()]);
    }
    table.or("")
}

fn in_full(item: &Setting) -> String {
    let mut table = Table::plain();
    let mut row = |word: &str, text: String| table.row([word.to_owned(), text]);
    row("value", item.value.clone());
    row("source", item.source.clone());
    for hidden in &item.hidden {
        row("hides", format!("{} of {}", hidden.value, hidden.source));
    }
    row("means", item.meaning.to_owned());
    row("takes", item.takes.to_owned());
    let place = match item.place {
        "user" => "your config.toml",
        "repository" => "the repository's .ralph/config.toml",
        _ => "your config.toml, or the repository's .ralph/config.toml",
    };
    row("set in", place.to_owned());
    row("holds", item.holds.to_owned());
    format!("{}\n{}", item.key, table.or(""))
}

/// Sets a key of the user's settings.
pub fn set(args: &SetKey) -> Result<Reply, Failure> {
    let (file, text) = file()?;
    let new = herder_config::set(&file, &text, &args.key, &args.value, env).map_err(not_written)?;
    write(&file, &new)?;
    let said = format!("{} is set in {}; {}\n", args.key, file.display(), taken_up(&args.key));
    Reply::one(&json!({ "key": args.key, "file": file.display().to_string(), "changed": new != text }), said)
}

/// When a going orchestrator follows a change of a key.
fn taken_up(key: &str) -> String {
    let holds = Key::named(key).map_or("", |key| key.holds.words());
    format!("a running `herder up` follows it {holds}")
}

/// Takes a key out of the user's settings.
pub fn unset(args: &UnsetKey) -> Result<Reply, Failure> {
    let (file, text) = file()?;
    let new = herder_config::unset(&file, &text, &args.key, env).map_err(not_written)?;
    let said = match &new {
        Some(new) => {
            write(&file, new)?;
            format!("{} is out of {}\n", args.key, file.display())
        }
        None => format!("{} is not set in {}\n", args.key, file.display()),
    };
    Reply::one(
        &json!({ "key": args.key, "file": file.display().to_string(), "changed": new.is_some() }),
        said,
    )
}

/// Says where the user's settings are.
pub fn path() -> Result<Reply, Failure> {
    let place = located()?;
    Reply::one(&json!({ "file": place.display().to_string() }), format!("{}\n", place.display()))
}

fn not_written(error: herder_config::ConfigError) -> Failure {
    Failure::from(error).hint("nothing was written")
}

fn located() -> Result<PathBuf, Failure> {
    UserConfig::locate(env).ok_or_else(|| {
        Failure::environment("there is no place for config.toml").hint("set HOME, or HERDER_CONFIG to a file")
    })
}

/// The user's file with its text; one that is not there is empty.
fn file() -> Result<(PathBuf, String), Failure> {
    let place = located()?;
    // A link stays one: what it points at is written.
    let real = std::fs::canonicalize(&place).unwrap_or(place);
    match std::fs::read_to_string(&real) {
        Ok(text) => Ok((real, text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((real, String::new())),
        Err(error) => Err(unwritable(&real, &error)),
    }
}

/// Replaces the file whole, with the mode that it had.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let replace = || -> std::io::Result<()> {
        let dir = file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir)?;
        let new = dir.join(format!(".config.toml.{}", std::process::id()));
        let mut out = std::fs::File::create(&new)?;
        if let Ok(found) = std::fs::metadata(file) {
            out.set_permissions(found.permissions())?;
        }
        out.write_all(text.as_bytes()).and_then(|()| out.sync_all())?;
        std::fs::rename(&new, file)
    };
    replace().map_err(|error| unwritable(file, &error))
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::environment(format!("failed to change {}: {error}", file.display()))
        .hint("look at the owner and mode of the file and its directory")
}
/// What the repository itself says, as its mirror has it: the state of the last fetch. Nothing is fetched.
pub fn repository_config(opened: &Opened, repo: &RepoId) -> Result<RepositoryConfig, Failure> {
    let Some(registered) = opened.store.repo(repo)? else { return Ok(RepositoryConfig::empty()) };
    let path = opened.state.mirror(repo);
    if !path.is_dir() {
        return Ok(RepositoryConfig::empty());
    }
    let mirror = Bare::at(path);
    let Some(base) = mirror.resolve(&format!("refs/remotes/origin/{}", registered.base_branch))? else {
        return Ok(RepositoryConfig::empty());
    };
    match mirror.read_file(&base, ".ralph/config.toml", REPOSITORY_CONFIG_MAX)? {
        Some(bytes) => Ok(RepositoryConfig::parse(&String::from_utf8_lossy(&bytes))?),
        None => Ok(RepositoryConfig::empty()),
    }
}
