//! The architectures, and what each of them needs on the host.

pub use compile::Architecture as Arch;

/// A virtual machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// QEMU's program.
    pub program: &'static str,
    /// What it is called with, before everything that changes from boot to boot.
    pub args: &'static [&'static str],
    /// The kernel's name for the first serial port.
    pub console: &'static str,
    /// The Debian package that depends on the current kernel.
    pub kernel_package: &'static str,
}

/// A Debian package, or the first of several that is to be had: names differ between releases.
pub type Need = &'static [&'static str];

/// Everything an architecture needs.
#[derive(Debug)]
pub struct Facts {
    /// As dpkg spells it.
    pub debian: &'static str,
    /// As rustc spells it.
    pub triple: &'static str,
    /// The program that links for it.
    pub linker: &'static str,
    /// Flags of rustc beside those that every architecture has.
    pub rust_flags: &'static [&'static str],
    /// Debian packages for building.
    pub build_needs: &'static [Need],
    /// Debian packages for running.
    pub run_needs: &'static [Need],
    /// The emulator; boards of the host's architecture run in namespaces instead.
    pub machine: Option<Machine>,
}

/// All of them.
pub const ALL: [Arch; 4] = [Arch::Armv7, Arch::Aarch64, Arch::Riscv64, Arch::X86_64];

/// What is known of an architecture.
pub fn facts(arch: Arch) -> &'static Facts {
    match arch {
        Arch::Armv7 => &ARMV7,
        Arch::Aarch64 => &AARCH64,
        Arch::Riscv64 => &RISCV64,
        Arch::X86_64 => &X86_64,
    }
}

static ARMV7: Facts = Facts {
    debian: "armhf",
    triple: "armv7-unknown-linux-gnueabihf",
    linker: "arm-linux-gnueabihf-gcc",
    // Thumb code is a third smaller than ARM code. rustc warns of it in each crate of the
    // workspace, at each build, and of nothing that clippy would not.
    rust_flags: &["-Ctarget-feature=+thumb-mode", "-Awarnings"],
    build_needs: &[&["gcc-arm-linux-gnueabihf"]],
    run_needs: &[&["qemu-system-arm"]],
    machine: Some(Machine {
        program: "qemu-system-arm",
        args: &["-machine", "virt", "-cpu", "cortex-a15"],
        console: "ttyAMA0",
        kernel_package: "linux-image-armmp",
    }),
};

static AARCH64: Facts = Facts {
    debian: "arm64",
    triple: "aarch64-unknown-linux-gnu",
    linker: "aarch64-linux-gnu-gcc",
    rust_flags: &[],
    build_needs: &[&["gcc-aarch64-linux-gnu"]],
    run_needs: &[&["qemu-system-arm"]],
    machine: Some(Machine {
        program: "qemu-system-aarch64",
        args: &["-machine", "virt", "-cpu", "cortex-a53"],
        console: "ttyAMA0",
        kernel_package: "linux-image-arm64",
    }),
};

static RISCV64: Facts = Facts {
    debian: "riscv64",
    triple: "riscv64gc-unknown-linux-gnu",
    linker: "riscv64-linux-gnu-gcc",
    rust_flags: &[],
    build_needs: &[&["gcc-riscv64-linux-gnu"]],
    run_needs: &[&["qemu-system-riscv", "qemu-system-misc"], &["opensbi"]],
    machine: Some(Machine {
        program: "qemu-system-riscv64",
        args: &["-machine", "virt"],
        console: "ttyS0",
        kernel_package: "linux-image-riscv64",
    }),
};

static X86_64: Facts = Facts {
    debian: "amd64",
    triple: "x86_64-unknown-linux-gnu",
    linker: "cc",
    // Here, and nowhere else, this is both smaller and faster than the profile's "z".
    rust_flags: &["-Copt-level=s"],
    build_needs: &[&["gcc"]],
    run_needs: &[],
    machine: None,
};

/// Debian packages that every board's image needs.
pub static IMAGE_NEEDS: &[Need] =
    &[&["xz-utils"], &["openssh-client"], &["debian-archive-keyring"]];
