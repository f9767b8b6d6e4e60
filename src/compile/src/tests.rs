//! The compiler from outside: sources in, table or diagnostics out.

use unit::{Kind, Millis, Namespace, NamespaceStep, RateLimit, Stdio, Table, Word};

use crate::{Image, Source, compile_sources};

/// Splits a text at lines `--- NAME` into files.
fn sources(text: &str) -> Vec<Source> {
    let files = text.split("--- ").skip(1);
    let files = files.map(|file| file.split_once('\n').expect("a line after the name"));
    files.map(|(path, text)| Source { path: path.into(), text: text.into() }).collect()
}

fn compile(text: &str) -> Image {
    let conf = Source { path: "board.conf".into(), text: Vec::new() };
    match compile_sources(&conf, &sources(text)) {
        Ok((image, _)) => image,
        Err(failure) => panic!("{failure}"),
    }
}

const WEB: &str = "\
--- web.socket
[Socket]
ListenStream=8080
ListenStream=/run/web.sock
[Install]
WantedBy=sockets.target
--- web.service
[Service]
Type=notify
ExecStart=/usr/sbin/web --root ${ROOT} $OPTIONS \"a b\"
Environment=ROOT=/www 'OPTIONS=-v -x'
";

fn service(image: &Image, name: &str, then: impl FnOnce(unit::Service<'_>)) {
    let table = Table::open(&image.table).expect("a good table");
    let unit = table.find(name).expect("the service");
    let Kind::Service(service) = table.kind(unit) else { panic!("{name} is no service") };
    then(service);
}

fn words(line: &str) -> Vec<String> {
    let image = compile(&format!("--- a.service\n[Service]\nExecStart={line}\n"));
    let mut words = Vec::new();
    service(&image, "a.service", |service| {
        for command in service.exec_start.iter() {
            assert!(command.args.program().is_some());
            words.extend(command.args.iter().map(|word| match word {
                Word::Literal(text) => format!("L{}", text.to_string_lossy()),
                Word::Expand(text) => format!("E{}", text.to_string_lossy()),
                Word::Split(text) => format!("S{}", text.to_string_lossy()),
            }));
        }
    });
    words
}

#[test]
fn a_socket_and_its_service_become_a_table() {
    let image = compile(WEB);
    let table = Table::open(&image.table).expect("a good table");
    let socket = table.find("web.socket").expect("the socket");
    let service = table.find("web.service").expect("the service");
    assert!(socket < service, "a socket comes before its service");
    let Kind::Socket(each) = table.unit(socket).kind else { panic!("not a socket") };
    assert_eq!((each.service, each.listener_count, each.setup().backlog), (service, 2, u32::MAX));
    let Kind::Service(each) = table.unit(service).kind else { panic!("not a service") };
    assert!(each.sockets.iter().eq([socket]));
    let command = each.exec_start.get(0).expect("a command");
    let words: Vec<Word<'_>> = command.args.iter().collect();
    let expected = [
        Word::Literal(c"/usr/sbin/web"),
        Word::Literal(c"--root"),
        Word::Expand(c"\x01ROOT\x02"),
        Word::Split(c"OPTIONS"),
        Word::Literal(c"a b"),
    ];
    assert_eq!(words, expected);
    assert_eq!(image.limits.listeners, 2);
    assert_eq!(image.limits.table_bytes, image.table.len());
}

#[test]
fn command_lines_are_cut_as_systemd_does() {
    for (line, expected) in [
        ("/bin/a b  c", &["L/bin/a", "Lb", "Lc"][..]),
        ("a b", &["La", "Lb"]),
        ("/bin/a \"b c\" 'd \"e\"' f\\ g", &["L/bin/a", "Lb c", "Ld \"e\"", "Lf\\", "Lg"]),
        ("/bin/a x'y z'w", &["L/bin/a", "Lxy zw"]),
        ("/bin/a \\x41\\101\\u0041\\n\\s.", &["L/bin/a", "LAAA\n ."]),
        ("/bin/a \"\" ''", &["L/bin/a", "L", "L"]),
        ("/bin/a \\; b", &["L/bin/a", "L;", "Lb"]),
        ("@/bin/a other b", &["Lother", "Lb"]),
        ("-@/bin/a other b", &["Lother", "Lb"]),
        ("!!/bin/a b", &["L/bin/a", "Lb"]),
        ("/bin/a $A ${A} x${A}y", &["L/bin/a", "SA", "E\x01A\x02", "Ex\x01A\x02y"]),
        ("/bin/a $$A $$ a$$b ${A}$$", &["L/bin/a", "L$A", "L$", "La$b", "E\x01A\x02$"]),
        (":/bin/a $A ${A} $$", &["L/bin/a", "L$A", "L${A}", "L$$"]),
        ("/bin/a %n %N %p %% %t", &["L/bin/a", "La.service", "La", "La", "L%", "L/run"]),
        ("/bin/a b \\\n# a comment\n  c", &["L/bin/a", "Lb", "Lc"]),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}

#[test]
fn a_oneshot_has_several_commands_and_an_empty_line_starts_over() {
    let image = compile(
        "--- a.service\n[Service]\nType=oneshot\nExecStart=/bin/no\nExecStart=\n\
         ExecStart=/bin/a 1 ; -/bin/b 2\nExecStart=+/bin/c\n",
    );
    service(&image, "a.service", |service| {
        let commands: Vec<_> = service.exec_start.iter().collect();
        let programs: Vec<_> = commands.iter().map(|command| command.args.program()).collect();
        assert_eq!(programs, [Some(c"/bin/a"), Some(c"/bin/b"), Some(c"/bin/c")]);
        assert_eq!(
            commands.iter().map(|each| each.has(unit::Command::IGNORE_FAILURE)).collect::<Vec<_>>(),
            [false, true, false]
        );
        assert_eq!(
            commands.iter().map(|each| each.has(unit::Command::PRIVILEGED)).collect::<Vec<_>>(),
            [false, false, true]
        );
        assert_eq!(service.timeout_start, None, "a oneshot may take its time");
    });
}

#[test]
fn what_a_unit_leaves_open_comes_from_board_conf_and_then_from_the_rows() {
    let conf = "[Manager]\nDefaultRestartSec=3\nDefaultTimeoutStopSec=1min\n\
                DefaultEnvironment=A=board \"B=of board\"\nDefaultLimitNOFILE=10:20\n";
    let unit = "[Service]\nExecStart=/bin/a\nEnvironment=A=unit C=3\nTimeoutStartSec=0\n";
    let image = compile_sources(
        &Source { path: "board.conf".into(), text: conf.into() },
        &[Source { path: "a.service".into(), text: unit.into() }],
    );
    let (image, warnings) = image.expect("a good board");
    assert_eq!(warnings, []);
    service(&image, "a.service", |service| {
        assert_eq!(service.restart_delay, Millis(3000));
        assert_eq!(service.timeout_stop, Some(Millis(60_000)));
        assert_eq!(service.timeout_start, None, "0 is infinity");
        assert_eq!(service.start_limit, RateLimit { interval: Millis(10_000), burst: 5 });
        let context = service.exec_context();
        let environment: Vec<_> = context.environment.iter().collect();
        assert_eq!(environment, [c"A=unit", c"B=of board", c"C=3"]);
        assert_eq!(context.limit_nofile, Some((10, 20)));
        assert_eq!((context.stdin, context.stdout), (Stdio::Null, Stdio::Kmsg));
        assert_eq!((context.umask, context.working_directory), (0o022, ""));
    });
}

#[test]
fn a_terminal_is_known_by_its_path() {
    for (path, expected) in [
        ("/dev/tty1", Some(c"TERM=linux")),
        ("/dev/ttyS0", Some(c"TERM=vt220")),
        ("/dev/console", None),
    ] {
        let lines = format!("StandardInput=tty-fail\nTTYPath={path}\n");
        let image = compile(&format!("--- a.service\n[Service]\nExecStart=/bin/a\n{lines}"));
        service(&image, "a.service", |service| {
            let environment = service.exec_context().environment;
            let found = environment.iter().find(|each| each.to_bytes().starts_with(b"TERM="));
            assert_eq!(found, expected, "{path}");
        });
    }
}

#[test]
fn streams_follow_stdin_unless_they_are_told() {
    for (lines, expected) in [
        ("", (Stdio::Null, Stdio::Kmsg, Stdio::Inherit)),
        ("StandardInput=tty\n", (Stdio::Tty, Stdio::Inherit, Stdio::Inherit)),
        ("StandardInput=tty\nStandardOutput=kmsg\n", (Stdio::Tty, Stdio::Kmsg, Stdio::Inherit)),
        ("StandardOutput=journal\n", (Stdio::Null, Stdio::Kmsg, Stdio::Inherit)),
        ("StandardError=null\n", (Stdio::Null, Stdio::Kmsg, Stdio::Null)),
        ("StandardInputText=a\n", (Stdio::Data, Stdio::Kmsg, Stdio::Inherit)),
        ("StandardInput=data\n", (Stdio::Null, Stdio::Kmsg, Stdio::Inherit)),
        (
            "StandardInputText=a\nStandardOutput=inherit\n",
            (Stdio::Data, Stdio::Null, Stdio::Inherit),
        ),
        (
            "StandardOutput=append:/a\nStandardError=append:/a\n",
            (Stdio::Null, Stdio::Append, Stdio::Inherit),
        ),
        (
            "StandardInput=file:/a\nStandardOutput=file:/a\n",
            (Stdio::File, Stdio::Inherit, Stdio::Inherit),
        ),
        (
            "StandardInput=file:/a\nStandardOutput=append:/a\n",
            (Stdio::File, Stdio::Append, Stdio::Inherit),
        ),
    ] {
        let image = compile(&format!("--- a.service\n[Service]\nExecStart=/bin/a\n{lines}"));
        service(&image, "a.service", |service| {
            let context = service.exec_context();
            assert_eq!((context.stdin, context.stdout, context.stderr), expected, "{lines}");
        });
    }
}

#[test]
fn carriage_returns_and_a_byte_order_mark_are_no_part_of_a_unit() {
    let unix = compile("--- a.service\n[Service]\nExecStart=/bin/a b \\\n  c\nUser=web\n");
    let dos = "--- a.service\n\u{feff}[Service]\r\nExecStart=/bin/a b \\\r\n  c\r\nUser=web\r\n";
    assert_eq!(unix.table, compile(dos).table);
}

#[test]
fn what_says_what_happens_anyway_is_taken_and_what_is_taken_back_is_gone() {
    let plain = compile("--- a.service\n[Service]\nExecStart=/bin/a\n");
    for lines in [
        "PrivateTmp=no\nProtectSystem=off\nNoNewPrivileges=0\n",
        "ProtectSystem=strict\nProtectSystem=no\n",
        "ProtectHome=yes\nProtectHome=\n",
        "ExecStartPost=/bin/b\nExecStopPost=/bin/c\nExecStartPost=\nExecStopPost=\n",
        "NotifyAccess=none\nRemainAfterExit=no\nGuessMainPID=yes\nSendSIGKILL=yes\n",
        "MemoryMax=infinity\nTasksMax=infinity\nCPUWeight=100\n",
        "CapabilityBoundingSet=~\nSystemCallFilter=@system-service\nSystemCallFilter=\n",
        "Slice=system.slice\nKeyringMode=inherit\nIgnoreSIGPIPE=true\n",
        "[Unit]\nConditionPathExists=/a\nConditionHost=b\nConditionHost=\nPartOf=\n",
        "[Unit]\nStopWhenUnneeded=no\nFailureAction=none\nJobTimeoutSec=infinity\n",
        "[X-Ours]\nAnything=goes\n[Service]\nX-Mine=too\n",
    ] {
        let image = compile(&format!("--- a.service\n[Service]\nExecStart=/bin/a\n{lines}"));
        assert_eq!(image.table, plain.table, "{lines}");
    }
}

#[test]
fn options_about_senders_are_those_of_netlink_too() {
    let image = compile(
        "--- udev.socket\n[Socket]\nListenNetlink=kobject-uevent 1\nPassCredentials=yes\n\
         PassSecurity=yes\nPassPacketInfo=yes\n--- udev.service\n[Service]\nExecStart=/bin/a\n",
    );
    let table = Table::open(&image.table).expect("a good table");
    let socket = table.find("udev.socket").expect("the socket");
    let Kind::Socket(socket) = table.unit(socket).kind else { panic!("it is no socket") };
    let listener = socket.listeners.iter().next().expect("its listener");
    let mut names: Vec<_> = listener.options.iter().map(|each| (each.level, each.name)).collect();
    names.sort_unstable();
    let (on_socket, on_netlink) = (1, 270);
    assert_eq!(names, [(on_socket, 16), (on_socket, 34), (on_netlink, 3)]);
}

#[test]
fn lines_end_and_go_on_as_in_systemd() {
    let plain = compile("--- a.service\n[Service]\nExecStart=/bin/a b c\n");
    for text in [
        "[Service]\nExecStart=/bin/a b \\\n# a comment\n; another\n\tc\n",
        "[Service]\rExecStart=/bin/a b \\\rc\r",
        "[Service]\n\rExecStart=/bin/a b c\n\r",
        "[Service]\n  ExecStart \t= /bin/a b \\\n\n",
        "[Service]\nExecStart=/bin/no\n[Service]\nExecStart=\nExecStart=/bin/a b c\\",
        "[Service]\nExecStart=/bin/a b \\\nc\\\n",
    ] {
        let compiled = compile(&format!("--- a.service\n{text}"));
        let same = compiled.table == plain.table;
        // The fourth ends where an empty line does.
        assert_eq!(same, !text.starts_with("[Service]\n  "), "{text:?}");
    }
}

#[test]
fn the_same_units_give_the_same_bytes_in_any_order() {
    let conf = Source { path: "board.conf".into(), text: Vec::new() };
    let mut units = sources(WEB);
    let (first, _) = compile_sources(&conf, &units).expect("a good board");
    units.reverse();
    let (second, _) = compile_sources(&conf, &units).expect("a good board");
    assert_eq!(first.table, second.table);
    assert_eq!(first.limits_rs, second.limits_rs);
}

/// Counted by hand, as the executor writes it: the bound must not move unnoticed.
#[test]
fn spawn_sizes_are_what_one_spawn_writes_at_most() {
    let image = compile("--- a.service\n[Service]\nExecStart=/bin/a b\n");
    let always = "INVOCATION_ID=".len() + 32 + 1 + "SYSTEMD_EXEC_PID=".len() + 10 + 1;
    assert_eq!(image.limits.spawn_strings, always);
    // PATH, USER and those two and a NULL; two words and a NULL.
    assert_eq!(image.limits.spawn_pointers, 4 + 1 + 2 + 1);

    let image =
        compile("--- a.service\n[Service]\nExecStart=/bin/a x${V} $V\nEnvironment=V=1234567 W=1\n");
    let expand = 1 + 7 + 1;
    let split = 7 + 1;
    assert_eq!(image.limits.spawn_strings, always + expand + split);
    assert_eq!(image.limits.spawn_pointers, 4 + 2 + 1 + 2 + (7 / 2 + 1) + 1);

    let image = compile(
        "--- a.service\n[Service]\nExecStart=/bin/a $V\nEnvironmentFile=/e\nPassEnvironment=P\n",
    );
    let split = 1024 - "V=".len();
    assert_eq!(image.limits.spawn_strings, always + 4096 + split + 1);
    assert_eq!(image.limits.spawn_pointers, 4 + 1 + 64 + 1 + 1 + (split / 2 + 1) + 1);

    let image = compile(
        "--- a.service\n[Service]\nExecStart=/bin/a\nUser=web\nType=notify\n\
         --- a.socket\n[Socket]\nListenStream=80\nListenStream=81\n",
    );
    let user = 2 * (64 + 1) + 2 * (128 + 1) + "USER=LOGNAME=HOME=SHELL=".len();
    let names = "a.socket:a.socket".len() + 1;
    let listen = "LISTEN_PID=LISTEN_FDS=LISTEN_FDNAMES=".len() + 10 + 1 + 10 + 1 + names;
    assert_eq!(image.limits.spawn_strings, always + user + listen);
    assert_eq!(image.limits.spawn_pointers, 3 + 4 + 3 + 1 + 1 + 1 + 1);
    assert_eq!(image.limits.listen_fds, 2);
}

#[test]
fn a_store_has_room_for_all_that_it_may_hold() {
    let plain = compile("--- a.service\n[Service]\nExecStart=/bin/a\nNotifyAccess=main\n");
    let unit = "--- a.service\n[Service]\nExecStart=/bin/a\nFileDescriptorStoreMax=3\n";
    let image = compile(unit);
    assert_eq!((image.limits.stored_fds, image.limits.listen_fds), (3, 3));
    assert_eq!(image.limits.fds_at_rest, plain.limits.fds_at_rest + 3);
    let listen = "LISTEN_PID=LISTEN_FDS=LISTEN_FDNAMES=".len() + 10 + 1 + 10 + 1;
    let names = 3 * (255 + 1);
    let more = listen + names + "FDSTORE=128".len() + 1;
    assert_eq!(image.limits.spawn_strings, plain.limits.spawn_strings + more);
    assert_eq!(image.limits.spawn_pointers, plain.limits.spawn_pointers + 3 + 1);
    let two = format!("{unit}FileDescriptorStorePreserve=yes\n{}", unit.replace("a.s", "b.s"));
    assert_eq!(compile(&two).limits.stored_fds, 6);
}

/// Its control group's directory, two files in that, and /dev/kmsg.
#[test]
fn what_is_kept_open_of_who_has_run_is_counted() {
    let at_rest = |text: &str| compile(text).limits.fds_at_rest;
    let plain = "--- a.service\n[Service]\nExecStart=/bin/a\n";
    let started = format!("{plain}[Install]\nWantedBy=multi-user.target\n");
    let idle = at_rest(plain);
    assert_eq!(at_rest(&started), idle + 4);
    let quiet = started.replace("[Install]", "StandardOutput=null\nStandardError=null\n[Install]");
    assert_eq!(at_rest(&quiet), idle + 3);
    assert_eq!(at_rest(WEB), idle + 2);
    let with_command = format!("{WEB}--- web.socket.d/c.conf\n[Socket]\nExecStartPre=/bin/c\n");
    assert_eq!(at_rest(&with_command), idle + 2 + 4);
}

#[test]
fn limits_rs_is_what_the_board_includes() {
    let image = compile(WEB);
    for line in [
        "pub const LISTENERS: usize = 2;",
        "pub const SPAWN_SLOTS: usize = 8;",
        "pub const LIMITS: unit::Limits = unit::Limits {",
        "    fds_at_rest: FDS_AT_REST,",
    ] {
        assert!(image.limits_rs.contains(line), "{line} in {}", image.limits_rs);
    }
}

/// What might have been meant takes longer to find out than to read the line.
#[test]
fn nobody_thinks_about_what_is_not_told() {
    let text = format!("[Service]\nExecStart=/bin/a\n{}", "Nic=1\n".repeat(100_000));
    let conf = Source { path: "board.conf".into(), text: Vec::new() };
    let source = Source { path: "a.service".into(), text: text.into() };
    let start = std::time::Instant::now();
    let Err(failure) = compile_sources(&conf, &[source]) else { panic!("it is wrong") };
    assert_eq!(failure.diagnostics.len(), 200);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn a_thousand_sockets_compile_before_anybody_wonders() {
    let mut units = Vec::new();
    for number in 0..1000 {
        let port = 1000 + number;
        let socket = format!("[Socket]\nListenStream={port}\n[Install]\nWantedBy=sockets.target\n");
        units.push(Source { path: format!("s{number}.socket"), text: socket.into() });
        let service = "[Service]\nExecStart=/bin/a\n";
        units.push(Source { path: format!("s{number}.service"), text: service.into() });
    }
    let conf = Source { path: "board.conf".into(), text: Vec::new() };
    let (image, _) = compile_sources(&conf, &units).expect("a good board");
    assert_eq!((image.limits.sockets, image.limits.listeners), (1000, 1000));
}

/// What processes of `a.service` are given that has that in its section.
fn given(lines: &str, then: impl FnOnce(unit::ExecMore<'_>)) {
    let image = compile(&format!("--- a.service\n[Service]\nExecStart=/bin/a\n{lines}\n"));
    service(&image, "a.service", |service| then(service.exec_context().more()));
}

/// asm-generic/resource.h.
#[test]
fn limits_have_the_numbers_of_the_kernel() {
    let numbers = [
        ("CPU", 0),
        ("FSIZE", 1),
        ("DATA", 2),
        ("STACK", 3),
        ("CORE", 4),
        ("RSS", 5),
        ("NPROC", 6),
        ("MEMLOCK", 8),
        ("AS", 9),
        ("LOCKS", 10),
        ("SIGPENDING", 11),
        ("MSGQUEUE", 12),
        ("NICE", 13),
        ("RTPRIO", 14),
        ("RTTIME", 15),
    ];
    for (name, number) in numbers {
        given(&format!("Limit{name}=9"), |more| {
            let resources: Vec<u8> = more.limits.iter().map(|limit| limit.resource).collect();
            assert_eq!(resources, [number], "{name}");
        });
    }
}

/// sched(7), ioprio_set(2): of what is not said the kernel's default is taken.
#[test]
fn scheduling_has_the_numbers_of_the_kernel() {
    let scheduling = |lines: &str, expected: &dyn Fn(unit::Scheduling<'_>) -> bool| {
        given(lines, |more| {
            let scheduling = unit::decode::from_bytes(more.scheduling).expect("it is said");
            assert!(expected(scheduling), "{lines}: {scheduling:?}");
        });
    };
    let io = |lines, class: u16, level: u16| {
        scheduling(lines, &|found| found.io_priority == Some(class << 13 | level));
    };
    io("IOSchedulingClass=best-effort", 2, 4);
    io("IOSchedulingPriority=7", 2, 7);
    io("IOSchedulingClass=realtime\nIOSchedulingPriority=0", 1, 0);
    let policy = |lines, policy: u32, priority: u32| {
        scheduling(lines, &|found| (found.policy, found.priority) == (Some(policy), priority));
    };
    policy("CPUSchedulingPolicy=fifo", 1, 1);
    policy("CPUSchedulingPolicy=rr\nCPUSchedulingPriority=99", 2, 99);
    policy("CPUSchedulingPolicy=idle", 5, 0);
    policy("CPUSchedulingResetOnFork=yes", 0x4000_0000, 0);
    scheduling("CPUAffinity=0 9", &|found| found.affinity == [1, 2]);
}

/// The steps of `[Service]` with these lines, each in a word or two.
fn namespace_steps(lines: &str) -> Vec<String> {
    let image = compile(&format!("--- a.service\n[Service]\nExecStart=/bin/a\n{lines}"));
    let mut steps = Vec::new();
    service(&image, "a.service", |service| {
        let more = service.exec_context().more();
        let Some(own) = unit::decode::from_bytes::<Namespace<'_>>(more.namespace) else { return };
        let word = |path: &str| path.trim_end_matches('\0').to_owned();
        steps.extend(own.steps.iter().map(|step| match step {
            NamespaceStep::Take { path, flat, missing } => {
                format!("take {}{}{missing:?}", word(path), if flat { " flat " } else { " " })
            }
            NamespaceStep::TakeTmp { name } => format!("take-tmp {}", word(name)),
            NamespaceStep::Make { path } => format!("make {}", word(path)),
            NamespaceStep::SealAll => "seal-all".into(),
            NamespaceStep::Put { path, read_only, make, optional } => {
                let flags = [(read_only, " ro"), (make, " make"), (optional, " optional")];
                let flags: String = flags.iter().filter(|(is, _)| *is).map(|(_, it)| *it).collect();
                format!("put {}{flags}", word(path))
            }
            NamespaceStep::Empty { path, options, .. } => {
                format!("empty {} {}", word(path), word(options))
            }
            NamespaceStep::Seal { path, .. } => format!("seal {}", word(path)),
            NamespaceStep::Hide { path, .. } => format!("hide {}", word(path)),
        }));
    });
    steps
}

#[test]
fn a_view_is_made_step_by_step() {
    assert_eq!(namespace_steps("ProtectSystem=no\nReadWritePaths=/a\n"), [""; 0]);
    let strict = "ProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/srv/a\nStateDirectory=s\n";
    assert_eq!(
        namespace_steps(strict),
        [
            "take /dev IsFine",
            "take /proc IsFine",
            "take /srv/a Fails",
            "take /sys IsFine",
            "take /var/lib/s IsFine",
            "seal-all",
            "put /dev",
            "hide /home",
            "put /proc",
            "hide /root",
            "hide /run/user",
            "put /srv/a",
            "put /sys",
            "put /var/lib/s",
        ]
    );
    // What is below something hidden is gone, and what is sealed twice is sealed once.
    let paths = "ReadOnlyPaths=/a /a/b\nReadWritePaths=/a/c\nInaccessiblePaths=/a/c /h\n\
                 BindPaths=/x:/h/y\n";
    assert_eq!(namespace_steps(paths), ["take /a Fails", "put /a ro", "hide /a/c", "hide /h"]);
    let memory = "TemporaryFileSystem=/m:ro\nBindReadOnlyPaths=-/x:/m/y:norbind\nBindPaths=/z\n";
    assert_eq!(
        namespace_steps(memory),
        [
            "take /x flat IsFine",
            "take /z Fails",
            "make /z",
            "empty /m mode=0755",
            "put /m/y ro make",
            "put /z",
            "seal /m",
        ]
    );
    assert_eq!(
        namespace_steps("PrivateTmp=yes\n"),
        ["take-tmp tmp", "take-tmp var-tmp", "put /tmp optional", "put /var/tmp optional"]
    );
    assert_eq!(namespace_steps("PrivateMounts=yes\n"), [""; 0]);
}

#[test]
fn what_is_protected_takes_capabilities_away() {
    let image = compile(
        "--- a.service\n[Service]\nExecStart=+/bin/a\nExecStartPre=!/bin/b\n\
         ProtectKernelModules=yes\nProtectClock=yes\nPrivateNetwork=yes\n",
    );
    service(&image, "a.service", |service| {
        let more = service.exec_context().more();
        let rights: unit::Privileges = unit::decode::from_bytes(more.privileges).expect("some");
        // CAP_SYS_MODULE, CAP_SYS_TIME, CAP_WAKE_ALARM of linux/capability.h.
        let lost: Vec<u32> = (0..40).filter(|bit| rights.bounding >> bit & 1 == 0).collect();
        assert_eq!(lost, [16, 25, 35]);
        let own: Namespace<'_> = unit::decode::from_bytes(more.namespace).expect("some");
        assert_eq!(own.kinds, Namespace::MOUNTS | Namespace::NETWORK, "modules are hidden");
        let command = service.exec_start.get(0).expect("a command");
        assert!(command.has(unit::Command::PRIVILEGED) && command.has(unit::Command::UNCONFINED));
        let before = service.exec_start_pre.get(0).expect("a command");
        assert!(before.has(unit::Command::PRIVILEGED) && !before.has(unit::Command::UNCONFINED));
    });
}
