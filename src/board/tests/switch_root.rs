//! From an initramfs to an ext4 disk, and what the kernel's command line says of the boot, on a
//! real kernel.
//!
//! These need an emulator: `cargo board test` runs them.

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::path::Path;

use pilot_board::conf::Board;
use pilot_board::image;
use pilot_board::state::State;
use support::Session;
use support::disk::Disk;

const ON_DISK: &str = "root=/dev/vda rootfstype=ext4";

/// A disk, and the board that finds it.
struct Boards {
    initramfs: &'static str,
    disk: Disk,
}

impl Boards {
    /// `initramfs` and `root` are folders beside this file.
    fn make(initramfs: &'static str, root: &str) -> Self {
        let state = State::take().unwrap_or_else(|failure| panic!("{failure}"));
        let root =
            image::folder(&state, &board(root)).unwrap_or_else(|failure| panic!("{failure}"));
        Self { initramfs, disk: Disk::filled_from(&root) }
    }

    /// Puts onto the disk what boots the initramfs: /vmlinuz and /initramfs.
    fn store_kernel(&self) {
        let state = State::take().unwrap_or_else(|failure| panic!("{failure}"));
        let image = image::build(&state, &board(self.initramfs));
        let image = image.unwrap_or_else(|failure| panic!("{failure}"));
        self.disk.put(&image.kernel.expect("the board is emulated"), "vmlinuz");
        self.disk.put(&image.rootfs, "initramfs");
    }

    fn boot(&self, words: &str) -> Session {
        Session::boot_with_words(&folder(self.initramfs), self.disk.path(), words)
    }
}

fn folder(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name).to_string_lossy().into_owned()
}

fn board(name: &str) -> Board {
    Board::read(Path::new(&folder(name))).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn the_real_root_is_moved_into_and_the_command_line_heeded() {
    let boards = Boards::make("initramfs", "root");
    all_comes_up_in_the_real_root(&boards);
    rescue_has_what_sysinit_needs_and_nothing_else(&boards);
    emergency_has_nothing_and_init_may_be_another(&boards);
    without_its_root_an_initramfs_has_a_shell(&boards);
}

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn on_riscv64_too() {
    all_comes_up_in_the_real_root(&Boards::make("initramfs-riscv64", "root-riscv64"));
}

/// Debian has what loads a kernel for armv7, and not for riscv64.
#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn a_kernel_that_was_loaded_takes_over() {
    let boards = Boards::make("initramfs", "root-kexec");
    boards.store_kernel();
    let mut board = boards.boot(&format!("{ON_DISK} rw"));
    board.expect("the board is up");
    // The kernel does not say how large it is when unpacked.
    board.type_line(
        "kexec -l /vmlinuz --image-size=67108864 --initrd=/initramfs \
         --command-line=\"$(cat /proc/cmdline) again=1\" && echo loaded-$((1 + 1))",
    );
    board.expect("loaded-2");
    board.type_line("pilotctl kexec");
    board.expect("kexec: now");
    board.expect("the board is up");
    board.type_line("echo again-$(grep -c again=1 /proc/cmdline)");
    board.expect("again-1");
    // The first kernel has left the disk in order, so that the second has nothing to mend.
    board.type_line("echo mounted-$(dmesg | grep -c 'EXT4-fs (vda): mounted')");
    board.expect("mounted-1");
    board.type_line("echo mended-$(dmesg | grep -c 'EXT4-fs (vda): recovery')");
    board.expect("mended-0");
    board.type_line("pilotctl poweroff");
    board.expect("power-off: now");
    board.ends_orderly();
    assert!(boards.disk.is_clean(), "{}", boards.disk.describe());
}

/// Its helpers have ended, its memory is free, and what its kernel gave it has moved along. What
/// is masked does not start; who ignores SIGTERM does not hold up the power-off. The root begins as
/// one that cannot be written to, and fstab has it mounted anew.
fn all_comes_up_in_the_real_root(boards: &Boards) {
    let mut board = boards.boot(&format!("{ON_DISK} ro"));
    board.expect("helper.service: running");
    board.expect("switch-root: now");
    board.expect("early.service: done");
    board.expect("the board is up");
    board.type_line("echo root-$(grep -c '^/dev/vda / ext4 rw,noatime' /proc/mounts)");
    board.expect("root-1");
    board.type_line("echo helpers-$(ps | grep -c 'busybox [s]leep')");
    board.expect("helpers-0");
    board.type_line("cat /proc/sys/kernel/hostname");
    board.type_line("pilotctl is-active stubborn.service; echo asked-$((1 + 1))");
    let said = board.expect("asked-2");
    assert!(said.contains("real-root") && said.contains("\nactive"), "{said}");
    board.type_line("pilotctl poweroff");
    board.expect("power-off: now");
    board.ends_orderly();
    assert!(boards.disk.is_clean(), "{}", boards.disk.describe());
    assert!(boards.disk.lines() > 0);
}

fn rescue_has_what_sysinit_needs_and_nothing_else(boards: &Boards) {
    let words = format!("{ON_DISK} rw rescue pilot.mask=stubborn.service");
    let mut board = boards.boot(&words);
    board.expect("switch-root: now");
    board.expect("early.service: done");
    board.expect("rescue.service: running");
    let said = board.ask("pilotctl is-active shell.service; echo asked-$((1 + 1))", "asked-2");
    assert!(said.contains("\ninactive"), "{said}");
    // The shell's end leads on; what was masked stays so.
    board.type_line("exit");
    board.expect("shell.service: running");
    let said = board.ask("pilotctl is-active stubborn.service; echo asked-$((1 + 2))", "asked-3");
    assert!(said.contains("\ninactive"), "{said}");
    // The kernel is told what the boot loader is to know.
    board.type_line("pilotctl start --no-block falls.service");
    board.expect("reboot: now");
    board.expect("Restarting system with command 'recovery'");
    board.ends_orderly();
    assert!(boards.disk.is_clean(), "{}", boards.disk.describe());
}

fn emergency_has_nothing_and_init_may_be_another(boards: &Boards) {
    let words = format!("{ON_DISK} rw emergency init=/usr/sbin/init");
    let mut board = boards.boot(&words);
    board.expect("switch-root: now");
    board.expect("emergency.service: running");
    let said = board.ask("pilotctl is-active early.service; echo asked-$((1 + 1))", "asked-2");
    assert!(said.contains("\ninactive"), "{said}");
    board.type_line("pilotctl poweroff");
    board.expect("power-off: now");
    board.ends_orderly();
}

/// It has no disk of that name, and says so at once.
fn without_its_root_an_initramfs_has_a_shell(boards: &Boards) {
    let mut board = boards.boot("root=UUID=0-0");
    board.expect("sysroot.mount: failed");
    board.expect("emergency.service: running");
    board.ask("pilotctl poweroff -f", "power-off: now");
    board.ends_orderly();
}
