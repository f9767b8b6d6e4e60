//! Where a service's view under `pilot` may differ from that under systemd, and why.

use std::collections::BTreeMap;

use crate::view::HEAD;

/// A difference: lines that only one of the two has. A line that ends in `…` stands for all that
/// begin so.
struct Difference {
    systemd: &'static [&'static str],
    pilot: &'static [&'static str],
    why: &'static str,
}

const ALLOWED: [Difference; 11] = [
    Difference {
        systemd: &["env JOURNAL_STREAM=(device:inode)"],
        pilot: &[],
        why: "there is no journal",
    },
    Difference {
        systemd: &[
            "fd 1: socket, domain 1, type 1, open, read and write",
            "fd 2: socket, domain 1, type 1, open, read and write",
        ],
        pilot: &["fd 1: /dev/null, read and write", "fd 2: /dev/null, read and write"],
        why: "output goes to the kernel's log, not to a journal; this test's world has neither",
    },
    Difference {
        systemd: &["fd 0: /dev/null, read"],
        pilot: &["fd 0: /dev/null, read and write"],
        why: "PID 1 has opened it once for all children, instead of each child for itself",
    },
    Difference {
        systemd: &["env LANG=C.UTF-8"],
        pilot: &[],
        why: "a board's C library need not know any locale; DefaultEnvironment= can name one",
    },
    Difference {
        systemd: &["env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"],
        pilot: &["env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        why: "not every board has merged /bin into /usr/bin, as Debian has",
    },
    Difference {
        systemd: &["env MEMORY_PRESSURE_WATCH=…", "env MEMORY_PRESSURE_WRITE=…"],
        pilot: &[],
        why: "control groups limit no memory here",
    },
    Difference {
        systemd: &["cgroup /system.slice/…"],
        pilot: &["cgroup /pilot/…"],
        why: "there are no slices: the groups of all units stand side by side",
    },
    Difference {
        systemd: &["Max core file size unlimited unlimited bytes"],
        pilot: &["Max core file size 0 unlimited bytes"],
        why: "nobody collects cores on a board: the kernel's own default does not fill its flash",
    },
    Difference {
        systemd: &["env NOTIFY_SOCKET=/run/systemd/notify"],
        pilot: &["env NOTIFY_SOCKET=/run/pilot/notify"],
        why: "whoever listens there is not systemd",
    },
    Difference {
        systemd: &["Max open files 107…", "Max locked memory 126…"],
        pilot: &["Max open files 1024 …", "Max locked memory 8388608 8388608 bytes"],
        why: "systemd lifts resource limits with a + command, though its manual speaks of rights",
    },
    Difference {
        systemd: &["Groups: 35"],
        pilot: &["Groups:"],
        why: "systemd leaves a + command that is root in the groups of User=",
    },
];

/// Compares two texts of all views: what differs and is not allowed, and what is allowed and does
/// not differ.
pub fn unexplained(systemd: &str, pilot: &str) -> Vec<String> {
    let mut unexplained = Vec::new();
    let mut used = [false; ALLOWED.len()];
    let (systemd, pilot) = (views(systemd), views(pilot));
    assert!(systemd.keys().eq(pilot.keys()), "the recording is of other services: record anew");
    for (name, theirs) in &systemd {
        let ours = &pilot[name];
        let mut check = |line: &str, side: &str, lines: fn(&Difference) -> &[&str]| {
            let allowed = ALLOWED.iter().position(|each| any_is(lines(each), line));
            match allowed {
                Some(place) => used[place] = true,
                None => unexplained.push(format!("{name}\n  only under {side}: {line}")),
            }
        };
        for line in theirs.iter().filter(|line| !ours.contains(line)) {
            check(line, "systemd", |difference| difference.systemd);
        }
        for line in ours.iter().filter(|line| !theirs.contains(line)) {
            check(line, "pilot", |difference| difference.pilot);
        }
    }
    for (difference, _) in ALLOWED.iter().zip(used).filter(|(_, used)| !used) {
        unexplained.push(format!("not a difference any more: {}", difference.why));
    }
    unexplained
}

fn any_is(patterns: &[&str], line: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('…') {
        Some(begin) => line.starts_with(begin),
        None => line == *pattern,
    })
}

/// The lines of each view, by its name.
fn views(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let views = text.split(HEAD).skip(1).map(|view| view.split_once('\n').unwrap());
    views.map(|(name, lines)| (name, lines.trim_end().lines().collect())).collect()
}
