//! Targets that are there without a file: systemd.special(7).

use unit::control::ShutdownKind;

/// Name and text. A file of the same name takes its place.
pub const BUILT_IN: &[(&str, &str)] = &[
    (
        "sysinit.target",
        "[Unit]\nDescription=System Initialization\nDefaultDependencies=no\n\
         Wants=local-fs.target\nAfter=local-fs.target\n",
    ),
    (
        "basic.target",
        "[Unit]\nDescription=Basic System\nDefaultDependencies=no\n\
         Requires=sysinit.target\nWants=sockets.target timers.target paths.target\n\
         After=sysinit.target sockets.target timers.target paths.target\n",
    ),
    (
        "multi-user.target",
        "[Unit]\nDescription=Multi-User System\n\
         Requires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n",
    ),
    (
        "graphical.target",
        "[Unit]\nDescription=Graphical Interface\n\
         Requires=multi-user.target\nAfter=multi-user.target\nAllowIsolate=yes\n",
    ),
    ("sockets.target", "[Unit]\nDescription=Socket Units\n"),
    ("timers.target", "[Unit]\nDescription=Timer Units\nDefaultDependencies=no\n"),
    ("paths.target", "[Unit]\nDescription=Path Units\nDefaultDependencies=no\n"),
    (
        "local-fs-pre.target",
        "[Unit]\nDescription=Preparation for Local File Systems\nDefaultDependencies=no\n",
    ),
    ("local-fs.target", "[Unit]\nDescription=Local File Systems\nDefaultDependencies=no\n"),
    (
        "remote-fs-pre.target",
        "[Unit]\nDescription=Preparation for Remote File Systems\nDefaultDependencies=no\n",
    ),
    ("swap.target", "[Unit]\nDescription=Swaps\nDefaultDependencies=no\n"),
    ("remote-fs.target", "[Unit]\nDescription=Remote File Systems\nDefaultDependencies=no\n"),
    ("network-pre.target", "[Unit]\nDescription=Preparation for Network\nDefaultDependencies=no\n"),
    (
        "network.target",
        "[Unit]\nDescription=Network\nAfter=network-pre.target\nDefaultDependencies=no\n",
    ),
    (
        "network-online.target",
        "[Unit]\nDescription=Network is Online\nAfter=network.target\nDefaultDependencies=no\n",
    ),
    (
        "nss-lookup.target",
        "[Unit]\nDescription=Host and Network Name Lookups\nDefaultDependencies=no\n",
    ),
    (
        "nss-user-lookup.target",
        "[Unit]\nDescription=User and Group Name Lookups\nDefaultDependencies=no\n",
    ),
    ("time-set.target", "[Unit]\nDescription=System Time Set\nDefaultDependencies=no\n"),
    ("time-sync.target", "[Unit]\nDescription=System Time Synchronized\nDefaultDependencies=no\n"),
    ("getty-pre.target", "[Unit]\nDescription=Preparation for Logins\nDefaultDependencies=no\n"),
    ("getty.target", "[Unit]\nDescription=Login Prompts\n"),
    ("shutdown.target", "[Unit]\nDescription=System Shutdown\nDefaultDependencies=no\n"),
    ("umount.target", "[Unit]\nDescription=Unmount All File Systems\nDefaultDependencies=no\n"),
    (
        "final.target",
        "[Unit]\nDescription=Late Shutdown\nDefaultDependencies=no\n\
         After=shutdown.target umount.target\n",
    ),
    ("reboot.target", END),
    ("poweroff.target", END),
    ("halt.target", END),
    ("kexec.target", END),
    // What the kernel's command line says of the root takes the place of what stands here.
    (
        "sysroot.mount",
        "[Unit]\nDescription=Root File System\nDefaultDependencies=no\n\
         Before=initrd-root-fs.target\n[Mount]\nWhat=/dev/root\nOptions=ro\n",
    ),
    (
        "initrd-root-fs.target",
        "[Unit]\nDescription=Root File System of an Initramfs\nDefaultDependencies=no\n\
         Requires=sysroot.mount\nAfter=sysroot.mount\n",
    ),
    (
        "initrd-switch-root.target",
        "[Unit]\nDescription=Real Root\nRequires=initrd-root-fs.target\n\
         After=initrd-root-fs.target\nAllowIsolate=yes\n",
    ),
];

/// How a board's run ends: all four are reached the same way.
const END: &str = "[Unit]\nDescription=End of the Run\nDefaultDependencies=no\n\
                   Requires=shutdown.target umount.target final.target\n\
                   After=shutdown.target umount.target final.target\n";

/// The end that starting a target brings about. That of an initramfs comes when all that the
/// target needs is up, the others before.
pub fn ends(name: &str) -> Option<ShutdownKind> {
    match name {
        "reboot.target" => Some(ShutdownKind::Reboot),
        "poweroff.target" => Some(ShutdownKind::Poweroff),
        "halt.target" => Some(ShutdownKind::Halt),
        "kexec.target" => Some(ShutdownKind::Kexec),
        "initrd-switch-root.target" => Some(ShutdownKind::SwitchRoot),
        _ => None,
    }
}

/// The four.
pub const ENDS: [&str; 4] = ["reboot.target", "poweroff.target", "halt.target", "kexec.target"];

/// With `EmergencyShell=`: the shell on the console, alone or with what `sysinit.target` needs.
/// When it ends the board goes on to its default target.
pub fn shell(name: &str, program: &str) -> Option<String> {
    let service = |description: &str, more: &str| {
        format!(
            "[Unit]\nDescription={description}\nDefaultDependencies=no\n{more}\
             [Service]\nExecStart=-/bin/sh -c \"{program}; exec pilotctl --no-block default\"\n\
             StandardInput=tty-force\nTimeoutStopSec=1s\n"
        )
    };
    let target = |description: &str, more: &str| {
        format!(
            "[Unit]\nDescription={description}\nDefaultDependencies=no\nAllowIsolate=yes\n{more}"
        )
    };
    let sysinit = "Requires=sysinit.target\nAfter=sysinit.target\n";
    Some(match name {
        "emergency.service" => service("Emergency Shell", "Conflicts=rescue.service\n"),
        "rescue.service" => service("Rescue Shell", sysinit),
        "emergency.target" => {
            // What waits for the system to be initialized does not start beside the shell.
            let more = "Requires=emergency.service\nAfter=emergency.service\n\
                        Conflicts=sysinit.target\n";
            target("Emergency Mode", more)
        }
        "rescue.target" => {
            let more = format!("{sysinit}Requires=rescue.service\nAfter=rescue.service\n");
            target("Rescue Mode", &more)
        }
        _ => return None,
    })
}

/// What a board with `EmergencyShell=` does when an early unit fails that others need.
pub const ON_EARLY_FAILURE: &str =
    "OnFailure=emergency.target\nOnFailureJobMode=replace-irreversibly\n";
/// The targets that say so.
pub const EARLY: [&str; 3] = ["sysinit.target", "local-fs.target", "initrd-root-fs.target"];

/// Where built-in units stand, in messages.
pub const FOLDER: &str = "built-in/";

/// Other names of targets: links that systemd brings along.
pub const ALIASES: &[(&str, &str)] = &[
    ("runlevel2.target", "multi-user.target"),
    ("runlevel3.target", "multi-user.target"),
    ("runlevel4.target", "multi-user.target"),
    ("runlevel5.target", "graphical.target"),
    ("runlevel0.target", "poweroff.target"),
    ("runlevel1.target", "rescue.target"),
    ("runlevel6.target", "reboot.target"),
    ("ctrl-alt-del.target", "reboot.target"),
];

/// Other names of systemd's that lead to nothing here; files checked on their own may use them.
pub const WELL_KNOWN: &[&str] = &[
    "bluetooth.target",
    "cryptsetup-pre.target",
    "cryptsetup.target",
    "emergency.target",
    "exit.target",
    "first-boot-complete.target",
    "hibernate.target",
    "hybrid-sleep.target",
    "initrd-fs.target",
    "initrd.target",
    "integritysetup.target",
    "kbrequest.target",
    "machines.target",
    "printer.target",
    "remote-cryptsetup.target",
    "rescue.target",
    "rpcbind.target",
    "sigpwr.target",
    "sleep.target",
    "smartcard.target",
    "sound.target",
    "suspend.target",
    "syslog.target",
    "system-update.target",
    "usb-gadget.target",
    "veritysetup.target",
    "dbus.socket",
    "dbus.service",
    "syslog.socket",
    "systemd-udevd.service",
    "systemd-modules-load.service",
    "systemd-sysctl.service",
    "systemd-tmpfiles-setup.service",
    "systemd-networkd.service",
    "systemd-resolved.service",
    "systemd-journald.service",
    "systemd-journald.socket",
    "systemd-user-sessions.service",
    "systemd-logind.service",
    "systemd-remount-fs.service",
    "systemd-random-seed.service",
    "systemd-timesyncd.service",
];

/// Targets that are reached on the way down. What they want is started then.
pub const AT_SHUTDOWN: &[&str] = &[
    "shutdown.target",
    "umount.target",
    "final.target",
    "reboot.target",
    "poweroff.target",
    "halt.target",
    "kexec.target",
];

/// Units of systemd's that are always there, on a board too: the root of the file systems, that
/// of the control groups, and PID 1.
pub const IS_THERE: &[&str] = &["-.mount", "-.slice", "system.slice", "init.scope"];

/// The text of a built-in target.
pub fn text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(each, _)| *each == name).map(|(_, text)| *text)
}
