//! A backlog in one file.

use herder_domain::backlog::{Backlog, BacklogLink, BadBacklog};
use herder_domain::goal::{GoalText, lint};
use herder_domain::repo::GoalRef;

use crate::samples::repo;

const FILE: &str = "\
A remark before everything.

# A tidy command line

Why: it grew.

## Parse options
Id: parse
Model: opus
Budget: $2.50

A word to the agent.

### Objective
Options are parsed in one place.

#### Where
`src/main.rs`

### Acceptance
- a test calls every option

```sh
## no heading
### none either
```

## Add --version, and say it
Depends: parse, #12, other/library#7
Spot-check: yes

### Objective
The version of the manifest is printed.

# Manual

## Write the manual
Depends: \"Add --version, and say it\", PARSE

### Objective
The manual names every option.
";

fn read(text: &str) -> Result<Backlog, BadBacklog> {
    Backlog::read(&repo(), text)
}

#[test]
fn stories_and_goals_are_read_in_order() {
    let backlog = read(FILE).unwrap();
    let stories: Vec<_> =
        backlog.stories.iter().map(|story| (story.title.as_str(), story.body.as_str())).collect();
    assert_eq!(stories, [("A tidy command line", "Why: it grew.\n"), ("Manual", "")]);
    let goals: Vec<_> =
        backlog.goals.iter().map(|goal| (goal.line, goal.title.as_str(), goal.story)).collect();
    assert_eq!(
        goals,
        [
            (7, "Parse options", Some(0)),
            (28, "Add --version, and say it", Some(0)),
            (37, "Write the manual", Some(1))
        ]
    );
    let spot_checks: Vec<_> = backlog.goals.iter().map(|goal| goal.wants_spot_check).collect();
    assert_eq!(spot_checks, [false, true, false]);
    let other = GoalRef::new("other/library".parse().unwrap(), 7);
    assert_eq!(
        backlog.goals[1].depends,
        [
            BacklogLink::Here(0),
            BacklogLink::Elsewhere(GoalRef::new(repo(), 12)),
            BacklogLink::Elsewhere(other)
        ]
    );
    assert_eq!(backlog.goals[2].depends, [BacklogLink::Here(1), BacklogLink::Here(0)]);
}

#[test]
fn a_goal_of_it_is_a_goals_text() {
    let backlog = read(FILE).unwrap();
    assert_eq!(
        backlog.goals[0].body,
        "---\nmodel: opus\nbudget: $2.50\n---\n\nA word to the agent.\n\n## Objective\n\
         Options are parsed in one place.\n\n### Where\n`src/main.rs`\n\n## Acceptance\n\
         - a test calls every option\n\n```sh\n## no heading\n### none either\n```\n"
    );
    for goal in &backlog.goals {
        GoalText::read(&repo(), &goal.title, &goal.body).unwrap();
    }
    assert_eq!(lint(&repo(), &backlog.goals[0].title, &backlog.goals[0].body), []);
}

#[test]
fn what_cannot_be_a_backlog_is_refused_in_one_sentence() {
    let goal = |title: &str, more: &str| format!("## {title}\n{more}\n\n### Objective\nx\n\n");
    let cases = [
        (String::new(), "no goal in it"),
        ("# Only a story\n".into(), "no goal in it"),
        (goal("A", "") + &goal("a", ""), "line 7: \"a\" names a goal already, the one in line 1"),
        (goal("A", "Id: b") + &goal("B", ""), "the one in line 2"),
        (goal("A", "Depends: C"), "line 2: \"C\" is neither a goal of this file nor a number"),
        (goal("A", "Spot-check: maybe"), "yes or no"),
        (goal("A", "Depends: a"), "line 1: \"A\" wait for each other"),
        (
            goal("Z", "Depends: A") + &goal("A", "Depends: B") + &goal("B", "Depends: A"),
            "line 7: \"A\", \"B\" wait for each other",
        ),
    ];
    for (text, expected) in cases {
        let error = read(&text).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.hint().is_empty());
    }
}
