//! Targets that are there without a file: systemd.special(7).

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
         Requires=basic.target\nAfter=basic.target\n",
    ),
    (
        "graphical.target",
        "[Unit]\nDescription=Graphical Interface\n\
         Requires=multi-user.target\nAfter=multi-user.target\n",
    ),
    ("sockets.target", "[Unit]\nDescription=Socket Units\n"),
    ("timers.target", "[Unit]\nDescription=Timer Units\nDefaultDependencies=no\n"),
    ("paths.target", "[Unit]\nDescription=Path Units\nDefaultDependencies=no\n"),
    (
        "local-fs-pre.target",
        "[Unit]\nDescription=Preparation for Local File Systems\nDefaultDependencies=no\n",
    ),
    ("local-fs.target", "[Unit]\nDescription=Local File Systems\nDefaultDependencies=no\n"),
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
    ("getty.target", "[Unit]\nDescription=Login Prompts\n"),
    ("shutdown.target", "[Unit]\nDescription=System Shutdown\nDefaultDependencies=no\n"),
];

/// Other names of targets: links that systemd brings along.
pub const ALIASES: &[(&str, &str)] = &[
    ("runlevel2.target", "multi-user.target"),
    ("runlevel3.target", "multi-user.target"),
    ("runlevel4.target", "multi-user.target"),
    ("runlevel5.target", "graphical.target"),
];

/// Other names of systemd's that lead to nothing here; files checked on their own may use them.
pub const WELL_KNOWN: &[&str] = &[
    "bluetooth.target",
    "cryptsetup-pre.target",
    "cryptsetup.target",
    "ctrl-alt-del.target",
    "emergency.target",
    "exit.target",
    "final.target",
    "first-boot-complete.target",
    "getty-pre.target",
    "halt.target",
    "hibernate.target",
    "hybrid-sleep.target",
    "initrd-fs.target",
    "initrd-root-fs.target",
    "initrd-switch-root.target",
    "initrd.target",
    "integritysetup.target",
    "kbrequest.target",
    "kexec.target",
    "machines.target",
    "poweroff.target",
    "printer.target",
    "reboot.target",
    "remote-cryptsetup.target",
    "remote-fs-pre.target",
    "rescue.target",
    "rpcbind.target",
    "sigpwr.target",
    "sleep.target",
    "smartcard.target",
    "sound.target",
    "suspend.target",
    "swap.target",
    "syslog.target",
    "system-update.target",
    "umount.target",
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

/// Targets that systemd reaches on the way down. Here a shutdown starts nothing.
pub const AT_SHUTDOWN: &[&str] = &[
    "shutdown.target",
    "umount.target",
    "final.target",
    "reboot.target",
    "poweroff.target",
    "halt.target",
    "kexec.target",
    "exit.target",
];

/// Units of systemd's that are always there, on a board too: the root of the file systems, that
/// of the control groups, and PID 1.
pub const IS_THERE: &[&str] = &["-.mount", "-.slice", "system.slice", "init.scope"];

/// The text of a built-in target.
pub fn text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(each, _)| *each == name).map(|(_, text)| *text)
}
