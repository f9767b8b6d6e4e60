//! Terminals of services: who has one, who waits for it, and what becomes of it. Each case has one
//! of its own, /dev/pts/0 of the world.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};

use crate::try_cases;
use crate::world::{PATIENCE, World, seconds};

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("who_comes_second_waits", who_comes_second_waits),
            ("who_waits_can_be_stopped", who_waits_can_be_stopped),
            ("who_does_not_want_to_wait_need_not", who_does_not_want_to_wait_need_not),
            ("commands_beside_it_do_not_read", commands_beside_it_do_not_read),
            ("it_is_put_in_order_before", it_is_put_in_order_before),
            ("it_is_put_in_order_after", it_is_put_in_order_after),
            ("who_had_it_is_disconnected", who_had_it_is_disconnected),
        ],
    );
}

/// Our side of a terminal.
struct Terminal {
    ours: File,
    said: String,
    /// What was waited for before this place is not found again.
    seen: usize,
}

impl Terminal {
    fn new(world: &World) -> Self {
        let mut options = File::options();
        options.read(true).write(true).custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK);
        let begin = Instant::now();
        // As long as the kernel has not done with the one before, the next has another number.
        let ours = loop {
            let ours = options.open(world.path("/dev/pts/ptmx")).unwrap();
            if rustix::pty::ptsname(&ours, Vec::new()).unwrap().to_bytes() == b"/dev/pts/0" {
                break ours;
            }
            assert!(begin.elapsed() < PATIENCE, "somebody keeps the last terminal open");
        };
        rustix::pty::unlockpt(&ours).unwrap();
        assert!(world.path("/dev/pts/0").exists());
        Self { ours, said: String::new(), seen: 0 }
    }

    /// Reads until it has said `text` behind what was waited for before.
    fn wait_for(&mut self, text: &str) {
        let begin = Instant::now();
        loop {
            if let Some(at) = self.said[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "never said {text:?}: {:?}", self.said);
            let _ = poll(&mut [PollFd::new(&self.ours, PollFlags::IN)], Some(&seconds(PATIENCE)));
            let mut bytes = [0; 512];
            // While nobody has the other side open there is an error to read.
            if let Ok(length) = self.ours.read(&mut bytes) {
                self.said.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        }
    }
}

fn who_comes_second_waits(world: &mut World) {
    let mut terminal = Terminal::new(world);
    world.control(&["start", "tty-first.service"]);
    terminal.wait_for("first-sits");
    world.control(&["start", "--no-block", "tty-second.service"]);
    let second = |name| world.property(name, &["tty-second.service"]);
    assert_eq!(second("ActiveState"), "activating");
    // It keeps nothing of process 1's open: not a listener, and no connection.
    let folder = world.path(&format!("/proc/{}/fd", second("MainPID")));
    let open = || -> Vec<String> {
        let links = fs::read_dir(&folder).unwrap().filter_map(|entry| {
            let link = fs::read_link(entry.ok()?.path()).ok()?;
            Some(link.to_string_lossy().into_owned())
        });
        links.collect()
    };
    let begin = Instant::now();
    while open().iter().any(|link| link.starts_with("socket:") || link.contains("eventpoll")) {
        assert!(begin.elapsed() < PATIENCE, "{:?}", open());
    }
    assert_eq!(second("ActiveState"), "activating");
    world.control(&["stop", "tty-first.service"]);
    terminal.wait_for("second-sits");
    world.wait_for_property("ActiveState", "tty-second.service", "active");
    world.control(&["stop", "tty-second.service"]);
}

fn who_waits_can_be_stopped(world: &mut World) {
    let mut terminal = Terminal::new(world);
    world.control(&["start", "tty-first.service"]);
    terminal.wait_for("first-sits");
    world.control(&["start", "--no-block", "tty-second.service"]);
    world.control(&["stop", "tty-second.service"]);
    let second = |name| world.property(name, &["tty-second.service"]);
    // It was not TimeoutStopSec= that ended it.
    assert_eq!([second("ActiveState"), second("ExecMainStatus")], ["inactive", "15"]);
    world.control(&["stop", "tty-first.service"]);
    assert!(!terminal.said.contains("second"), "{}", terminal.said);
}

fn who_does_not_want_to_wait_need_not(world: &mut World) {
    let mut terminal = Terminal::new(world);
    world.control(&["start", "tty-first.service"]);
    terminal.wait_for("first-sits");
    world.control(&["start", "tty-fails.service"]);
    world.wait_for_property("ExecMainStatus", "tty-fails.service", "208");
    world.wait_for_line("tty-fails.service: standard input: not permitted");
    world.control(&["start", "tty-forces.service"]);
    terminal.wait_for("forces");
    world.control(&["stop", "tty-first.service", "tty-forces.service"]);
    assert!(!terminal.said.contains("nobody"), "{}", terminal.said);
}

fn commands_beside_it_do_not_read(world: &mut World) {
    let mut terminal = Terminal::new(world);
    world.control(&["start", "tty-second.service"]);
    terminal.wait_for("second-sits");
    world.control(&["reload", "tty-second.service"]);
    terminal.wait_for("reload-reads-/dev/null");
    world.control(&["stop", "tty-second.service"]);
}

fn it_is_put_in_order_before(world: &mut World) {
    let mut terminal = Terminal::new(world);
    world.control(&["start", "tty-sized.service"]);
    for text in ["33 101", " icanon ", " echo ", "sized"] {
        terminal.wait_for(text);
    }
}

fn it_is_put_in_order_after(world: &mut World) {
    let mut terminal = Terminal::new(world);
    let owner = |world: &World| {
        let node = world.path("/dev/pts/0").metadata().unwrap();
        (node.uid(), node.gid(), node.mode() & 0o777)
    };
    world.control(&["start", "tty-raw.service"]);
    terminal.wait_for("made-raw");
    assert_eq!(owner(world), (33, 5, 0o620));
    world.control(&["stop", "tty-raw.service"]);
    // A child sees to it when the service is down.
    let begin = Instant::now();
    while owner(world) != (0, 5, 0o620) {
        world.property("ActiveState", &["tty-raw.service"]);
        assert!(begin.elapsed() < PATIENCE, "{:?}", owner(world));
    }
    world.control(&["start", "tty-asks.service"]);
    for text in [" icanon ", " echo ", "asked"] {
        terminal.wait_for(text);
    }
}

fn who_had_it_is_disconnected(world: &mut World) {
    let mut terminal = Terminal::new(world);
    world.control(&["start", "tty-writes.service"]);
    terminal.wait_for("writes");
    world.control(&["start", "tty-hangs-up.service"]);
    world.wait_for_property("ExecMainStatus", "tty-writes.service", "7");
    // Cleared before.
    terminal.wait_for("\u{1b}[3J");
    terminal.wait_for("alone");
}
