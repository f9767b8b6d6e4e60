//! What `pilotc diff` tells: every kind of change, and nothing that means the same.

mod common;

use common::Folder;
use compile::diff::{Difference, Side, diff};
use compile::{Source, compile_board, settings};

fn side(files: &[(&str, &str)]) -> Side {
    let source = |(path, text): &(&str, &str)| Source {
        path: (*path).into(),
        text: text.as_bytes().to_vec(),
    };
    let folder = Folder::with(&files.iter().map(source).collect::<Vec<_>>());
    let (image, _) = compile_board(&folder.0).unwrap_or_else(|failure| panic!("{failure}"));
    Side { image, settings: settings(&folder.0).expect("it was just read") }
}

const CONF: (&str, &str) = ("board.conf", "[Board]\nArchitecture=armv7\nHostname=b\n");
const SOCKET: (&str, &str) = ("units/web.socket", "[Socket]\nListenStream=80\nBacklog=128\n");

fn web(lines: &str) -> Side {
    let service = format!("[Service]\nExecStart=/bin/web %H\n{lines}");
    side(&[CONF, SOCKET, ("units/web.service", &service)])
}

fn between(one: &Side, other: &Side) -> String {
    diff(one, other).to_string()
}

#[test]
fn a_board_is_the_same_as_itself_and_as_one_that_means_the_same() {
    let one = web("RestartSec=60\nEnvironment=A=1 B=2\nUMask=0022\n");
    assert_eq!(diff(&one, &one), Difference::default());
    let other = web("# a comment\nEnvironment=A=1\nEnvironment=\"B=2\"\nRestartSec=1min\n");
    assert_eq!(diff(&one, &other), Difference::default());
}

#[test]
fn values_and_items_are_told_in_the_words_of_the_files() {
    let one = web("RestartSec=60\nEnvironment=A=1 B=2\nMemoryMax=1M\n");
    let other = web("Environment=A=1 \\\n   \"C=3 4\"\nUMask=0077\nMemoryMax=2M\nNice=5\n");
    let said = between(&one, &other);
    for line in [
        "~ RestartSec             60 -> (DefaultRestartSec= of board.conf)\n",
        "~ UMask                  (0022) -> 0077\n",
        "~ MemoryMax              1M -> 2M\n",
        "~ Nice                   (PID 1's: 0) -> 5\n",
        "- Environment            B=2\n",
        "+ Environment            \"C=3 4\"\n",
    ] {
        assert!(said.contains(line), "{line} in\n{said}");
    }
    assert!(!said.contains("A=1"), "{said}");
}

#[test]
fn units_listeners_and_edges_come_and_go() {
    let service = ("units/web.service", "[Service]\nExecStart=/bin/web\n");
    let one = side(&[CONF, SOCKET, service]);
    let socket = "[Unit]\nAfter=new.service\nDefaultDependencies=no\n[Socket]\nListenStream=81\n";
    let new = "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/new\n";
    let other = side(&[CONF, service, ("units/web.socket", socket), ("units/new.service", new)]);
    let expected = [
        "+ new.service\n  sockets.target\n",
        "  web.socket\n",
        "    + After                  new.service\n",
        "    ~ DefaultDependencies    (yes) -> no\n",
        "    - listener               ListenStream=80\n",
        "    + listener               ListenStream=81\n",
        "    - requires               sysinit.target\n",
    ];
    let said = between(&one, &other);
    for line in expected {
        assert!(said.contains(line), "{line} in\n{said}");
    }
    assert!(!said.contains("+ after                  new.service"), "told once: {said}");
    let back = between(&other, &one);
    assert!(back.starts_with("- new.service\n"), "{back}");
}

#[test]
fn the_order_of_items_and_what_specifiers_stand_for_count() {
    let (one, other) = (web("Environment=A=1 B=2\n"), web("Environment=B=2 A=1\n"));
    assert!(between(&one, &other).contains("~ Environment            A=1 B=2 -> B=2 A=1\n"));
    let service = ("units/web.service", "[Service]\nExecStart=/bin/web %H\n");
    let named = |name: &str| {
        let conf = format!("[Board]\nArchitecture=armv7\nHostname={name}\n");
        side(&[("board.conf", &conf), SOCKET, service])
    };
    let said = between(&named("one"), &named("two"));
    assert!(said.contains("~ Hostname               one -> two\n"), "{said}");
    let note = "+ ExecStart              (its specifiers stand for something else)\n";
    assert!(said.contains(note), "{said}");
}

#[test]
fn units_that_start_elsewhere_are_told_and_no_more_of_them_than_needed() {
    let plain = "[Service]\nExecStart=/bin/x\n";
    let last = "[Unit]\nAfter=b.service c.service\n[Service]\nExecStart=/bin/x\n";
    let board = |first: &str| {
        let others = [("units/b.service", plain), ("units/c.service", plain)];
        side(&[&[CONF, ("units/a.service", first)], &others[..]].concat())
    };
    assert_eq!(diff(&board(plain), &board(last)).moved, ["a.service"]);
}
