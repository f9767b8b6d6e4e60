//! `pilot`: one program, several roles. Process 1 is always the init role; any other is chosen
//! by the name it is called by.
#![no_std]
#![no_main]

use core::ffi::CStr;
use core::panic::PanicInfo;

use pilotlight::sys::start::Args;
use pilotlight::sys::{fatal, fd, signal};
use pilotlight::{ctl, features, logger, run, table};
use rustix::process::{Pid, getpid};

pilotlight::entry!(main);

fn main(args: Args) -> u8 {
    signal::tell_of_faults();
    let mut args = args.iter();
    let path = args.next().unwrap_or_default().to_bytes();
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let name = core::str::from_utf8(name).unwrap_or_default();
    if getpid() != Pid::INIT && ctl::NAMES.contains(&name) {
        return control(name, &mut args);
    }
    if features::LOG && getpid() != Pid::INIT && name == logger::NAME {
        return logger::main();
    }
    run::init()
}

// A role's buffers are no business of the others' stacks.
#[inline(never)]
fn control(name: &str, args: &mut dyn Iterator<Item = &'static CStr>) -> u8 {
    let table = table::open().unwrap_or_else(|error| panic!("the unit table {error}"));
    ctl::main(name, args, table, fd::number(1), fd::number(2))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    fatal::panic(info)
}
