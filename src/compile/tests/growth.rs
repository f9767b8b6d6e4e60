//! Ten times the lines take about ten times the work, whatever stands in them. Time on the
//! processor is compared, so what else the machine does matters little.

use std::fs;

use compile::{BOARD_CONF, Source, check_sources, compile_sources};

/// Ten times as much may cost so many times as much; what is quadratic costs a hundred times.
const FACTOR_MAX: u64 = 25;
/// The clock ticks that coarsely, in nanoseconds.
const TICK: u64 = 60_000_000;

type Shape = (&'static str, usize, fn(usize) -> Vec<Source>);

const UNIT: &str = "[Service]\nExecStart=/bin/x\n";

fn file(path: String, text: String) -> Source {
    Source { path, text: text.into_bytes() }
}

/// `count` files by number.
fn each(count: usize, name: impl Fn(usize) -> (String, String)) -> Vec<Source> {
    (0..count).map(name).map(|(path, text)| file(path, text)).collect()
}

/// One service with `count` lines more.
fn lines(count: usize, line: impl Fn(usize) -> String) -> Vec<Source> {
    let lines: String = (0..count).map(line).collect();
    vec![file("a.service".into(), format!("{UNIT}{lines}"))]
}

const SHAPES: &[Shape] = &[
    ("services, each after the one before", 60, |count| {
        each(count, |n| {
            let before = n.saturating_sub(1);
            let head = format!("[Unit]\nAfter=s{before}.service\nWants=network.target\n");
            let head = if n == 0 { String::new() } else { head };
            let rest = "RestartSec=5\nEnvironment=A=1 B=2\n[Install]\nWantedBy=multi-user.target\n";
            (format!("s{n}.service"), format!("{head}{UNIT}{rest}"))
        })
    }),
    ("sockets with their services", 60, |count| {
        let sockets = each(count, |n| {
            let text =
                format!("[Socket]\nListenStream=/run/{n}\n[Install]\nWantedBy=sockets.target\n");
            (format!("s{n}.socket"), text)
        });
        let services = each(count, |n| (format!("s{n}.service"), UNIT.into()));
        [sockets, services].concat()
    }),
    ("templates that nothing uses", 100, |count| {
        let templates = each(count, |n| (format!("t{n}@.service"), UNIT.into()));
        [templates, each(count, |n| (format!("s{n}.service"), UNIT.into()))].concat()
    }),
    ("other names, and drop-ins", 60, |count| {
        let units = each(count, |n| {
            (format!("s{n}.service"), format!("{UNIT}[Install]\nAlias=a{n}.service\n"))
        });
        let drop_ins =
            each(count, |n| (format!("s{n}.service.d/1.conf"), "[Service]\nUMask=0022\n".into()));
        [units, drop_ins].concat()
    }),
    ("units that conflict in a ring", 60, |count| {
        each(count, |n| {
            let next = (n + 1) % count;
            (format!("s{n}.service"), format!("[Unit]\nConflicts=s{next}.service\n{UNIT}"))
        })
    }),
    ("services, each in slices of its own", 30, |count| {
        each(count, |n| {
            (format!("s{n}.service"), format!("{UNIT}MemoryLow=1M\nSlice=a{n}-b-c.slice\n"))
        })
    }),
    ("names that nobody knows", 40, |count| lines(count, |n| format!("Frob{n}=1\n"))),
    ("values that are wrong", 200, |count| lines(count, |n| format!("UMask={n}z\n"))),
    ("no assignments", 400, |count| lines(count, |_| "x\n".into())),
    ("sections", 400, |count| lines(count, |_| "[Service]\n".into())),
    ("variables", 400, |count| lines(count, |n| format!("Environment=A{n}=1\n"))),
    ("a line that goes on", 400, |count| {
        let words = "\\\n a ".repeat(count);
        vec![file("a.service".into(), format!("{UNIT}ExecStartPre=/bin/x {words}\n"))]
    }),
    ("one address again and again", 400, |count| {
        let text = format!("[Socket]\n{}", "ListenStream=80\n".repeat(count));
        vec![file("a.socket".into(), text), file("a.service".into(), UNIT.into())]
    }),
    ("addresses of one port", 800, |count| {
        let line = |n: usize| format!("ListenStream=10.0.{}.{}:80\n", n / 250, n % 250);
        let text = format!("[Socket]\n{}", (0..count).map(line).collect::<String>());
        vec![file("a.socket".into(), text), file("a.service".into(), UNIT.into())]
    }),
];

/// Nanoseconds that this thread has had the processor for: proc_pid_schedstat(5).
fn worked() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says so");
    text.split(' ').next().and_then(|word| word.parse().ok()).expect("a number")
}

fn cost(units: &[Source]) -> u64 {
    let conf = Source { path: BOARD_CONF.into(), text: Vec::new() };
    let begin = worked();
    for failure in [compile_sources(&conf, units).err(), check_sources(units).err()] {
        let _ = failure.map(|failure| failure.to_string());
    }
    worked() - begin
}

#[test]
fn work_grows_with_the_lines() {
    let mut wrong = Vec::new();
    for (what, count, shape) in SHAPES {
        let (few, many) = (cost(&shape(*count)), cost(&shape(10 * count)));
        println!("{what}: {} and {} us", few / 1000, many / 1000);
        if many > FACTOR_MAX * few + TICK {
            wrong.push(format!("{what}: {few} ns, and {many} ns for ten times as much"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
