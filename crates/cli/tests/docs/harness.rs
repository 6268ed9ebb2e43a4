//! The test of the pages can fail: small pages that are wrong are found to be.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::compare::{agrees, lines};
use crate::inline::complaint_of;
use crate::perform::page;

/// A page, and a part of what is said of it; nothing where it is right.
const PAGES: [(&str, &str, Option<&str>); 15] = [
    ("a_shown_output_is_compared", "```console\n$ echo one\ntwo\n```\n", Some("and prints\none")),
    ("a_true_output_passes", "```console\n$ echo one; echo two\none\n...\n```\n", None),
    ("an_output_that_is_not_shown_is_not_compared", "```console\n$ echo one\n```\n", None),
    ("a_failure_is_found_with_its_line", "text\n\n```sh\nfalse\ntrue\n```\n", Some("page.md:3: exit code 1")),
    ("an_expected_failure_is_one", "<!-- fails: 3 -->\n\n```console\n$ true\n$ exit 3\n```\n", None),
    ("a_failure_that_does_not_come", "<!-- fails: 3 -->\n\n```console\n$ true\n```\n", Some("instead of 3")),
    (
        "a_shell_goes_on_where_the_last_ended",
        "```sh\ncd /usr\nexport A=1\n```\n\n```console\n$ echo $PWD $A\n/usr 1\n```\n",
        None,
    ),
    (
        "a_file_is_written",
        "<!-- file: ~/a/b -->\n\n```toml\nx = 1\n```\n\n```console\n$ cat ~/a/b\nx = 1\n```\n",
        None,
    ),
    (
        "a_setup_is_carried_out",
        "<!-- setup\necho hidden > f\n-->\n\n```console\n$ cat f\nhidden\n```\n",
        None,
    ),
    ("a_reason_is_demanded", "<!-- not run: no -->\n\n```sh\nfalse\n```\n", Some("says why")),
    ("what_is_marked_is_left_out", "<!-- not run: costs much money -->\n\n```sh\nfalse\n```\n", None),
    ("commands_in_another_fence_are_found", "```\n$ herder up\n```\n", Some("fenced as sh or console")),
    ("an_endless_command_is_interrupted", "```console\n$ echo begin; herder watch\nbegin\n^C\n```\n", None),
    ("an_end_before_the_output_is_found", "```console\n$ echo one\ntwo\n^C\n```\n", Some("and prints\none")),
    ("further_lines_are_given", "```console\n$ cat <<END\n> one\n>\n> END\none\n```\n", None),
];

pub fn trials() -> Vec<Trial> {
    let of_pages = PAGES.map(|(name, text, complaint)| Trial::test(name, move || check(text, complaint)));
    let wildcards = Trial::test("wildcards_stand_for_what_they_should", || {
        wildcards();
        Ok(())
    });
    let mentions = Trial::test("a_mention_of_what_there_is_not_is_found", || {
        mentions();
        Ok(())
    });
    of_pages.into_iter().chain([wildcards, mentions]).collect()
}

fn check(text: &str, complaint: Option<&str>) -> Result<(), Failed> {
    match (page(Path::new("page.md"), text), complaint) {
        (Ok(()), None) => Ok(()),
        (Err(said), Some(part)) if said.contains(part) => Ok(()),
        (result, complaint) => Err(format!("{result:?} instead of {complaint:?}").into()),
    }
}

fn mentions() {
    for sound in
        ["goal", "goal list queued", "up --max 2 --once", "why N", "goal reject N --feedback \"...\""]
    {
        assert_eq!(complaint_of(sound), None);
    }
    for wrong in ["gaol list", "goal lst", "up --maxx 2", "why N --loud"] {
        assert!(complaint_of(wrong).is_some(), "{wrong}");
    }
}

fn wildcards() {
    let agree = |shown: &str, printed: &str| agrees(&lines(shown), &lines(printed));
    assert!(agree("a ... c", "a b c") && agree("...", "") && agree("...", "a\nb") && agree("a...", "a"));
    assert!(agree("a\n...\nd", "a\nb\nc\nd") && agree("a\n...\nd\n", "a\nd"));
    assert!(agree("run ...-1 took ...s", "run x-1 took 3s"));
    assert!(!agree("a ... c", "a b d") && !agree("a", "a\nb") && !agree("a\n...\nd", "a\nb"));
}
