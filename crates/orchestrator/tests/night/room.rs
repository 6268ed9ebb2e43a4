//! What the machine has room for, and what runs use of it.

use herder_domain::why::used;
use herder_testkit::until;

use crate::stage::script::{done, easy, script, waits, write};
use crate::stage::{GATE, PATIENCE, Stage};

fn as_many_as_there_is_room_for(stage: &Stage) {
    stage.configure(&stage.config().replacen("max = 3", "max = \"auto\"", 1));
}

#[test]
fn goals_go_as_there_is_room_and_what_a_run_uses_is_seen_and_recorded() {
    let mut stage = Stage::new(GATE);
    as_many_as_there_is_room_for(&stage);
    let goal = stage.goal("Wait", "", &script(&[vec![waits(), write("a.txt", "ok\n"), done("done")]]));
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let seen = until("what the run uses", PATIENCE, || {
        let headroom = stage.state().headroom().unwrap()?;
        let text = used(&headroom, &stage.found(&goal))?;
        headroom.runs.values().any(|usage| usage.processes_peak > Some(0)).then_some(text)
    });
    assert!(seen.contains("of processor time") && seen.contains("of memory"), "{seen}");
    let second = stage.goal("Write", "", &easy("b.txt"));
    stage.let_go(&goal, 1);
    stage.until_word(&goal, "done");
    stage.until_word(&second, "done");
    let said = up.said();
    assert!(up.stop().success());
    assert!(said.contains("as many as there is room for at once"), "{said}");
    let row = stage.row(&goal, 1);
    assert!(row.peak_processes > Some(0) && row.peak_working_bytes > Some(0), "{row:?}");
    assert!(row.cpu_seconds.is_some());
}

#[test]
fn a_number_of_slots_measures_as_well_and_a_broken_file_of_it_hurts_nobody() {
    let mut stage = Stage::new(GATE);
    fs_err::write(stage.state().root().join("capacity.json"), "{\"at\":").unwrap();
    let goal = stage.goal("Wait", "", &script(&[vec![waits(), write("a.txt", "ok\n"), done("done")]]));
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    until("a measurement", PATIENCE, || stage.state().headroom().unwrap());
    stage.let_go(&goal, 1);
    stage.until_word(&goal, "done");
    assert!(up.stop().success());
}
