//! The house rules over the whole tree, so that the ordinary tests hold them.

use xtask::tidy::{self, tree::Tree};

#[test]
fn the_tree_obeys_the_house_rules() {
    let tree = Tree::load(&xtask::root::find().unwrap()).unwrap();
    let violations = tidy::check(&tree);
    let sentences: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(sentences.is_empty(), "\n{}", sentences.join("\n"));
}
