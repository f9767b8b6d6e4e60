//! Processes that do as a test says: each is an end of a connection to it, from its birth to its
//! death, and tells it of every signal.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::world::{PATIENCE, World, seconds};

/// Where actors come from.
pub struct Stage {
    listener: UnixListener,
}

impl Stage {
    /// A world's stage; there is one at a time.
    pub fn new(world: &World) -> Self {
        let path = world.path("/run/stage");
        let _ = std::fs::remove_file(&path);
        Self { listener: UnixListener::bind(path).unwrap() }
    }

    /// The next actor, who must be the one with this name.
    pub fn enter(&self, name: &str) -> Actor {
        let actor = self.next(name);
        assert_eq!(actor.name, name);
        actor
    }

    /// The next two, which run at the same time and come in any order.
    pub fn enter_both(&self, one: &str, other: &str) -> (Actor, Actor) {
        let (first, second) = (self.next(one), self.next(other));
        let (one_of_them, other_of_them) =
            if first.name == one { (first, second) } else { (second, first) };
        assert_eq!((&*one_of_them.name, &*other_of_them.name), (one, other));
        (one_of_them, other_of_them)
    }

    fn next(&self, name: &str) -> Actor {
        let mut ready = [PollFd::new(&self.listener, PollFlags::IN)];
        assert_eq!(poll(&mut ready, Some(&seconds(PATIENCE))).unwrap(), 1, "{name} never came");
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = BufReader::new(stream);
        let mut hello = String::new();
        stream.read_line(&mut hello).unwrap();
        let (own, pid) = hello.trim().split_once(' ').unwrap();
        Actor { name: own.to_owned(), pid: pid.to_owned(), stream }
    }

    /// Whether somebody waits to enter.
    pub fn is_empty(&self) -> bool {
        let mut ready = [PollFd::new(&self.listener, PollFlags::IN)];
        poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 0
    }
}

/// A process of a service.
pub struct Actor {
    name: String,
    /// Its pid inside.
    pub pid: String,
    stream: BufReader<UnixStream>,
}

impl Actor {
    /// Tells it what to do: the words are those of `probe::act`. That it is dead is heard.
    pub fn order(&mut self, order: &str) {
        let _ = writeln!(self.stream.get_mut(), "{order}");
    }

    /// The next thing it says; `None` if it is dead.
    pub fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{} says nothing: {error}", self.name),
        }
    }

    /// Waits for these words, which are the next ones.
    pub fn says(&mut self, words: &str) {
        assert_eq!(self.hear().as_deref(), Some(words), "{}", self.name);
    }

    /// Tells it what to do, and waits until it is done.
    pub fn does(&mut self, order: &str) {
        self.order(order);
        self.says("done");
    }

    /// Waits for its death, without a word before.
    pub fn dies(&mut self) {
        assert_eq!(self.hear(), None, "{}", self.name);
    }
}
