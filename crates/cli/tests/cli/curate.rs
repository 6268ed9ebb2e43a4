//! A backlog is written and kept in order.

use serde_json::json;

use crate::scene::{GOAL, Said, Scene, feed};

/// A text that no rule complains of.
const SOUND: &str =
    "## Objective\nThe program says hello to whoever calls it.\n\n## Acceptance\n- a test sees it\n";

/// Carries a command out whose editor is this script; `$1` is the file.
fn with_editor(scene: &Scene, args: &[&str], script: &str) -> Said {
    let editor = scene.home.install_program("an-editor", &format!("#!/bin/sh\nset -e\n{script}\n"));
    let mut command = scene.command(args);
    command.env("VISUAL", "").env("EDITOR", editor);
    feed(command, b"")
}

fn texts_kept(scene: &Scene) -> usize {
    std::fs::read_dir(scene.home.state().join("drafts")).map_or(0, Iterator::count)
}

#[test]
fn a_goal_is_written_in_an_editor_and_leaves_no_file_behind() {
    let scene = Scene::new();
    let script = "grep -q '## Objective' \"$1\"\n\
        printf -- '---\\npriority: 3\\n# model: x\\n---\\n# Greet\\n\\n<!-- a\\nb -->\\n## Objective\\nSay it now.\\n' > \"$1\"";
    let said = with_editor(&scene, &["goal", "new", "--queue"], script).expect_ok(&[]);
    assert_eq!(said, "acme/app#1 is queued\n");
    let shown = scene.json(&["goal", "show", "1"]);
    assert_eq!((&shown["title"], &shown["priority"]), (&json!("Greet"), &json!(3)));
    assert!(!shown["body"].as_str().unwrap().contains("<!--"), "{shown}");
    assert_eq!(texts_kept(&scene), 0);
}

#[test]
fn an_editor_that_changes_nothing_writes_nothing() {
    let scene = Scene::new();
    for script in ["true", ": > \"$1\""] {
        let said = with_editor(&scene, &["goal", "new"], script);
        assert_eq!((said.code, said.err.lines().next()), (1, Some("error: nothing was written")), "{said:?}");
    }
    assert_eq!(scene.json(&["goal", "list"])["items"], json!([]));
    assert_eq!(texts_kept(&scene), 0);
}

#[test]
fn what_cannot_be_taken_is_shown_on_top_and_mended() {
    let scene = Scene::new();
    let script = "if grep -q 'herder cannot take this yet' \"$1\"; then\n\
        grep -q 'line 2: .*is not a key' \"$1\"\n\
        sed -i 's/modle: opus/model: opus/' \"$1\"\n\
        else printf -- '---\\nmodle: opus\\n---\\n# Greet\\n\\n## Objective\\nSay it now.\\n' > \"$1\"; fi";
    let said = with_editor(&scene, &["goal", "new"], script).expect_ok(&[]);
    assert!(said.starts_with("acme/app#1 is a draft"), "{said}");
    let body = scene.json(&["goal", "show", "1"])["body"].as_str().unwrap().to_owned();
    assert!(body.starts_with("---\nmodel: opus\n---\n") && !body.contains("herder"), "{body}");
}

#[test]
fn a_text_that_is_given_up_with_an_error_is_kept_and_gone_on_with() {
    let scene = Scene::new();
    let bad = "grep -q herder \"$1\" && exit 0; printf '# Greet\\n\\nSay it.\\n' > \"$1\"";
    let said = with_editor(&scene, &["goal", "new"], &bad.replace("grep", "grep 'cannot take'"));
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("there is no \"## Objective\""), "{said:?}");
    assert!(said.err.contains("the text is kept in") && said.err.contains("drafts/new-goal.md"), "{said:?}");
    assert_eq!(texts_kept(&scene), 1);
    let mend = "grep -q 'Say it.' \"$1\"; printf '\\n## Objective\\nSay it now.\\n' >> \"$1\"";
    with_editor(&scene, &["goal", "new"], mend).expect_ok(&[]);
    assert_eq!(scene.json(&["goal", "show", "1"])["title"], "Greet");
    assert_eq!(texts_kept(&scene), 0);
}

#[test]
fn an_editor_that_fails_loses_nothing() {
    let scene = Scene::new();
    let said = with_editor(&scene, &["goal", "new"], "echo '# Mine' > \"$1\"; exit 3");
    assert_eq!(said.code, 6, "{said:?}");
    assert!(said.err.contains("an-editor") && said.err.contains("new-goal.md"), "{said:?}");
    let kept = std::fs::read_to_string(scene.home.state().join("drafts/new-goal.md")).unwrap();
    assert!(kept.contains("# Mine"), "{kept}");
}

#[test]
fn a_goal_is_written_from_a_file_with_its_title() {
    let scene = Scene::new();
    let file = scene.home.write("g.md", &format!("# Greet\n\n{SOUND}"));
    scene.ok(&["goal", "new", "--from", file.to_str().unwrap(), "--spot-check"]);
    let shown = scene.json(&["goal", "show", "1"]);
    assert_eq!((&shown["title"], &shown["body"]), (&json!("Greet"), &json!(SOUND)));
    let again = scene.with(&["goal", "new", "--from", "-", "--title", "Other"], SOUND);
    assert_eq!(again.code, 0, "{again:?}");
}

#[test]
fn an_edit_of_a_queued_goal_makes_it_a_draft() {
    let scene = Scene::new();
    scene.goal("Hello", &["--queue"]);
    let said =
        with_editor(&scene, &["goal", "edit", "1"], "sed -i 's/# Hello/# Goodbye/' \"$1\"").expect_ok(&[]);
    assert_eq!(
        said,
        "acme/app#1 is edited (title)\n\
         it is a draft again, for what runs is what was queued; `herder goal queue 1` queues it\n"
    );
    let shown = scene.json(&["goal", "show", "1"]);
    assert_eq!(
        (&shown["title"], &shown["status"], &shown["body"]),
        (&json!("Goodbye"), &json!("draft"), &json!(GOAL))
    );
    let said = scene.ok(&["goal", "edit", "1", "--title", "Hello", "--queue"]);
    assert!(said.contains("it is queued"), "{said}");
    let said = scene.ok(&["goal", "edit", "1", "--title", "Hi", "--queue"]);
    assert!(said.contains("it is queued"), "{said}");
    assert_eq!(
        with_editor(&scene, &["goal", "edit", "1"], "true").out,
        "nothing of acme/app#1 was changed\n"
    );
}

#[test]
fn story_dependencies_and_spot_check_are_edited_by_flags() {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings"]);
    scene.goal("One", &[]);
    scene.goal("Two", &[]);
    let edited = scene.json(&["goal", "edit", "3", "--story", "1", "--depends", "2", "--spot-check", "yes"]);
    assert_eq!(edited["changed"], json!(["dependencies", "spot-check", "story"]));
    let shown = scene.json(&["goal", "show", "3"]);
    assert_eq!((&shown["story"], &shown["depends"][0]["number"]), (&json!(1), &json!(2)));
    scene.ok(&["goal", "edit", "3", "--story", "none", "--depends", ""]);
    let shown = scene.json(&["goal", "show", "3"]);
    assert_eq!((&shown["story"], &shown["depends"]), (&json!(null), &json!([])));
    scene.ok(&["goal", "edit", "2", "--depends", "3"]);
    let cycle = scene.run(&["goal", "edit", "3", "--depends", "2"]);
    assert!(cycle.code == 2 && cycle.err.contains("depends on it in turn"), "{cycle:?}");
}

#[test]
fn two_who_edit_at_once_do_not_overwrite_each_other() {
    let scene = Scene::new();
    scene.goal("Hello", &[]);
    let herder = crate::scene::HERDER;
    let script = format!("{herder} goal edit 1 --title Theirs >/dev/null\nsed -i 's/# Hello/# Mine/' \"$1\"");
    let said = with_editor(&scene, &["goal", "edit", "1"], &script);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("changed by somebody else") && said.err.contains("is kept in"), "{said:?}");
    assert_eq!(scene.json(&["goal", "show", "1"])["title"], "Theirs");
}

#[test]
fn a_settled_goal_stays_as_it_is() {
    let scene = Scene::new();
    scene.goal("Hello", &[]);
    scene.ok(&["goal", "cancel", "1"]);
    for args in
        [&["goal", "edit", "1", "--title", "X"][..], &["goal", "hold", "1"], &["goal", "priority", "1", "3"]]
    {
        let said = scene.run(args);
        assert_eq!(said.code, 4, "{said:?}");
    }
}

#[test]
fn a_held_goal_is_not_started_and_says_why() {
    let scene = Scene::new();
    scene.goal("Hello", &["--queue"]);
    assert_eq!(scene.ok(&["goal", "hold", "1", "--reason", "Monday"]), "acme/app#1 is held\n");
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "queued");
    let why = scene.ok(&["why", "1"]);
    assert!(why.contains("it is held: Monday") && why.contains("`herder goal release 1`"), "{why}");
    assert!(scene.ok(&["goal", "list"]).contains("queued, held"));
    assert_eq!(scene.json(&["goal", "list", "--held"])["items"][0]["held"], true);
    assert_eq!(scene.ok(&["goal", "release", "1"]), "acme/app#1 is released\n");
    let again = scene.run(&["goal", "release", "1"]);
    assert!(again.code == 4 && again.err.contains("it is not held"), "{again:?}");
}

#[test]
fn the_list_shows_what_waits_for_you_first_and_then_what_comes_next() {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings"]);
    for title in ["a", "b", "c", "d", "e"] {
        scene.goal(title, &["--queue"]);
    }
    scene.ok(&["goal", "priority", "4", "7"]);
    scene.ok(&["goal", "cancel", "2"]);
    scene.ok(&["goal", "move", "5", "--story", "1"]);
    scene.goal("f", &[]);
    let titles = |args: &[&str]| -> String {
        let listed = scene.json(&[&["goal", "list"], args].concat());
        listed["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
    };
    assert_eq!(titles(&[]), "cbdefa");
    assert_eq!(titles(&["--sort", "number"]), "abcdef");
    assert_eq!(titles(&["--sort", "number", "--reverse", "--limit", "2"]), "fe");
    assert_eq!(titles(&["--story", "1"]), "d");
    assert_eq!(titles(&["--story", "none", "--state", "draft,cancelled", "--sort", "title"]), "af");
    assert_eq!(titles(&["--label", "goal:draft"]), "f");
    assert_eq!(titles(&["--since", "1h", "--sort", "number"]), "abcdef");
    assert_eq!(titles(&["--since", "2100-01-01"]), "");
    let bad = scene.run(&["goal", "list", "--since", "lately"]);
    assert!(bad.code == 2 && bad.err.contains("12h"), "{bad:?}");
}

#[test]
fn the_same_goal_is_not_written_twice_unless_it_is_meant() {
    let scene = Scene::new();
    scene.goal("Hello", &[]);
    let same = scene.with(&["goal", "create", "--title", "Hello"], GOAL);
    assert!(same.code == 4 && same.err.contains("acme/app#1 says exactly this already"), "{same:?}");
    let titled = scene.with(&["goal", "create", "--title", "hello!"], SOUND);
    assert_eq!(titled.code, 0, "{titled:?}");
    assert_eq!(titled.err, "warning: acme/app#1, which is draft, has the same title\n");
    let forced = scene.with(&["goal", "create", "--title", "Hello", "--force", "--json"], GOAL);
    let warned = forced.as_json();
    assert_eq!(
        (warned["ok"].clone(), warned["warnings"].as_array().unwrap().len()),
        (json!(true), 2),
        "{warned}"
    );
}

#[test]
fn lint_tells_errors_from_what_is_unwise() {
    let scene = Scene::new();
    let good = scene.home.write("good.md", &format!("# Greet\n\n{SOUND}"));
    assert_eq!(scene.ok(&["goal", "lint", good.to_str().unwrap()]), "no errors, no warnings\n");
    let bad = scene.home.write(
        "bad.md",
        "---\nmodle: x\n---\n# Greet\nDepends: #9\n\n## Objective\nIt is all done well.\n\n## Acceptance\n- it is nice\n",
    );
    let said = scene.run(&["goal", "lint", bad.to_str().unwrap(), "--json"]);
    assert_eq!(said.code, 4, "{said:?}");
    let found = said.as_json();
    let rules: Vec<_> =
        found["items"].as_array().unwrap().iter().map(|item| (&item["rule"], &item["line"])).collect();
    assert_eq!(rules, [(&json!("unknown-key"), &json!(2)), (&json!("uncheckable"), &json!(11))]);
    let file = std::fs::read_to_string(&bad).unwrap().replace("---\nmodle: x\n---\n", "");
    let said = scene.with(&["goal", "lint", "-"], file);
    assert!(
        said.out.contains("-:2: error: it depends on acme/app#9, which does not exist [unknown-dependency]"),
        "{said:?}"
    );
}

#[test]
fn lint_knows_what_the_settings_allow() {
    let scene = Scene::new();
    scene.config(
        "agent = \"replay\"\n[ceilings]\nduration = \"1h\"\n[agents.replay]\nmodels_allowed = [\"small\", \"default\"]\n",
    );
    let lint = |matter: &str| {
        let said = scene.with(&["goal", "lint", "-", "--json"], format!("---\n{matter}\n---\n{SOUND}"));
        said.as_json()["items"][0]["rule"].as_str().unwrap().to_owned()
    };
    assert_eq!(lint("duration: 9h"), "above-ceiling");
    assert_eq!(lint("model: big"), "model-not-allowed");
    assert_eq!(lint("agent: nobody"), "unknown-agent");
}

const BACKLOG: &str = "# Greetings\nWhy.\n\n## Say hello\nId: hello\nPriority: 2\n\n### Objective\nThe program says hello to whoever calls it.\n\n\
    ### Acceptance\n- a test sees it\n\n## Say it in French\nDepends: hello\nSpot-check: yes\n\n### Objective\nIt says it in French too.\n";

#[test]
fn a_file_is_imported_once_however_often_it_is_read() {
    let scene = Scene::new();
    let file = scene.home.write("backlog.md", BACKLOG);
    let import = |more: &[&str]| scene.ok(&[&["goal", "import", file.to_str().unwrap()], more].concat());
    assert!(import(&["--dry-run"]).ends_with("3 would be written, 0 there already\n"));
    assert_eq!(scene.json(&["goal", "list"])["items"], json!([]));
    assert_eq!(
        import(&[]),
        "story acme/app#1  written: Greetings\ngoal acme/app#2  written: Say hello\n\
         goal acme/app#3  written: Say it in French\n3 written, 0 there already\n"
    );
    let french = scene.json(&["goal", "show", "3"]);
    assert_eq!(
        (&french["story"], &french["depends"][0]["number"], &french["spot_check"]),
        (&json!(1), &json!(2), &json!(true))
    );
    assert!(import(&[]).ends_with("0 written, 3 there already\n"));
    std::fs::write(
        &file,
        BACKLOG.to_owned()
            + "\n## Say it in Greek\nDepends: hello\n\n### Objective\nIt says it in Greek too.\n",
    )
    .unwrap();
    assert!(
        import(&["--queue"])
            .contains("goal acme/app#4  queued: Say it in Greek\n1 written, 3 there already\n")
    );
    let greek = scene.json(&["goal", "show", "4"]);
    assert_eq!((&greek["story"], &greek["depends"][0]["number"]), (&json!(1), &json!(2)));
}

#[test]
fn of_a_file_with_an_error_nothing_is_written() {
    let scene = Scene::new();
    let file =
        scene.home.write("backlog.md", &BACKLOG.replace("### Objective\nIt says", "### Objectve\nIt says"));
    let said = scene.run(&["goal", "import", file.to_str().unwrap()]);
    assert!(said.code == 2 && said.err.contains("line 14: \"Say it in French\": there is no"), "{said:?}");
    std::fs::write(&file, BACKLOG.replace("Depends: hello", "Depends: bonjour")).unwrap();
    let said = scene.run(&["goal", "import", file.to_str().unwrap()]);
    assert!(said.code == 2 && said.err.contains("line 15: \"bonjour\""), "{said:?}");
    assert_eq!(scene.json(&["story", "list"])["items"], json!([]));
    scene.goal("Say hello", &[]);
    std::fs::write(&file, BACKLOG).unwrap();
    let said = scene.run(&["goal", "import", file.to_str().unwrap()]);
    assert!(
        said.code == 4 && said.err.contains("acme/app#1, which is draft, has the same title"),
        "{said:?}"
    );
    assert!(
        scene
            .ok(&["goal", "import", file.to_str().unwrap(), "--force"])
            .ends_with("3 written, 0 there already\n")
    );
}

#[test]
fn a_story_is_queued_in_the_order_of_its_dependencies_or_not_at_all() {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings"]);
    scene.goal("Last", &["--story", "1"]);
    scene.goal("First", &["--story", "1"]);
    scene.ok(&["goal", "edit", "2", "--depends", "3"]);
    assert_eq!(scene.ok(&["story", "queue", "1"]), "acme/app#3 is queued\nacme/app#2 is queued\n");
    assert_eq!(scene.ok(&["story", "queue", "1"]), "the story acme/app#1 has no draft\n");
    scene.goal("Third", &["--story", "1", "--depends", "3"]);
    scene.goal("Fourth", &["--story", "1"]);
    scene.ok(&["goal", "cancel", "3"]);
    let said = scene.run(&["story", "queue", "1"]);
    assert!(
        said.code == 4 && said.err.contains("acme/app#4: it depends on acme/app#3, which was cancelled"),
        "{said:?}"
    );
    assert_eq!(scene.status(5), "draft");
}

#[test]
fn a_story_is_edited() {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings", "--body", "Why."]);
    assert_eq!(
        scene.ok(&["story", "edit", "1", "--title", "Words"]),
        "the story acme/app#1 is edited (title)\n"
    );
    let said = with_editor(&scene, &["story", "edit", "1"], "echo More. >> \"$1\"").expect_ok(&[]);
    assert_eq!(said, "the story acme/app#1 is edited (text)\n");
    let shown = scene.json(&["story", "show", "1"]);
    assert_eq!((&shown["title"], &shown["body"]), (&json!("Words"), &json!("Why.More.\n")));
}

#[test]
fn a_draft_moves_to_another_repository_and_is_cancelled_here() {
    let scene = Scene::new();
    scene.second("acme/other");
    scene.goal("Hello", &["--repo", "acme/app"]);
    let said = scene.ok(&["goal", "move", "acme/app#1", "--to", "other"]);
    assert_eq!(said, "acme/other#1 is a draft; acme/app#1 is cancelled, for it moved there\n");
    let here = scene.json(&["goal", "show", "acme/app#1"]);
    assert_eq!(
        (&here["status"], &here["comments"][0]["text"]),
        (&json!("cancelled"), &json!("Moved to acme/other#1."))
    );
    scene.ok(&["goal", "queue", "other#1"]);
    let said = scene.run(&["goal", "move", "other#1", "--to", "app"]);
    assert!(said.code == 4 && said.err.contains("more than a draft"), "{said:?}");
}

#[test]
fn a_goal_is_given_its_times_by_flags_and_waits_for_them() {
    let scene = Scene::new();
    let times = ["--not-before", "2099-11-24T22:00Z", "--deadline", "2099-11-25 06:00+01:00"];
    scene.goal_of(SOUND, "Greet", &[&["--queue"], &times[..]].concat());
    let body = || scene.json(&["goal", "show", "1"])["body"].as_str().unwrap().to_owned();
    let matter = "---\nnot_before: 2099-11-24T22:00:00Z\ndeadline: 2099-11-25T05:00:00Z\n---\n";
    assert_eq!(body(), format!("{matter}{SOUND}"));
    let why = scene.ok(&["why", "1"]);
    assert!(why.contains("it is not to begin before 2099-11-24T22:00:00Z"), "{why}");
    let past = ["goal", "edit", "1", "--not-before", "none", "--deadline", "2020-11-24T22:00Z", "--queue"];
    scene.ok(&past);
    assert_eq!(body(), format!("---\ndeadline: 2020-11-24T22:00:00Z\n---\n{SOUND}"));
    let why = scene.ok(&["why", "1"]);
    assert!(why.contains("it was not begun before its deadline, 2020-11-24T22:00:00Z"), "{why}");
    assert!(why.contains("hint: `herder goal edit 1 --deadline WHEN --queue` gives it more time"), "{why}");
}
