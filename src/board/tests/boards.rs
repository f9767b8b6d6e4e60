//! Every demo board, booted and used from outside as its users would.
//!
//! These need an emulator or the right to make namespaces, so plain `cargo test` leaves them out;
//! `cargo board test` sets the machine up and runs them.

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;

use pilot_board::conf::Board;
use pilot_board::image;
use pilot_board::state::State;
use support::disk::Disk;
use support::{Outside, Session};

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn armv7() {
    use_board("qemu-armv7");
}

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn aarch64() {
    use_board("qemu-aarch64");
}

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn riscv64() {
    use_board("qemu-riscv64");
}

#[test]
#[ignore = "makes namespaces; `cargo board test` runs it"]
fn x86_64_in_namespaces() {
    use_board("host-x86_64");
}

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn a_reboot_ends_the_machine_too() {
    let mut board = Session::boot("qemu-armv7");
    board.expect("the board is up");
    board.type_line("reboot");
    board.ends_orderly();
}

#[test]
#[ignore = "makes namespaces; `cargo board test` runs it"]
fn a_reboot_in_namespaces_ends_them() {
    let mut board = Session::boot("host-x86_64");
    board.expect("the board is up");
    board.type_line("reboot");
    board.ends_orderly();
}

/// In order, by force, after a power cut, and by the signal that asks for a reboot.
#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn a_disk_is_left_clean() {
    let name = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/disk");
    let disk = Disk::make();
    // In order, with its units; without them, so that PID 1 itself still holds a node on it.
    for command in ["pilotctl poweroff", "pilotctl poweroff -f"] {
        let mut board = Session::boot_with_disk(name, disk.path());
        let lines = write_lines(&mut board);
        swap_to_a_file(&mut board);
        board.type_line(command);
        board.expect("power-off: now");
        board.ends_orderly();
        assert!(disk.is_clean(), "{command}: {}", disk.describe());
        assert!(disk.lines() >= lines, "{command}: {} of {lines}", disk.lines());
    }
    // The plug is pulled; what was synced before is there again after the next boot.
    let mut board = Session::boot_with_disk(name, disk.path());
    let lines = write_lines(&mut board);
    drop(board);
    assert!(!disk.is_clean(), "{}", disk.describe());
    let mut board = Session::boot_with_disk(name, disk.path());
    assert!(write_lines(&mut board) >= lines);
    // What the kernel makes of Ctrl-Alt-Del.
    board.type_line("kill -INT 1");
    board.expect("reboot: now");
    board.ends_orderly();
    assert!(disk.is_clean(), "{}", disk.describe());
    let mut board = Session::boot_with_disk(name, disk.path());
    write_lines(&mut board);
    freeze_who_writes(&mut board);
    board.type_line("pilotctl poweroff");
    board.expect("power-off: now");
    board.ends_orderly();
}

/// A service waits for the disk, and not even SIGKILL ends that: it holds up a shutdown for its
/// deadlines, no longer.
fn freeze_who_writes(board: &mut Session) {
    board.type_line("fsfreeze --freeze /data; writer=$(pilotctl show --value -p MainPID writer)");
    board.type_line("until grep 'State:.D' /proc/$writer/status; do sleep 1; done");
    board.expect("State:\tD");
}

/// Which has to be undone before the disk can be left.
fn swap_to_a_file(board: &mut Session) {
    board.type_line("dd if=/dev/zero of=/data/area bs=64k count=16; chmod 600 /data/area");
    board.type_line("busybox mkswap /data/area; pilotctl start data-area.swap; cat /proc/swaps");
    board.expect("data-area.swap: in use");
}

/// How many lines are on the disk for good.
fn write_lines(board: &mut Session) -> usize {
    board.expect("the board is up");
    // The device appears when its driver has found it, not when that is loaded.
    board.type_line("until grep -q line /data/log; do sleep 1; done; sync; wc -l /data/log");
    board.expect("wc -l /data/log");
    let said = board.expect(" /data/log");
    said.split_whitespace().nth_back(1).unwrap().parse().unwrap()
}

/// What a board gives up for its init, in bytes, stripped and with every role. It only goes down,
/// unless a feature is worth what it costs.
const ARMV7_MOST_BYTES: u64 = 96 * 1024;

#[test]
#[ignore = "builds for a board; `cargo board test` runs it"]
fn pilot_stays_small_and_can_be_executed() {
    let board = Board::find("qemu-armv7").unwrap();
    let pilot = image::pilot(&State::take().unwrap(), &board).unwrap();
    let pilot = std::fs::metadata(pilot).unwrap();
    assert_eq!(pilot.permissions().mode() & 0o777, 0o755);
    let bytes = pilot.len();
    assert!(bytes <= ARMV7_MOST_BYTES, "{bytes} bytes; see `cargo board size qemu-armv7`");
}

/// What a child leaves behind that has needed more stack than it has: the program finds that it is
/// broken, and its last line leads to the source.
#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn an_epitaph_leads_to_the_source() {
    const BOARD: &str = "qemu-armv7";
    let mut board = Session::boot(BOARD);
    board.expect("the board is up");
    overwrite_canaries(&board);
    drop(board.connect("echo"));
    board.expect("PID 1 is broken and gives up");
    board.expect("fault: signal 4 at ");
    let address = board.expect(": see cargo board place");
    board.ends_orderly();
    let place = |address: &str| {
        let program = env!("CARGO_BIN_EXE_board");
        let output = Command::new(program).args(["place", BOARD, address]).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let said = place(address.split(':').next().unwrap());
    assert!(said.starts_with("src/sys/child.rs:"), "{said}");
    assert!(said.contains("a child's stack overflowed"), "{said}");
    let said = place("0x10");
    assert!(said.contains("error: there is no code at 0x10 in the pilot of qemu-armv7"), "{said}");
}

/// Each canary of PID 1's is no more what it was.
fn overwrite_canaries(board: &Outside) {
    const PAGE: u32 = 4096;
    const CANARY: &str = "6b6f5f746f6c6970";
    // Where what is written lies: a program at a fixed address, of few pages.
    let areas =
        board.ssh("sed -n 's/^\\(000[0-9a-f]*\\)-\\([0-9a-f]*\\) rw.*/\\1 \\2/p' /proc/1/maps");
    let mut command = String::new();
    for area in areas.text.lines() {
        let (start, end) = area.split_once(' ').unwrap();
        let [start, end] = [start, end].map(|at| u32::from_str_radix(at, 16).unwrap());
        let (skip, count) = (start / PAGE, (end - start) / PAGE);
        let bytes = board.ssh(&format!(
            "dd if=/proc/1/mem bs={PAGE} skip={skip} count={count} | hexdump -v -e '1/1 \"%02x\"'"
        ));
        for (at, _) in bytes.text.match_indices(CANARY) {
            let at = start + at as u32 / 2;
            command += &format!("printf x | dd of=/proc/1/mem bs=1 seek={at} conv=notrunc; ");
        }
    }
    assert!(!command.is_empty(), "{areas:?}");
    assert_eq!(board.ssh(&command).code, 0);
}

/// One boot, and everything that can be seen of it from outside.
fn use_board(name: &str) {
    let mut board = Session::boot(name);
    sockets_are_there_before_services(&mut board);
    a_key_opens_the_shell(&board);
    http_starts_on_demand(&board);
    every_connection_has_a_process(&board);
    a_datagram_starts_the_file_server(&board);
    a_local_client_is_served(&board);
    a_service_says_when_it_is_ready(&mut board);
    nobody_is_refused_while_a_service_dies(&mut board);
    nobody_is_refused_while_a_service_restarts(&board);
    the_shell_on_the_console_comes_back(&mut board);
    board.type_line("poweroff");
    board.expect("power-off: now");
    board.ends_orderly();
}

fn sockets_are_there_before_services(board: &mut Session) {
    let before = board.expect("sockets.target: reached");
    assert!(!before.contains("service: running"), "{before}");
    board.expect("the board is up");
}

fn a_key_opens_the_shell(board: &Outside) {
    let said = board.ssh("echo $((6 * 7)); exit 3");
    assert_eq!((said.code, said.text.trim()), (3, "42"));
}

fn http_starts_on_demand(board: &Outside) {
    assert_eq!(board.ssh("pilotctl is-active http.service").text.trim(), "inactive");
    let page = board.get();
    assert!(page.starts_with("HTTP/1.0 200"), "{page}");
    assert!(page.contains("lighttpd was started by your request"), "{page}");
    assert_eq!(board.ssh("pilotctl is-active http.service").text.trim(), "active");
    let sockets = board.ssh("pilotctl list-sockets").text;
    assert!(sockets.contains("[::]:80"), "{sockets}");
}

fn every_connection_has_a_process(board: &Outside) {
    let accepted: u32 = board.property("echo.socket", "NAccepted").parse().unwrap();
    let mut streams: Vec<_> = (0..3).map(|_| board.connect("echo")).collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        let line = format!("line {number}\n");
        stream.write_all(line.as_bytes()).unwrap();
        let mut back = vec![0; line.len()];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, line.as_bytes());
    }
    assert_eq!(board.property("echo.socket", "NConnections"), "3");
    assert_eq!(board.property("echo.socket", "NAccepted"), (accepted + 3).to_string());
    drop(streams);
    let date = board.exchange("date", "");
    assert!(date.contains(':') && date.ends_with('\n'), "{date:?}");
}

fn a_datagram_starts_the_file_server(board: &Outside) {
    assert_eq!(board.ssh("pilotctl is-active tftp.service").text.trim(), "inactive");
    assert!(board.tftp("motd").starts_with("Pilotlight holds the sockets"));
    assert_eq!(board.ssh("pilotctl is-active tftp.service").text.trim(), "active");
}

fn a_local_client_is_served(board: &Outside) {
    let said = board.ssh("nc.openbsd -N -U /run/uptime.sock < /dev/null");
    assert!(said.text.contains("load average"), "{said:?}");
}

fn a_service_says_when_it_is_ready(board: &mut Session) {
    assert_eq!(board.property("redis.service", "ActiveState"), "active");
    assert_eq!(board.exchange("redis", "PING\r\nQUIT\r\n"), "+PONG\r\n+OK\r\n");
    let pid = board.property("redis.service", "MainPID");
    assert_eq!(board.ssh(&format!("kill -KILL {pid}")).code, 0);
    board.expect("redis.service: running");
    assert_ne!(board.property("redis.service", "MainPID"), pid);
    assert_eq!(board.exchange("redis", "PING\r\nQUIT\r\n"), "+PONG\r\n+OK\r\n");
}

/// The listener is PID 1's: who connects after a crash waits for the next process.
fn nobody_is_refused_while_a_service_dies(board: &mut Session) {
    for _ in 0..3 {
        let pid = board.property("http.service", "MainPID");
        assert_eq!(board.ssh("pilotctl kill --signal=KILL http.service").code, 0);
        assert!(board.get().starts_with("HTTP/1.0 200"));
        assert_ne!(board.property("http.service", "MainPID"), pid);
    }
}

fn nobody_is_refused_while_a_service_restarts(board: &Outside) {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..25).filter(|_| board.get().contains(" 200 ")).count()))
            .collect();
        assert_eq!(board.ssh("pilotctl restart http.service").code, 0);
        for client in clients {
            assert_eq!(client.join().unwrap(), 25);
        }
    });
}

fn the_shell_on_the_console_comes_back(board: &mut Session) {
    board.type_line("echo first-$((20 + 3))");
    board.expect("first-23");
    board.type_line("exit");
    // What the new shell says: a line of PID 1's is dropped if the shell is writing just then.
    board.expect("starts when somebody connects.");
    board.type_line("echo second-$((20 + 4))");
    board.expect("second-24");
}
