//! A board that a test talks to: its console, its forwarded ports, its shell over ssh.

pub mod disk;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use pilot_board::arch::facts;
use pilot_board::conf::Board;
use pilot_board::image::{self, Image};
use pilot_board::machine::{ConsoleTo, Machine};
use pilot_board::ports::{self, Port};
use pilot_board::state::State;
use pilot_board::{fail, qemu};

/// How long anything may take before the test gives up: a bound for the case that something is
/// broken, not a measure. An emulated machine on a busy host is slow.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// How often a question is typed before it counts as never answered.
const QUESTIONS_MAX: u32 = 9;

/// A booted board.
pub struct Session {
    /// Its clients, for threads of their own.
    pub outside: Outside,
    machine: Machine,
    typing: File,
    console: Receiver<Vec<u8>>,
    seen: String,
    /// Commands that were run.
    runs: u32,
}

/// What clients on the host know of a board.
pub struct Outside {
    name: String,
    ports: Vec<Port>,
    ssh_key: PathBuf,
}

impl Deref for Session {
    type Target = Outside;

    fn deref(&self) -> &Outside {
        &self.outside
    }
}

/// What a command on the board said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub text: String,
}

impl Session {
    /// Builds and starts the board; what it says on its console is kept from the first byte on.
    pub fn boot(name: &str) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_board"));
        Self::boot_by(name, |board, image, ports| {
            Machine::start(board, image, ports, ConsoleTo::Program, program)
        })
    }

    /// The same for a board under QEMU that has a disk, whose contents are those of a file.
    pub fn boot_with_disk(name: &str, disk: &Path) -> Self {
        Self::boot_with_words(name, disk, "")
    }

    /// The same with more words on the kernel's command line.
    pub fn boot_with_words(name: &str, disk: &Path, words: &str) -> Self {
        Self::boot_by(name, |board, image, ports| {
            let machine = facts(board.arch).machine.expect("a board with a disk is emulated");
            let mut command = qemu::command(&machine, image, ports, words)?;
            let drive = format!("file={},if=none,format=raw,id=disk", disk.display());
            command.args(["-drive", &drive, "-device", "virtio-blk-device,drive=disk"]);
            Machine::emulate(command, ConsoleTo::Program)
        })
    }

    /// The same for a board under QEMU that has a keyboard.
    pub fn boot_with_keyboard(name: &str) -> Self {
        Self::boot_by(name, |board, image, ports| {
            let machine = facts(board.arch).machine.expect("a board with a keyboard is emulated");
            let mut command = qemu::command(&machine, image, ports, "")?;
            // Linux wants the standard's form of it, and QEMU has an older one if not asked.
            command.args(["-global", "virtio-mmio.force-legacy=false"]);
            command.args(["-device", "virtio-keyboard-device"]);
            Machine::emulate(command, ConsoleTo::Program)
        })
    }

    fn boot_by(
        name: &str,
        start: impl FnOnce(&Board, &Image, &[Port]) -> fail::Result<Machine>,
    ) -> Self {
        let board = Board::find(name).unwrap_or_else(|failure| panic!("{failure}"));
        let state = State::take().unwrap_or_else(|failure| panic!("{failure}"));
        let image = image::build(&state, &board).unwrap_or_else(|failure| panic!("{failure}"));
        drop(state);
        let ports = ports::choose(&board.conf.forward, false).unwrap();
        let mut machine =
            start(&board, &image, &ports).unwrap_or_else(|failure| panic!("{failure}"));
        let (mut from, typing) = machine.console.take().expect("the console is ours");
        let (sender, console) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let outside = Outside { name: name.to_owned(), ports, ssh_key: image.ssh_key };
        Self { outside, machine, typing, console, seen: String::new(), runs: 0 }
    }

    /// Waits until the console has said `text` after what was waited for before; gives all that
    /// came up to it.
    pub fn expect(&mut self, text: &str) -> String {
        self.heard(text, PATIENCE).unwrap_or_else(|| self.never_said(text))
    }

    fn never_said(&self, text: &str) -> ! {
        panic!("{} never said {text:?}; instead:\n{}", self.name, self.seen)
    }

    fn heard(&mut self, text: &str, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return Some(std::mem::replace(&mut self.seen, rest));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let bytes = self.console.recv_timeout(left).ok()?;
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    /// Types a line to a shell that may only be coming, as who sits there would: what is typed
    /// while its terminal is put in order is lost, so that it is typed again. Gives what came up
    /// to the answer.
    pub fn ask(&mut self, line: &str, answer: &str) -> String {
        for _ in 0..QUESTIONS_MAX {
            self.type_line(line);
            if let Some(said) = self.heard(answer, PATIENCE / QUESTIONS_MAX) {
                return said;
            }
        }
        self.never_said(answer)
    }

    /// Types a line on the console.
    pub fn type_line(&mut self, line: &str) {
        writeln!(self.typing, "{line}").unwrap();
    }

    /// Presses the keys of a text, one after the other, by QEMU's monitor.
    pub fn press(&mut self, text: &str) {
        // Ctrl-A C: what is typed goes to the monitor, and to the console again.
        const SWITCH: &str = "\x01c";
        let mut line = SWITCH.to_owned();
        for letter in text.chars() {
            let key = match letter {
                '\n' => "ret".to_owned(),
                ' ' => "spc".to_owned(),
                '/' => "slash".to_owned(),
                letter => letter.to_string(),
            };
            line += &format!("sendkey {key} 1\n");
        }
        write!(self.typing, "{line}{SWITCH}").unwrap();
    }

    /// Runs a command in the shell on the console, and gives the lines that it said, without those
    /// of PID 1.
    pub fn run(&mut self, command: &str) -> String {
        self.runs += 1;
        let number = self.runs;
        // The line that is typed is seen, too: the numbers stand in it as sums.
        let line = format!("echo began-$((0 + {number})); {command}; echo ended-$((0 + {number}))");
        self.type_line(&line);
        self.expect(&format!("began-{number}\r\n"));
        let end = format!("ended-{number}\r\n");
        let said = self.expect(&end);
        let of_command = |line: &&str| !line.starts_with('[');
        let lines = said.strip_suffix(&end).unwrap_or(&said).lines();
        lines.filter(of_command).collect::<Vec<_>>().join("\n")
    }

    /// Waits until a unit has that value of a property, by a script on the board.
    pub fn until(&mut self, unit: &str, property: &str, value: &str) {
        self.run(&format!("await {unit} {property} \"{value}\""));
    }

    /// Waits for the board to end by itself, as it should after power-off and reboot.
    pub fn ends_orderly(mut self) {
        let status = self.machine.wait().unwrap();
        assert!(self.machine.is_orderly(status), "{} ended with {status}", self.name);
    }
}

impl Outside {
    /// The host's port of a forward.
    pub fn port(&self, name: &str) -> u16 {
        let port = self.ports.iter().find(|port| port.forward.name == name);
        port.unwrap_or_else(|| panic!("{} forwards no {name}", self.name)).host
    }

    /// A connection to a forward.
    pub fn connect(&self, name: &str) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port(name))).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes, then the end of the data, and reads to the end of the answer.
    pub fn exchange(&self, name: &str, question: &str) -> String {
        let mut stream = self.connect(name);
        stream.write_all(question.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks the web server for its first page.
    pub fn get(&self) -> String {
        let mut stream = self.connect("http");
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks for a file as tftp(1) does, RFC 1350: for one of a single block.
    pub fn tftp(&self, file: &str) -> String {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!("\0\u{1}{file}\0octet\0");
        let port = self.port("tftp");
        socket.send_to(request.as_bytes(), (Ipv4Addr::LOCALHOST, port)).unwrap();
        let mut block = [0; 516];
        let (length, from) = socket.recv_from(&mut block).unwrap();
        assert_eq!(block[..4], [0, 3, 0, 1], "no first block: {}", block[..length].escape_ascii());
        socket.send_to(&[0, 4, 0, 1], from).unwrap();
        String::from_utf8_lossy(&block[4..length]).into_owned()
    }

    /// Runs a command on the board over ssh.
    pub fn ssh(&self, command: &str) -> Said {
        let output = Command::new("ssh")
            .args(ports::ssh_options(&self.ssh_key))
            .args(["-oBatchMode=yes", "-p", &self.port("ssh").to_string(), "root@127.0.0.1"])
            .arg(command)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let code = output.status.code().unwrap_or(-1);
        assert_ne!(code, 255, "ssh itself failed on {}: {errors}", self.name);
        Said { code, text }
    }

    /// What `pilotctl` says about one property of a unit.
    pub fn property(&self, unit: &str, property: &str) -> String {
        let said = self.ssh(&format!("pilotctl show --value --property={property} {unit}"));
        assert_eq!(said.code, 0, "{said:?}");
        said.text.trim().to_owned()
    }
}
