//! How a board's run ends: by the signals of other inits, and by a fault of PID 1 itself.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::enter::Oddity;
use crate::stage::Stage;
use crate::world::World;

/// A signal to PID 1, what it says, and the signal the kernel ends the namespace with.
const SIGNALS: [(i32, &str, i32); 9] = [
    (libc::SIGINT, "reboot", libc::SIGHUP),
    (libc::SIGTERM, "reboot", libc::SIGHUP),
    (libc::SIGUSR1, "halt", libc::SIGINT),
    (libc::SIGUSR2, "power-off", libc::SIGINT),
    (libc::SIGPWR, "power-off", libc::SIGINT),
    // SIGRTMIN+3 and on, counted from where C libraries begin.
    (37, "halt", libc::SIGINT),
    (38, "power-off", libc::SIGINT),
    (39, "reboot", libc::SIGHUP),
    // There is no other kernel loaded to go on with.
    (40, "kexec", libc::SIGHUP),
];
/// SIGRTMIN+13 and on: the same without stopping anything.
const IMMEDIATE: [(i32, i32); 4] =
    [(47, libc::SIGINT), (48, libc::SIGINT), (49, libc::SIGHUP), (50, libc::SIGHUP)];
/// What the kernel raises when an instruction goes wrong.
const FAULTS: [i32; 7] = [
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGSEGV,
    libc::SIGSYS,
];

/// Every signal ends the board as it should, in order, or does nothing.
pub fn by_signal(pilot: &Path) {
    for (number, (signal, word, end)) in SIGNALS.into_iter().enumerate() {
        let mut world = World::start(pilot, &[]);
        if number == 0 {
            other_signals_do_nothing(&world);
        }
        let stage = Stage::new(&world);
        world.control(&["start", "kill-patient.service"]);
        let mut service = stage.enter("main");
        world.kill(signal);
        service.says("SIGTERM");
        world.wait_for_line(&format!("{word}: stopping units"));
        world.wait_for_line(&format!("{word}: leaving file systems"));
        world.wait_for_line(&format!("{word}: now"));
        assert_eq!(world.end(), Some(end), "{signal}");
        println!("test signals::{signal}_is_{word} ... ok");
    }
    for (signal, end) in IMMEDIATE {
        let mut world = World::start(pilot, &[]);
        world.kill(signal);
        assert_eq!(world.end(), Some(end), "{signal}");
        world.hear();
        assert!(!world.said.contains("stopping units"), "{}", world.said);
        println!("test signals::{signal}_is_immediate ... ok");
    }
}

fn other_signals_do_nothing(world: &World) {
    let ending = SIGNALS.map(|(signal, ..)| signal);
    let immediate = IMMEDIATE.map(|(signal, _)| signal);
    let spared = [&ending[..], &immediate, &FAULTS, &[libc::SIGKILL, libc::SIGSTOP]].concat();
    for signal in 1..=64 {
        if !spared.contains(&signal) {
            world.kill(signal);
        }
    }
    assert_ne!(world.ask("/run/serve.sock", "pid"), "");
    // A job would be refused by a board that ends.
    world.control(&["restart", "serve.service"]);
}

/// PID 1 says what is wrong with it, and the board reboots.
pub fn by_fault(pilot: &Path) {
    for signal in FAULTS {
        let mut world = World::start(pilot, &[]);
        world.kill(signal);
        gives_up(&mut world, &format!("fault: signal {signal}"));
    }
    println!("test faults::a_fault_is_told_of ... ok");
    let mut world = World::start(pilot, &[]);
    let place = break_instruction(world.pid);
    drop(world.connect("/run/serve.sock"));
    gives_up(&mut world, &format!("fault: signal 4 at {place:#x}"));
    println!("test faults::a_wrong_instruction_is_told_of ... ok");
    let mut world = World::begin(pilot, &[Oddity::Damaged]);
    gives_up(&mut world, "the unit table is damaged");
    println!("test faults::a_damaged_table_is_told_of ... ok");
}

fn gives_up(world: &mut World, why: &str) {
    world.wait_for_line("pilot: PID 1 is broken and gives up");
    world.wait_for_line(why);
    assert_eq!(world.end(), Some(libc::SIGHUP), "{why}");
}

/// Makes what PID 1 does after its present system call an instruction that there is none of, and
/// tells the place.
fn break_instruction(pid: u32) -> u64 {
    let call = std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap();
    let place = call.split_whitespace().last().unwrap().trim_start_matches("0x");
    let place = u64::from_str_radix(place, 16).unwrap();
    let mut memory: File = OpenOptions::new().write(true).open(format!("/proc/{pid}/mem")).unwrap();
    memory.seek(SeekFrom::Start(place)).unwrap();
    // ud2 of x86_64, the board's architecture.
    memory.write_all(&[0x0f, 0x0b]).unwrap();
    place
}
