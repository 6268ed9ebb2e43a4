//! What the rule about the glossary finds and what it leaves alone.

use super::*;

/// The sentences about a table with these rows, where `domain` has a module, a type and an enum.
fn sentences(rows: &str) -> Vec<String> {
    let glossary = format!("# Words\n\n| word | meaning | where |\n|---|---|---|\n{rows}\n");
    let tree = Tree::of(&[
        ("GLOSSARY.md", &glossary),
        ("crates/domain/Cargo.toml", ""),
        ("crates/domain/src/goal.rs", "//! a\npub struct RunDir { attempt: u32 }\nmod series {}\n"),
        ("crates/domain/src/plan/mod.rs", "//! a\npub enum Effect {}\n"),
        ("crates/ralph/Cargo.toml", ""),
    ]);
    let sources = super::super::source::parse_all(&tree, &mut Vec::new());
    check(&tree, &sources).into_iter().map(|violation| violation.sentence).collect()
}

#[test]
fn words_that_are_modules_types_or_crates_are_fine() {
    let rows = "| goal | wish | `domain::goal` |\n| plan | deeds | `domain::plan` |\n\
                | effect | deed | `domain::plan::Effect` |\n| series | runs | `domain::series` |\n\
                | run directory | files | `domain::RunDir` |\n| ralph | loop | `ralph` |\n\
                | attempt | number | `domain::RunDir::attempt` |";
    assert_eq!(sentences(rows), Vec::<String>::new());
}

#[test]
fn a_word_without_code_is_found() {
    assert_eq!(
        sentences("| vault | safe | `workspace::Vault` |"),
        ["there is no module, type, field or crate `workspace::Vault`"]
    );
    assert_eq!(sentences("| vault | safe | `domain::vault` |").len(), 1);
    assert_eq!(sentences("| attempt | number | `domain::attempt` |").len(), 1);
}

#[test]
fn a_word_must_be_the_name() {
    assert!(sentences("| vault | safe | `domain::goal` |")[0].contains("not the name"));
}

#[test]
fn a_planned_word_must_not_be_there_already() {
    assert_eq!(sentences("| forge | site | planned |"), Vec::<String>::new());
    assert_eq!(
        sentences("| effect | deed | planned |"),
        ["`effect` is called planned here, but there is `domain::Effect`"]
    );
}

#[test]
fn a_page_without_a_table_is_found() {
    let tree = Tree::of(&[("GLOSSARY.md", "# Words\n")]);
    assert_eq!(check(&tree, &[]).len(), 1);
    assert_eq!(check(&Tree::of(&[]), &[]).len(), 1);
}
