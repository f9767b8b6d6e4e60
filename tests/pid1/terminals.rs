//! Terminals of services: who has one, who waits for it, and what becomes of it. Each case has one
//! of its own: the first /dev/pts/0 of the world, and so on.

use std::fs::{self, File};
use std::io::{Read, Write};
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
    /// Its number, by which the units are called that use it.
    number: String,
    said: String,
    /// What was waited for before this place is not found again.
    seen: usize,
}

impl Terminal {
    /// The next one of the world's. What a case leaves behind may still be about its own: none is
    /// closed while the suite runs, so that no number comes twice.
    fn new(world: &World) -> Self {
        let mut options = File::options();
        options.read(true).write(true).custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK);
        let ours = options.open(world.path("/dev/pts/ptmx")).unwrap();
        std::mem::forget(ours.try_clone().unwrap());
        let name = rustix::pty::ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        rustix::pty::unlockpt(&ours).unwrap();
        assert!(world.path(&name).exists());
        let number = name.strip_prefix("/dev/pts/").unwrap().to_owned();
        Self { ours, number, said: String::new(), seen: 0 }
    }

    /// The service of that name that uses it.
    fn unit(&self, name: &str) -> String {
        format!("tty-{name}@{}.service", self.number)
    }

    fn start(&self, world: &World, name: &str) {
        world.control(&["start", &self.unit(name)]);
    }

    /// Does not wait for what waits: for its terminal, or for a line.
    fn begin(&self, world: &World, name: &str) {
        world.control(&["start", "--no-block", &self.unit(name)]);
    }

    fn stop(&self, world: &World, name: &str) {
        world.control(&["stop", &self.unit(name)]);
    }

    /// Waits for what a service says that ends when a line is typed. The end of whoever has a
    /// terminal is that of all that was said there and not yet read.
    fn wait_for_all(&mut self, world: &World, name: &str, texts: &[&str]) {
        for text in texts {
            self.wait_for(text);
        }
        self.ours.write_all(b"\n").unwrap();
        world.wait_for_property("ActiveState", &self.unit(name), "inactive");
    }

    /// Reads what it has said by now.
    fn hear(&mut self) {
        let mut bytes = [0; 512];
        // While nobody has the other side open there is an error to read.
        while let Ok(length @ 1..) = self.ours.read(&mut bytes) {
            self.said.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
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
            self.hear();
        }
    }
}

fn who_comes_second_waits(world: &mut World) {
    let mut terminal = Terminal::new(world);
    terminal.start(world, "first");
    terminal.wait_for("first-sits");
    terminal.begin(world, "second");
    let second = |name| world.property(name, &[&terminal.unit("second")]);
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
    terminal.stop(world, "first");
    terminal.wait_for("second-sits");
    world.wait_for_property("ActiveState", &terminal.unit("second"), "active");
    terminal.stop(world, "second");
}

fn who_waits_can_be_stopped(world: &mut World) {
    let mut terminal = Terminal::new(world);
    terminal.start(world, "first");
    terminal.wait_for("first-sits");
    terminal.begin(world, "second");
    terminal.stop(world, "second");
    let second = |name| world.property(name, &[&terminal.unit("second")]);
    // It was not TimeoutStopSec= that ended it.
    assert_eq!([second("ActiveState"), second("ExecMainStatus")], ["inactive", "15"]);
    terminal.hear();
    terminal.stop(world, "first");
    assert!(!terminal.said.contains("second"), "{}", terminal.said);
}

fn who_does_not_want_to_wait_need_not(world: &mut World) {
    let mut terminal = Terminal::new(world);
    terminal.start(world, "first");
    terminal.wait_for("first-sits");
    terminal.start(world, "fails");
    world.wait_for_property("ExecMainStatus", &terminal.unit("fails"), "208");
    world.wait_for_line("tty-fails@2.service: standard input: not permitted");
    terminal.start(world, "forces");
    terminal.wait_for("forces");
    assert!(!terminal.said.contains("nobody"), "{}", terminal.said);
    terminal.stop(world, "first");
    terminal.stop(world, "forces");
}

fn commands_beside_it_do_not_read(world: &mut World) {
    let mut terminal = Terminal::new(world);
    terminal.start(world, "second");
    terminal.wait_for("second-sits");
    world.control(&["reload", &terminal.unit("second")]);
    terminal.wait_for("reload-reads-/dev/null");
    terminal.stop(world, "second");
}

fn it_is_put_in_order_before(world: &mut World) {
    let mut terminal = Terminal::new(world);
    terminal.begin(world, "sized");
    terminal.wait_for_all(world, "sized", &["33 101", " icanon ", " echo ", "sized"]);
}

fn it_is_put_in_order_after(world: &mut World) {
    let mut terminal = Terminal::new(world);
    let node = world.path(&format!("/dev/pts/{}", terminal.number));
    let owner = || {
        let node = node.metadata().unwrap();
        (node.uid(), node.gid(), node.mode() & 0o777)
    };
    terminal.start(world, "raw");
    terminal.wait_for("made-raw");
    assert_eq!(owner(), (33, 5, 0o620));
    terminal.stop(world, "raw");
    // A child sees to it when the service is down.
    let begin = Instant::now();
    while owner() != (0, 5, 0o620) {
        world.property("ActiveState", &[&terminal.unit("raw")]);
        assert!(begin.elapsed() < PATIENCE, "{:?}", owner());
    }
    terminal.begin(world, "asks");
    terminal.wait_for_all(world, "asks", &[" icanon ", " echo ", "asked"]);
}

fn who_had_it_is_disconnected(world: &mut World) {
    let mut terminal = Terminal::new(world);
    terminal.start(world, "writes");
    terminal.wait_for("writes");
    terminal.begin(world, "hangs-up");
    world.wait_for_property("ExecMainStatus", &terminal.unit("writes"), "7");
    // Cleared before.
    terminal.wait_for_all(world, "hangs-up", &["\u{1b}[3J", "alone"]);
}
