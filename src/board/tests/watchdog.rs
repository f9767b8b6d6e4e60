//! A watchdog of the kernel's, whose driver comes late: a board that is well is not reset, one that
//! is not is.
//!
//! This needs an emulator: `cargo board test` runs it.

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::path::Path;

use support::Session;

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn who_has_failed_takes_the_board_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/watchdog-armv7");
    let mut board = Session::boot(&folder.to_string_lossy());
    board.expect("watchdog: /dev/watchdog0, fed every 2000 ms");
    board.expect("the board is up");
    // Longer than the time-out.
    board.type_line("sleep 6; pilotctl show -p WatchdogState; echo slept-$((1 + 1))");
    let said = board.expect("slept-2");
    assert!(said.contains("WatchdogState=fed"), "{said}");
    board.type_line("pilotctl kill --signal=KILL vital");
    board.expect("watchdog: not fed, vital.service has failed");
    let said = board.expect("softdog: Initiating system reboot");
    assert!(!said.contains("reboot: stopping units"), "{said}");
    board.ends_orderly();
}
