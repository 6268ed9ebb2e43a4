//! Work that lands, and work that does not.

use crate::stage::{GATE, Stage};

#[test]
fn a_goal_is_worked_off_and_lands() {
    let mut stage = Stage::new(Some(GATE));
    let script = r#"[[{"say":"writing"},{"write":{"path":"new.txt","text":"ok\n"}},
        {"usage":{"input":10,"output":5}},{"cost_usd":0.25},
        {"answer":{"status":"done","summary":"Wrote the file."}}]]"#;
    let goal = stage.goal("Write a file", "", script);
    assert!(stage.night().status.success());
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.file_at("main", "new.txt").as_deref(), Some("ok\n"));
    assert_eq!(stage.repo.log()[0], "Goal #1: Write a file");
    let rows = stage.rows();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].tokens.input, rows[0].cost_usd.known()), (10, Some(0.25)));
    stage.repo.assert_sound();
    stage.home.assert_no_process_left();
}
