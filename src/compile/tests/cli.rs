//! `pilotc` as its users run it: exit codes, what goes to stdout and what to stderr.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/units")
}

fn pilotc(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilotc"));
    command.args(args).current_dir(units()).output().expect("pilotc runs")
}

fn code(args: &[&str]) -> Option<i32> {
    pilotc(args).status.code()
}

#[test]
fn a_clean_board_is_0_and_says_nothing() {
    for path in ["good/demo", "good/demo/board.conf"] {
        let output = pilotc(&["check", path]);
        assert_eq!(output.status.code(), Some(0), "{path}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{path}");
    }
}

#[test]
fn warnings_are_told_and_are_0() {
    let output = pilotc(&["check", "bad/W403-backlog-capped"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning[W403]"));
}

#[test]
fn errors_are_1_and_told_on_stderr_with_their_place() {
    let output = pilotc(&["check", "bad/E302-socket-without-service"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("bad/E302-socket-without-service/mail.socket:3:9"), "{said}");
    assert!(said.ends_with("2 errors, 0 warnings\n"), "{said}");
}

#[test]
fn misuse_is_2() {
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["check"]), Some(2));
    assert_eq!(code(&["check", "no/such/file.service"]), Some(2));
    assert_eq!(code(&["plan", "bad"]), Some(2));
    assert_eq!(code(&["frobnicate"]), Some(2));
}

#[test]
fn loose_files_are_checked_together_and_may_name_what_systemd_has() {
    let folder = std::env::temp_dir().join(format!("pilotc-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| folder.join(name).display().to_string();
    let write = |name: &str, text: &str| std::fs::write(path(name), text).expect("a file");
    write("a.socket", "[Unit]\nAfter=rescue.target\n[Socket]\nListenStream=80\n");
    write("a.service", "[Service]\nExecStart=/bin/a\n");
    write("b.service", "[Unit]\nAfter=nowhere.target\n[Service]\nExecStart=/bin/a\n");
    let (socket, service, other) = (path("a.socket"), path("a.service"), path("b.service"));
    assert_eq!(code(&["check", &socket, &service]), Some(0));
    assert_eq!(code(&["check", &socket]), Some(0), "its service stands beside it");
    std::fs::rename(&service, path("z.service")).expect("a file");
    assert_eq!(code(&["check", &socket]), Some(1), "its service is missing");
    let said = pilotc(&["check", &other]);
    assert_eq!(said.status.code(), Some(0), "who knows which units stand elsewhere");
    assert!(said.stderr.is_empty());
    std::fs::remove_dir_all(&folder).expect("it was just made");
}

#[test]
fn plan_and_manual_go_to_stdout() {
    let plan = pilotc(&["plan", "good/demo"]);
    assert_eq!(plan.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&plan.stdout).contains("listener  2 ListenStream=80"));
    let manual = pilotc(&["manual"]);
    assert!(String::from_utf8_lossy(&manual.stdout).contains("### `ListenStream=`"));
}
