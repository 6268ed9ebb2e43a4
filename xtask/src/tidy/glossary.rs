//! The words of GLOSSARY.md are names in the code, not only words.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};

use super::source::SourceFile;
use super::tree::Tree;
use super::violation::Violation;

const GLOSSARY: &str = "GLOSSARY.md";

/// What stands in the third column of a word whose code is still to come.
const PLANNED: &str = "planned";

/// One line of the table: `| word | meaning | where |`.
#[derive(Debug, PartialEq, Eq)]
struct Word<'a> {
    line: usize,
    word: &'a str,
    home: &'a str,
}

/// Checks that each word of the table lives where the table says, and is called so there.
#[must_use]
pub fn check(tree: &Tree, sources: &[SourceFile]) -> Vec<Violation> {
    let Some(text) = tree.text(GLOSSARY) else {
        return vec![Violation::new(GLOSSARY, 1, "the project has a GLOSSARY.md")];
    };
    let words = words(text);
    if words.is_empty() {
        return vec![Violation::new(GLOSSARY, 1, "the words stand in a table `| word | meaning | where |`")];
    }
    let names = Names::collect(tree, sources);
    let complaints = words.iter().filter_map(|word| {
        let sentence = names.objection(word)?;
        Some(Violation::new(GLOSSARY, word.line, sentence))
    });
    complaints.collect()
}

/// The rows of every table of the page that has three columns, its heading left out.
fn words(text: &str) -> Vec<Word<'_>> {
    let rows = text.lines().enumerate().filter_map(|(index, line)| {
        let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [word, _, home] = cells.as_slice() else { return None };
        let is_word = *word != "word" && !word.starts_with("--");
        is_word.then_some(Word { line: index + 1, word, home: home.trim_matches('`') })
    });
    rows.collect()
}

/// The modules, types and fields of every crate.
struct Names {
    crates: BTreeMap<String, Vec<String>>,
}

impl Names {
    fn collect(tree: &Tree, sources: &[SourceFile]) -> Self {
        let mut crates: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, _) in tree.crates() {
            crates.entry(name.to_owned()).or_default();
        }
        for file in sources {
            if let (Some(names), false) = (crates.get_mut(file.krate()), file.is_test) {
                names.extend(module_name(&file.path));
                let mut items = Items { names };
                items.visit_file(&file.syntax);
            }
        }
        Names { crates }
    }

    fn objection(&self, word: &Word<'_>) -> Option<String> {
        let (krate, name) = word.home.rsplit_once("::").unwrap_or((word.home, word.home));
        let krate = krate.split("::").next().unwrap_or(krate);
        if word.home == PLANNED {
            return self
                .where_is(word.word)
                .map(|home| format!("`{}` is called planned here, but there is `{home}`", word.word));
        }
        if !is_same(word.word, name) {
            return Some(format!("`{}` is not the name of `{name}`; the code uses the word", word.word));
        }
        let names = self.crates.get(krate);
        let is_there = names.is_some_and(|names| {
            word.home == krate
                || names.iter().any(|other| other == name || word.home.ends_with(&format!("::{other}")))
        });
        (!is_there).then(|| format!("there is no module, type, field or crate `{}`", word.home))
    }

    /// Where a word is the name of something, letter for letter but for case and joints.
    fn where_is(&self, word: &str) -> Option<String> {
        self.crates.iter().find_map(|(krate, names)| {
            if plain(krate) == plain(word) {
                return Some(krate.clone());
            }
            let name = names.iter().find(|name| plain(name) == plain(word))?;
            Some(format!("{krate}::{name}"))
        })
    }
}

/// Whether a word is a name, or an honest part of it: "run directory" is `RunDir`.
fn is_same(word: &str, name: &str) -> bool {
    let (word, name) = (plain(word), plain(name));
    word.contains(&name) || name.contains(&word)
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.collect::<String>().to_lowercase()
}

/// The module that a file is, by its path.
fn module_name(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".rs")?.trim_end_matches("/mod");
    stem.rsplit('/').next().map(str::to_owned)
}

/// Collects the names of types, of their fields as `Type::field`, of traits and of inline modules.
struct Items<'a> {
    names: &'a mut Vec<String>,
}

impl<'ast> Visit<'ast> for Items<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.names.push(item.ident.to_string());
        let fields = item.fields.iter().filter_map(|field| field.ident.as_ref());
        self.names.extend(fields.map(|field| format!("{}::{field}", item.ident)));
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.names.push(item.ident.to_string());
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.names.push(item.ident.to_string());
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.names.push(item.ident.to_string());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.names.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
    }
}

#[cfg(test)]
mod tests;
