//! Random boards, as unit text: what the simulation boots.

use std::fmt::Write as _;

use crate::prng::Prng;

/// A unit file.
pub struct File {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Text of `board.conf`. An initramfs ends its run by itself.
pub fn conf(prng: &mut Prng) -> String {
    let mut text = String::from("[Board]\nArchitecture=x86_64\nHostname=sim\n");
    if prng.chance(10) {
        writeln!(text, "DefaultTarget={INITRAMFS}").unwrap();
    }
    text.push_str(
        "[Manager]\nShutdownTimeoutSec=20s\nDefaultTimeoutStopSec=5s\n\
         DefaultTimeoutStartSec=10s\n",
    );
    if prng.chance(40) {
        writeln!(text, "ParallelStarts={}", 1 + prng.below(2)).unwrap();
    }
    if prng.chance(40) {
        text.push_str("EmergencyShell=/bin/sh\n");
    }
    text
}

const INITRAMFS: &str = "initrd-switch-root.target";

/// What services and sockets lie in.
const SLICES: [&str; 4] = ["-.slice", "system.slice", "a.slice", "a-b.slice"];

/// What a unit may say of another.
const EDGES: [&str; 15] = [
    "After",
    "Requires",
    "Wants",
    "Conflicts",
    "Requisite",
    "BindsTo",
    "PartOf",
    "Upholds",
    "OnFailure",
    "OnSuccess",
    "PropagatesStopTo",
    "StopPropagatedFrom",
    "PropagatesReloadTo",
    "ReloadPropagatedFrom",
    "Before",
];

/// Makes up a board of a handful of units.
pub fn random(prng: &mut Prng) -> Vec<File> {
    let services = 1 + prng.below(5);
    let mut files = Vec::new();
    for place in ["mnt", "mnt-a", "mnt-b"] {
        if prng.chance(25) {
            files.push(mount(prng, place));
        }
    }
    for (name, what) in [("dev-sda2", "/dev/sda2"), ("mnt-a-swap", "/mnt/a/swap")] {
        if prng.chance(10) {
            files.push(swap(prng, name, what));
        }
    }
    for number in 0..services {
        let has_socket = prng.chance(60);
        let accept = has_socket && prng.chance(40);
        if has_socket {
            files.push(socket(prng, number, accept));
        }
        files.push(service(prng, number, has_socket, accept));
        if !accept && prng.chance(40) {
            files.push(timer(prng, number));
        }
        if !accept && prng.chance(30) {
            files.push(path(prng, number));
        }
    }
    files
}

fn mount(prng: &mut Prng, place: &str) -> File {
    let mut text = String::from("[Unit]\n");
    if prng.chance(20) {
        text.push_str("ConditionPathExists=/d\n");
    }
    text.push_str("[Mount]\nWhat=/dev/x\n");
    writeln!(text, "TimeoutSec={}", prng.pick(&["0", "1s", "5s"])).unwrap();
    if prng.chance(60) {
        text.push_str("[Install]\nWantedBy=local-fs.target\n");
    }
    File { name: format!("{place}.mount"), text }
}

fn swap(prng: &mut Prng, name: &str, what: &str) -> File {
    let timeout = prng.pick(&["0", "1s", "5s"]);
    let mut text = format!("[Swap]\nWhat={what}\nPriority=3\nTimeoutSec={timeout}\n");
    if prng.chance(60) {
        text.push_str("[Install]\nRequiredBy=swap.target\n");
    }
    File { name: format!("{name}.swap"), text }
}

fn socket(prng: &mut Prng, number: usize, accept: bool) -> File {
    let mut text = String::new();
    if prng.chance(10) {
        text.push_str("[Unit]\nConditionPathExists=/c\n");
    }
    text.push_str("[Socket]\n");
    for listener in 0..1 + prng.below(2) {
        writeln!(text, "ListenStream=127.0.0.1:{}", 1000 + number * 10 + listener).unwrap();
    }
    if accept {
        text.push_str("Accept=yes\n");
        writeln!(text, "MaxConnections={}", 1 + prng.below(4)).unwrap();
        if prng.chance(50) {
            writeln!(text, "MaxConnectionsPerSource={}", 1 + prng.below(2)).unwrap();
        }
    }
    if !accept && prng.chance(20) {
        text.push_str("FlushPending=yes\n");
    }
    if prng.chance(40) {
        writeln!(text, "TriggerLimitIntervalSec=1s\nTriggerLimitBurst={}", 1 + prng.below(4))
            .unwrap();
    }
    if prng.chance(40) {
        writeln!(text, "PollLimitIntervalSec=1s\nPollLimitBurst={}", 1 + prng.below(4)).unwrap();
    }
    for list in ["StartPre", "StartPost", "StopPre", "StopPost"] {
        if prng.chance(15) {
            writeln!(text, "Exec{list}={}/bin/{list}", prng.pick(&["", "-"])).unwrap();
        }
    }
    if prng.chance(10) {
        writeln!(text, "Slice={}", prng.pick(&SLICES)).unwrap();
    }
    text.push_str("[Install]\nWantedBy=sockets.target\n");
    File { name: format!("s{number}.socket"), text }
}

fn path(prng: &mut Prng, number: usize) -> File {
    let mut text = String::from("[Path]\n");
    for place in 0..1 + prng.below(3) {
        let key = prng.pick(&["PathExists", "PathChanged", "PathModified", "DirectoryNotEmpty"]);
        writeln!(text, "{key}=/w/{place}").unwrap();
    }
    if prng.chance(60) {
        let (interval, burst) = (prng.pick(&["100ms", "2s", "1min"]), prng.below(4));
        writeln!(text, "TriggerLimitIntervalSec={interval}\nTriggerLimitBurst={burst}").unwrap();
    }
    text.push_str("[Install]\nWantedBy=paths.target\n");
    File { name: format!("s{number}.path"), text }
}

fn timer(prng: &mut Prng, number: usize) -> File {
    let mut text = String::from("[Timer]\n");
    for _ in 0..1 + prng.below(3) {
        let key = prng.pick(&["Boot", "Startup", "Active", "UnitActive", "UnitInactive"]);
        writeln!(text, "On{key}Sec={}", prng.pick(&["0", "1ms", "300ms", "2s", "1min"])).unwrap();
    }
    if prng.chance(50) {
        let event = prng.pick(&["*:*:0/10", "*:*:05.5", "minutely", "daily", "Sun *-*-* 03:00"]);
        writeln!(text, "OnCalendar={event}").unwrap();
    }
    writeln!(text, "AccuracySec={}", prng.pick(&["1us", "100ms", "2s", "1min"])).unwrap();
    for (percent, line) in [
        (20, "RandomizedDelaySec=1s"),
        (20, "FixedRandomDelay=yes"),
        (30, "RemainAfterElapse=no"),
        (10, "OnClockChange=yes"),
        (20, "DeferReactivation=yes"),
        (30, "Persistent=yes"),
    ] {
        if prng.chance(percent) {
            writeln!(text, "{line}").unwrap();
        }
    }
    text.push_str("[Install]\nWantedBy=timers.target\n");
    File { name: format!("s{number}.timer"), text }
}

fn service(prng: &mut Prng, number: usize, has_socket: bool, accept: bool) -> File {
    let mut text = String::from("[Unit]\n");
    if number > 0 && !accept && prng.chance(50) {
        let other = prng.below(number);
        let edge = prng.pick(&EDGES);
        writeln!(text, "{edge}=x{other}.target").unwrap();
        if *edge != "Before" && prng.chance(50) {
            writeln!(text, "After=x{other}.target").unwrap();
        }
    }
    for (percent, line) in [
        (10, "StopWhenUnneeded=yes"),
        (10, "IgnoreOnIsolate=yes"),
        (10, "RefuseManualStop=yes"),
        (10, "AllowIsolate=yes"),
        (10, "JobTimeoutSec=3s"),
        (10, "JobRunningTimeoutSec=1s"),
        (10, "OnFailureJobMode=isolate\nOnSuccessJobMode=replace-irreversibly"),
    ] {
        if prng.chance(percent) {
            writeln!(text, "{line}").unwrap();
        }
    }
    if !accept && prng.chance(20) {
        writeln!(text, "ConditionPathExists=/a\nAssertPathExists=|/b").unwrap();
    }
    if prng.chance(20) {
        writeln!(text, "RequiresMountsFor={}", prng.pick(&["/mnt/a/x", "/mnt/b", "/etc"])).unwrap();
    }
    writeln!(text, "[Service]\nExecStart=/bin/s{number}").unwrap();
    if prng.chance(20) {
        let limits = if accept { "" } else { "MemoryMax=20%\nTasksMax=9\n" };
        write!(text, "Slice={}\n{limits}", prng.pick(&SLICES)).unwrap();
    }
    if accept {
        writeln!(text, "StandardInput=socket").unwrap();
        if prng.chance(50) {
            writeln!(text, "KillMode={}", prng.pick(&["control-group", "process", "mixed"]))
                .unwrap();
        }
        return File { name: format!("s{number}@.service"), text };
    }
    let type_ =
        *prng.pick(&["simple", "exec", "oneshot", "notify", "notify-reload", "forking", "idle"]);
    writeln!(text, "Type={type_}").unwrap();
    let restarts: &[&str] = if type_ == "oneshot" {
        &["no", "on-failure", "on-abnormal"]
    } else {
        &["no", "always", "on-success", "on-failure", "on-abnormal", "on-abort"]
    };
    writeln!(text, "Restart={}", prng.pick(restarts)).unwrap();
    writeln!(text, "RestartSec={}", prng.pick(&["0", "100ms", "3s"])).unwrap();
    writeln!(text, "KillMode={}", prng.pick(&["control-group", "process", "mixed", "none"]))
        .unwrap();
    for (percent, line) in [
        (40, "ExecStartPre=/bin/pre"),
        (30, "ExecStop=/bin/stop $MAINPID"),
        (40, "ExecReload=/bin/reload $MAINPID"),
        (20, "StartLimitIntervalSec=2s\nStartLimitBurst=2"),
        (10, "TimeoutStopSec=infinity"),
        (15, "ExecCondition=/bin/may"),
        (20, "ExecStartPost=/bin/post"),
        (20, "ExecReloadPost=-/bin/reloaded"),
        (25, "ExecStopPost=/bin/clean"),
        (15, "RuntimeMaxSec=4s\nRuntimeRandomizedExtraSec=3s"),
        (15, "WatchdogSec=3s"),
        (20, "NotifyAccess=exec"),
        (20, "NotifyAccess=all"),
        (15, "RestartSteps=3\nRestartMaxDelaySec=20s"),
        (15, "SuccessExitStatus=1 SIGSEGV"),
        (10, "RestartPreventExitStatus=1"),
        (10, "RestartForceExitStatus=0"),
        (15, "TimeoutStartFailureMode=abort\nTimeoutAbortSec=2s"),
        (15, "TimeoutStopFailureMode=abort"),
        (10, "TimeoutStopFailureMode=kill"),
        (10, "SendSIGKILL=no"),
        (10, "SendSIGHUP=yes"),
        (5, "FinalKillSignal=SIGABRT"),
    ] {
        // Who is needed, and is started again whenever it has done its work, is never there.
        let is_endless = type_ == "oneshot" && line.starts_with("RestartForce");
        if prng.chance(percent) && !is_endless {
            writeln!(text, "{line}").unwrap();
        }
    }
    if type_ == "forking" {
        let pid_file = prng.pick(&["PIDFile=s.pid", "GuessMainPID=no", ""]);
        writeln!(text, "{pid_file}").unwrap();
    }
    // What remains behind a socket without serving it lets its clients wait.
    if !has_socket && prng.chance(30) {
        text.push_str("RemainAfterExit=yes\n");
    }
    if prng.chance(50) {
        text.push_str("[Install]\nWantedBy=multi-user.target\n");
    }
    File { name: format!("s{number}.service"), text }
}

/// Rewrites references between services, which the generator cannot know the names of before.
pub fn link(files: &mut [File], conf: &str) {
    let names: Vec<String> = files
        .iter()
        .map(|file| file.name.clone())
        .filter(|name| name.ends_with(".service") && !name.contains('@'))
        .collect();
    // Upheld, they would run again and again, and stop whoever stops with them each time.
    let oneshots: Vec<String> = files
        .iter()
        .filter(|file| file.text.contains("Type=oneshot"))
        .map(|file| format!("Upholds={}\n", file.name))
        .collect();
    for file in files {
        if conf.contains(INITRAMFS) {
            file.text = file.text.replace("multi-user.target", INITRAMFS);
        }
        for number in 0..9 {
            let wanted = format!("s{number}.service");
            let target = if names.contains(&wanted) { wanted.as_str() } else { "basic.target" };
            file.text = file.text.replace(&format!("x{number}.target"), target);
        }
        for edge in ["Conflicts", "Before"] {
            file.text = file.text.replace(&format!("{edge}=basic.target\n"), "");
        }
        for upholds in &oneshots {
            file.text = file.text.replace(upholds, "");
        }
    }
}
