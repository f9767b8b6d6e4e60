//! The rows: one per directive that is understood here.
//!
//! A row reads `field: Arity<Grammar> ["Name", "OtherName"] = "default";` below the sentence
//! that the manual prints. From it come the field of the compiler's draft, the arm of its parser,
//! "did you mean" and the manual. What each arity and grammar is stands in the compiler:
//!
//! - `One`: the last assignment wins, an empty one restores the default, which is written as a
//!   unit file would and goes through the same grammar;
//! - `Maybe`: as `One`, but the default depends on something else and is said in words;
//! - `Many`: assignments add up, an empty one starts over.
//!
//! A row may end with `needs "CONFIG_…"`: what the kernel must have for it.
//! Rows of what systemd knows and this project does not are in [`crate::unsupported`].

/// Hands all rows to the macro named, section by section.
#[macro_export]
macro_rules! directives {
    ($then:path) => {
        $then! {
            /// What every unit has: its words and its place among the others.
            Unit "Unit" {
                /// What the unit is, in one line; shown in status and boot messages.
                description: Maybe<Text> ["Description"] = "the unit's name";
                /// URIs (http, https, file, info, man) of more to read. Checked, not stored.
                documentation: Many<Uris> ["Documentation"] = "";
                /// Units that are started first and stopped last, if they are started at all.
                after: Many<Units> ["After"] = "";
                /// The reverse of After=.
                before: Many<Units> ["Before"] = "";
                /// Units pulled in; if one fails to start and After= names it too, this one does
                /// not start. Stopping one stops this.
                requires: Many<Units> ["Requires"] = "";
                /// Units pulled in; this one starts whatever becomes of them.
                wants: Many<Units> ["Wants"] = "";
                /// Units stopped when this one starts, and the other way round.
                conflicts: Many<Units> ["Conflicts"] = "";
                /// Units that must be up already: this one does not start without, and does not
                /// start them. Goes with After=.
                requisite: Many<Units> ["Requisite"] = "";
                /// As Requires=, and this one stops whenever one of them goes down.
                binds_to: Many<Units> ["BindsTo", "BindTo"] = "";
                /// Units that this one is stopped and restarted with.
                part_of: Many<Units> ["PartOf"] = "";
                /// As Wants=, and they are started again whenever they are down while this one is
                /// up: at most 16 times in 10 seconds, then after these.
                upholds: Many<Units> ["Upholds"] = "";
                /// Units started when this one fails, be it started again by Restart= or not. A
                /// service that one service alone starts so is told of its end: $MONITOR_UNIT,
                /// $MONITOR_SERVICE_RESULT and their kin.
                on_failure: Many<Units> ["OnFailure"] = "";
                /// Units started when this one is down again and has not failed.
                on_success: Many<Units> ["OnSuccess"] = "";
                /// What becomes of other jobs then: fail, replace, replace-irreversibly, isolate,
                /// flush, ignore-dependencies, ignore-requirements.
                on_failure_mode: One<JobModeName> ["OnFailureJobMode"] = "replace";
                /// Likewise.
                on_success_mode: One<JobModeName> ["OnSuccessJobMode"] = "fail";
                /// Units that are reloaded with this one.
                reload_to: Many<Units> ["PropagatesReloadTo", "PropagateReloadTo"] = "";
                /// The reverse of PropagatesReloadTo=.
                reload_from: Many<Units> ["ReloadPropagatedFrom", "PropagateReloadFrom"] = "";
                /// Units that stop with this one, whatever stops it.
                stop_to: Many<Units> ["PropagatesStopTo"] = "";
                /// The reverse of PropagatesStopTo=.
                stop_from: Many<Units> ["StopPropagatedFrom"] = "";
                /// Stops the unit when no unit that is up needs it.
                stop_when_unneeded: One<Boolean> ["StopWhenUnneeded"] = "no";
                /// pilotctl does not start it: only what needs it does.
                refuse_manual_start: One<Boolean> ["RefuseManualStart"] = "no";
                /// pilotctl does not stop it.
                refuse_manual_stop: One<Boolean> ["RefuseManualStop"] = "no";
                /// pilotctl isolate starts it and stops all that it does not need.
                allow_isolate: One<Boolean> ["AllowIsolate"] = "no";
                /// It stays up when another unit is isolated; a slice does unless it says no.
                ignore_on_isolate: One<Boolean> ["IgnoreOnIsolate"] = "no";
                /// A job must have ended that long after it was asked for; 0 and infinity wait.
                job_timeout: One<Timeout> ["JobTimeoutSec"] = "infinity";
                /// And that long after it began.
                job_running_timeout: One<Timeout> ["JobRunningTimeoutSec"] = "infinity";
                /// What happens to the board when it has not.
                job_timeout_action: One<EmergencyName> ["JobTimeoutAction"] = "none";
                /// What the kernel, and by it the boot loader, is told by a reboot because of that.
                job_timeout_reboot_argument: Maybe<RebootWord>
                    ["JobTimeoutRebootArgument"] = "none";
                /// And by one because of FailureAction=, SuccessAction= or StartLimitAction=.
                reboot_argument: Maybe<RebootWord> ["RebootArgument"] = "none";
                /// What must hold for the unit to start; else its job ends well without it, and
                /// nothing that requires it is held up. All are looked at when it starts, by a
                /// child of PID 1 that may wait for a disk; only Architecture, User and Group
                /// (PID 1 is root) are known at build. `!` turns one round; of those behind `|`
                /// one must hold. The paths are absolute. KernelCommandLine takes a word or an
                /// assignment, KernelVersion comparisons (`>=6.1`) and patterns, Memory (in bytes
                /// or with K, M, G) and CPUs a comparison (`>=` if there is none), Host a pattern
                /// or the machine id, Environment what the kernel gave PID 1, Firmware
                /// device-tree, device-tree-compatible(…) or uefi; DeviceTreeCompatible, which
                /// systemd has not, is short for that.
                conditions: Many<Checks>
                    [
                        "ConditionArchitecture", "ConditionFirmware", "ConditionHost",
                        "ConditionKernelCommandLine", "ConditionKernelVersion",
                        "ConditionKernelModuleLoaded", "ConditionEnvironment",
                        "ConditionCapability", "ConditionFirstBoot", "ConditionPathExists",
                        "ConditionPathExistsGlob", "ConditionPathIsDirectory",
                        "ConditionPathIsSymbolicLink", "ConditionPathIsMountPoint",
                        "ConditionPathIsReadWrite", "ConditionPathIsSocket",
                        "ConditionDirectoryNotEmpty", "ConditionFileNotEmpty",
                        "ConditionFileIsExecutable", "ConditionUser", "ConditionGroup",
                        "ConditionControlGroupController", "ConditionMemory", "ConditionCPUs",
                        "ConditionDeviceTreeCompatible"
                    ]
                    = "";
                /// As the conditions; if one does not hold, the start has failed (assert).
                asserts: Many<Checks>
                    [
                        "AssertArchitecture", "AssertFirmware", "AssertHost",
                        "AssertKernelCommandLine", "AssertKernelVersion",
                        "AssertKernelModuleLoaded", "AssertEnvironment", "AssertCapability",
                        "AssertFirstBoot", "AssertPathExists", "AssertPathExistsGlob",
                        "AssertPathIsDirectory", "AssertPathIsSymbolicLink",
                        "AssertPathIsMountPoint", "AssertPathIsReadWrite", "AssertPathIsSocket",
                        "AssertDirectoryNotEmpty", "AssertFileNotEmpty", "AssertFileIsExecutable",
                        "AssertUser", "AssertGroup", "AssertControlGroupController",
                        "AssertMemory", "AssertCPUs", "AssertDeviceTreeCompatible"
                    ]
                    = "";
                /// Paths whose file systems the unit needs: Requires= and After= of each mount unit
                /// that one of them lies in. A unit has these anyway for WorkingDirectory=, for
                /// nodes that it listens at, and a mount for where it is mounted and for a folder
                /// that it binds.
                requires_mounts_for: Many<AbsolutePaths> ["RequiresMountsFor"] = "";
                /// The same with Wants= in the place of Requires=.
                wants_mounts_for: Many<AbsolutePaths> ["WantsMountsFor"] = "";
                /// Adds what nearly every unit needs: Requires= and After= sysinit.target; a
                /// service comes after basic.target, a socket before sockets.target, a target
                /// after what it wants.
                default_dependencies: One<Boolean> ["DefaultDependencies"] = "yes";
                /// Length of the window of StartLimitBurst=; 0 turns the limit off.
                start_limit_interval: Maybe<Time>
                    ["StartLimitIntervalSec", "StartLimitInterval"]
                    = "DefaultStartLimitIntervalSec= of board.conf";
                /// Starts allowed in that window; one more is refused. A service with Restart= is
                /// started again when the window is over, unless somebody has stopped it; systemd
                /// leaves it.
                start_limit_burst: Maybe<Unsigned> ["StartLimitBurst"]
                    = "DefaultStartLimitBurst= of board.conf";
                /// What happens to the board when a start is refused for that.
                start_limit_action: One<EmergencyName> ["StartLimitAction"] = "none";
                /// What happens to the board when a service has failed and is not restarted; also
                /// for want of a StartLimitAction=.
                failure_action: One<EmergencyName> ["FailureAction"] = "none";
                /// What happens to the board when a service has ended well.
                success_action: One<EmergencyName> ["SuccessAction"] = "none";
            }
            /// A process. Services are started by a socket, by a dependency or by hand.
            Service "Service" {
                /// When the service counts as started: at once (simple), when its program is
                /// executed (exec), when all commands have ended (oneshot), when it says READY=1
                /// (notify, and notify-reload, which is reloaded by ReloadSignal=), when its
                /// program has put itself into the background (forking). idle is simple, but the
                /// program comes when no job is left on the board, after 5 s at the latest.
                service_type: Maybe<ServiceTypeName> ["Type"]
                    = "simple with ExecStart=, else oneshot";
                /// Who is listened to: none; main, the main process; exec, commands like
                /// ExecStartPost= as well; all, whoever is in the service's control group when its
                /// message is read.
                notify_access: Maybe<NotifyAccessName> ["NotifyAccess"]
                    = "main with Type=notify, WatchdogSec= or FileDescriptorStoreMax=, else none";
                /// Sockets whose listeners are passed: those that start the service, and no
                /// others.
                sockets: Many<Units> ["Sockets"] = "";
                /// The slice that the service's control group lies in: a-b.slice lies in a.slice,
                /// and that in -.slice. A slice needs no file. What lies in one requires it and
                /// comes after it, so that its stop stops all, and has together what the slice may
                /// have; -.slice is all but PID 1. A board that says nothing of slices has none;
                /// one that does has its services and sockets in system.slice, instances of
                /// name@.service in system-name.slice.
                slice: Maybe<SliceName> ["Slice"] = "system.slice";
                /// What follows when the kernel kills a process of the service for want of memory:
                /// the others go on (continue), or are killed as well (kill). There is no stop,
                /// which is systemd's default.
                oom_policy: One<OomPolicyName> ["OOMPolicy"] = "continue" needs "CONFIG_MEMCG";
                /// The program and its arguments; one line, or any number with Type=oneshot.
                exec_start: Many<Commands> ["ExecStart"] = "";
                /// Commands run before all others: one that exits with 1 to 254 ends the start,
                /// and this is no failure; 255 or a signal is one.
                exec_condition: Many<Commands> ["ExecCondition"] = "";
                /// Commands run one after the other before ExecStart=.
                exec_start_pre: Many<Commands> ["ExecStartPre"] = "";
                /// Commands run when the program is up, before the service counts as started.
                exec_start_post: Many<Commands> ["ExecStartPost"] = "";
                /// Commands that make the service read its configuration again.
                exec_reload: Many<Commands> ["ExecReload"] = "";
                /// Commands run when it has done so.
                exec_reload_post: Many<Commands> ["ExecReloadPost"] = "";
                /// Commands that ask the service to stop, before anything is signalled.
                exec_stop: Many<Commands> ["ExecStop"] = "";
                /// Commands run when nothing of the service is left, however it ended and however
                /// far its start came: $SERVICE_RESULT, $EXIT_CODE and $EXIT_STATUS tell.
                exec_stop_post: Many<Commands> ["ExecStopPost"] = "";
                /// The service is active when its program has ended well, until it is stopped.
                remain_after_exit: One<Boolean> ["RemainAfterExit"] = "no";
                /// With Type=forking: where the program writes the number of its main process, in
                /// /run. It is waited for, believed of the service's own processes only, and
                /// removed when the service has ended. Without control groups there must be one.
                pid_file: Maybe<PidFile> ["PIDFile"] = "none";
                /// Descriptors that PID 1 keeps for the service, at most 128: those that come with
                /// FDSTORE=1 (under the name of FDNAME=, else stored), until FDSTOREREMOVE=1 or,
                /// without FDPOLL=0, until they hang up. The next start is passed them behind the
                /// listeners. One more than these is closed, as is one that is there already.
                store_max: One<Unsigned> ["FileDescriptorStoreMax"] = "0";
                /// Whether they stay: no, until the service has stopped; restart, over Restart= and
                /// restart jobs; yes, for as long as the board is up, or until
                /// `pilotctl clean --what=fdstore`.
                store_preserve: One<PreserveName> ["FileDescriptorStorePreserve"] = "restart";
                /// Without PIDFile=: takes the only process that was left behind for the main one.
                guess_main_pid: One<Boolean> ["GuessMainPID"] = "yes";
                /// What a service of Type=notify-reload is sent, after ExecReload=. It answers with
                /// RELOADING=1 and MONOTONIC_USEC=, and READY=1 when it is done.
                reload_signal: One<Signal> ["ReloadSignal"] = "SIGHUP";
                /// Further ends of the main process that are success: exit codes, their names, and
                /// signals.
                success_exit_status: Many<ExitStatusNames> ["SuccessExitStatus"] = "";
                /// Name or number of the user that runs the commands; looked up on the board.
                user: Maybe<Account> ["User"] = "root";
                /// Name or number of the group.
                group: Maybe<Account> ["Group"] = "the user's own group";
                /// Where the commands are run: an absolute path, or ~ for the user's home. With
                /// a leading - a missing folder is fine.
                working_directory: Maybe<Directory> ["WorkingDirectory"] = "/";
                /// NAME=value pairs, quoted as needed, on top of DefaultEnvironment=.
                environment: Many<Assignments> ["Environment"] = "";
                /// Permission bits that new files do not get.
                umask: One<Mode> ["UMask"] = "0022";
                /// Most open files, `both` or `soft:hard`.
                limit_nofile: Maybe<Rlimit> ["LimitNOFILE"]
                    = "DefaultLimitNOFILE= of board.conf";
                /// null, tty (TTYPath=), socket (the connection, or the only listener), data
                /// (StandardInputText=), a file by its path, or a listener by its
                /// FileDescriptorName= (fd:NAME; commands that are passed none have null). A tty
                /// that another session has is waited for; tty-force takes it, and with tty-fail
                /// the start fails. Commands beside the main process have null instead.
                standard_input: One<InputName> ["StandardInput"] = "null";
                /// inherit, null, tty, socket, kmsg, log, a listener (fd:NAME), or a file by its
                /// path, which root makes if there is none. log is pilot-log, which keeps the last
                /// lines in memory for pilotctl log, and brings it onto the board; the kernel's log
                /// has them if nobody takes the connection. journal and syslog are log on a board
                /// that has pilot-log, else kmsg. Behind journal and syslog, +console is log, and
                /// the console has the lines as far as it keeps up.
                standard_output: Maybe<OutputStream> ["StandardOutput"]
                    = "DefaultStandardOutput= of board.conf; inherit with StandardInput=tty \
or socket";
                /// inherit (as StandardOutput=), null, tty, socket, kmsg, log, a listener or a
                /// file.
                standard_error: Maybe<OutputStream> ["StandardError"]
                    = "DefaultStandardError= of board.conf";
                /// Sets O_NONBLOCK on the listeners passed.
                non_blocking: One<Boolean> ["NonBlocking"] = "no";
                /// Time that passes from the start of the program until it takes connections, for
                /// pilotc lint. systemd passes over it.
                start_time: Maybe<Time> ["X-StartTimeSec"] = "not known";
                /// After which ends the service is started again: no, always, on-success,
                /// on-failure, on-abnormal, on-abort, on-watchdog.
                restart: One<RestartName> ["Restart"] = "no";
                /// Ends of the main process after which it is not, whatever Restart= says.
                restart_prevent_status: Many<ExitStatusNames> ["RestartPreventExitStatus"] = "";
                /// Ends of the main process after which it is.
                restart_force_status: Many<ExitStatusNames> ["RestartForceExitStatus"] = "";
                /// Pause before that.
                restart_delay: Maybe<Time> ["RestartSec"] = "DefaultRestartSec= of board.conf";
                /// Restarts over which the pause grows to RestartMaxDelaySec=, by the same factor
                /// each time; at most 255.
                restart_steps: One<Unsigned> ["RestartSteps"] = "0";
                /// The longest pause; goes with RestartSteps=.
                restart_max_delay: One<Timeout> ["RestartMaxDelaySec"] = "infinity";
                /// Longest time a start may take; 0 and infinity wait for ever.
                timeout_start: Maybe<Timeout> ["TimeoutStartSec"]
                    = "DefaultTimeoutStartSec= of board.conf; infinity with Type=oneshot";
                /// Longest time a stop may take before SIGKILL; 0 and infinity wait for ever.
                timeout_stop: Maybe<Timeout> ["TimeoutStopSec"]
                    = "DefaultTimeoutStopSec= of board.conf";
                /// Longest time between two WATCHDOG=1 that the service says; then it is sent
                /// WatchdogSignal=, and has failed. 0 and infinity: it need not say anything.
                watchdog: One<Timeout> ["WatchdogSec"] = "0";
                /// Longest time after WatchdogSignal= before SIGKILL.
                timeout_abort: Maybe<Timeout> ["TimeoutAbortSec"] = "TimeoutStopSec=";
                /// What a start that takes too long is sent: KillSignal= (terminate),
                /// WatchdogSignal= (abort) or FinalKillSignal= (kill).
                timeout_start_failure: One<TimeoutModeName> ["TimeoutStartFailureMode"]
                    = "terminate";
                /// What a stop that takes too long is sent: likewise, and FinalKillSignal= after
                /// it.
                timeout_stop_failure: One<TimeoutModeName> ["TimeoutStopFailureMode"]
                    = "terminate";
                /// Longest time that the service may run; then it is stopped, and has failed. 0 and
                /// infinity are no limit.
                runtime_max: One<Timeout> ["RuntimeMaxSec"] = "infinity";
                /// Up to so much is added to that, another share each time.
                runtime_extra: One<Time> ["RuntimeRandomizedExtraSec"] = "0";
                /// TimeoutStartSec= and TimeoutStopSec= at once.
                timeout: Maybe<Timeout> ["TimeoutSec"] = "neither";
                /// Who is signalled at a stop: control-group, mixed, process, none.
                kill_mode: One<KillModeName> ["KillMode"] = "control-group";
                /// The first signal at a stop.
                kill_signal: One<Signal> ["KillSignal"] = "SIGTERM";
                /// The first signal of a stop that is the first half of a restart.
                restart_kill_signal: Maybe<Signal> ["RestartKillSignal"] = "KillSignal=";
                /// What is to make the program leave a core: see TimeoutStopFailureMode=.
                watchdog_signal: One<Signal> ["WatchdogSignal"] = "SIGABRT";
                /// SIGHUP follows the first signal at once: for shells, which pass over SIGTERM.
                send_sighup: One<Boolean> ["SendSIGHUP"] = "no";
                /// The last signal, for those whom TimeoutStopSec= finds still there.
                final_kill_signal: One<Signal> ["FinalKillSignal"] = "SIGKILL";
                /// no: they are left alone, and the service has failed.
                send_sigkill: One<Boolean> ["SendSIGKILL"] = "yes";
            }
            /// What few services say of what their processes are given.
            Exec "Service" {
                /// A file with NAME=value lines, which count more than Environment=. With a leading
                /// - one that cannot be read is passed over. Read before each command. All files
                /// together have at most 64 variables of 4096 bytes, none longer than 1024;
                /// else the command is not run.
                environment_files: Many<EnvironmentFiles> ["EnvironmentFile"] = "";
                /// Variables that PID 1 was started with and that are passed on; what
                /// Environment= says counts more.
                pass_environment: Many<VariableNames> ["PassEnvironment"] = "";
                /// Variables that are taken away again, whoever set them: names, or NAME=value for
                /// one that has this value.
                unset_environment: Many<UnsetVariables> ["UnsetEnvironment"] = "";
                /// Folders below /run that are made before each command, with the user as owner,
                /// and removed when the service has stopped; $RUNTIME_DIRECTORY names them. Links
                /// on the way are followed only where root alone could have made them. The last of
                /// a service per connection does not remove them.
                runtime_directory: Many<DirectoryNames> ["RuntimeDirectory"] = "";
                /// Their mode.
                runtime_directory_mode: One<Mode> ["RuntimeDirectoryMode"] = "0755";
                /// Whether they stay when the service stops: no, yes, or restart if it is started
                /// again at once.
                runtime_directory_preserve: One<PreserveName> ["RuntimeDirectoryPreserve"] = "no";
                /// As RuntimeDirectory=, below /var/lib, never removed; $STATE_DIRECTORY.
                /// What lies in them keeps its owner, which systemd changes, too.
                state_directory: Many<DirectoryNames> ["StateDirectory"] = "";
                /// Their mode.
                state_directory_mode: One<Mode> ["StateDirectoryMode"] = "0755";
                /// As RuntimeDirectory=, below /var/cache, never removed; $CACHE_DIRECTORY.
                cache_directory: Many<DirectoryNames> ["CacheDirectory"] = "";
                /// Their mode.
                cache_directory_mode: One<Mode> ["CacheDirectoryMode"] = "0755";
                /// As RuntimeDirectory=, below /var/log, never removed; $LOGS_DIRECTORY.
                logs_directory: Many<DirectoryNames> ["LogsDirectory"] = "";
                /// Their mode.
                logs_directory_mode: One<Mode> ["LogsDirectoryMode"] = "0755";
                /// As RuntimeDirectory=, below /etc, but root's and never removed;
                /// $CONFIGURATION_DIRECTORY.
                configuration_directory: Many<DirectoryNames> ["ConfigurationDirectory"] = "";
                /// Their mode.
                configuration_directory_mode: One<Mode> ["ConfigurationDirectoryMode"] = "0755";
                /// What StandardInput=data reads, and what it is without StandardInput=: text, with
                /// escapes as in C, and a line end behind each; or bytes in base64. At most 64 KiB.
                input_data: Many<InputData> ["StandardInputText", "StandardInputData"] = "";
                /// The terminal that the streams mean by tty, and that the directives below are
                /// about.
                terminal: Maybe<AbsolutePath> ["TTYPath"] = "Console= of board.conf";
                /// Whether the terminal becomes what one expects of a terminal, before the commands
                /// of a start and when the service has stopped.
                tty_reset: One<Boolean> ["TTYReset"] = "no";
                /// Whether all who have the terminal open are disconnected then.
                tty_hang_up: One<Boolean> ["TTYVHangup"] = "no";
                /// Whether a virtual terminal is given back to the kernel then, or another one, or
                /// one in use, cleared.
                tty_disallocate: One<Boolean> ["TTYVTDisallocate"] = "no";
                /// Lines that the terminal has.
                tty_rows: Maybe<TerminalSize> ["TTYRows"] = "what the kernel knows";
                /// Columns that it has.
                tty_columns: Maybe<TerminalSize> ["TTYColumns"] = "what the kernel knows";
                /// ID or ID:SOURCE. The file SOURCE, read before the start, becomes a file ID that
                /// only the user of the service can read, and nobody can write, in
                /// $CREDENTIALS_DIRECTORY. A SOURCE without slashes, or none but the ID, is looked
                /// for in /etc/credstore, /run/credstore, /usr/local/lib/credstore and
                /// /usr/lib/credstore, and may be missing. systemd also takes sockets and folders.
                /// A service has at most 1 MiB of them.
                load_credential: Many<LoadCredentials> ["LoadCredential"] = "";
                /// ID:TEXT, with escapes as in C: the text is such a file, unless LoadCredential=
                /// finds one for this ID. It is in the image, for all to read.
                set_credential: Many<SetCredentials> ["SetCredential"] = "";
                /// PATH, PATH:NAME or PATH:NAME:OPTIONS: a file, device or socket that root opens
                /// before the main process runs; it is passed behind the listeners, and NAME is in
                /// $LISTEN_FDNAMES. OPTIONS: read-only, append or truncate, and graceful, which
                /// leaves out what cannot be opened.
                open_files: Many<OpenFiles> ["OpenFile"] = "";
                /// Further groups of the processes, by name or number.
                supplementary_groups: Many<Accounts> ["SupplementaryGroups"] = "";
                /// Seconds of processor time, or a time.
                limit_cpu: Maybe<RlimitSeconds> ["LimitCPU"] = "PID 1's";
                /// Bytes of the largest file. K, M, G, T, P and E are understood here and below.
                limit_fsize: Maybe<RlimitBytes> ["LimitFSIZE"] = "PID 1's";
                /// Bytes of data, as brk(2) and mmap(2) give them.
                limit_data: Maybe<RlimitBytes> ["LimitDATA"] = "PID 1's";
                /// Bytes of the stack.
                limit_stack: Maybe<RlimitBytes> ["LimitSTACK"] = "PID 1's";
                /// Bytes of a core file; systemd's default is infinity, the kernel's 0.
                limit_core: Maybe<RlimitBytes> ["LimitCORE"] = "PID 1's";
                /// Bytes of resident memory. Linux takes no notice: MemoryMax= does.
                limit_rss: Maybe<RlimitBytes> ["LimitRSS"] = "PID 1's";
                /// Bytes of address space.
                limit_as: Maybe<RlimitBytes> ["LimitAS"] = "PID 1's";
                /// Processes of the user.
                limit_nproc: Maybe<Rlimit> ["LimitNPROC"] = "PID 1's";
                /// Bytes that may be locked into memory.
                limit_memlock: Maybe<RlimitBytes> ["LimitMEMLOCK"] = "PID 1's";
                /// File locks. Linux takes no notice.
                limit_locks: Maybe<Rlimit> ["LimitLOCKS"] = "PID 1's";
                /// Signals that wait, of the user.
                limit_sigpending: Maybe<Rlimit> ["LimitSIGPENDING"] = "PID 1's";
                /// Bytes in POSIX message queues, of the user.
                limit_msgqueue: Maybe<RlimitBytes> ["LimitMSGQUEUE"] = "PID 1's";
                /// How far the processes may raise themselves: a nice level with its sign, or the
                /// kernel's 0 to 40.
                limit_nice: Maybe<RlimitNice> ["LimitNICE"] = "PID 1's";
                /// Highest real-time priority.
                limit_rtprio: Maybe<Rlimit> ["LimitRTPRIO"] = "PID 1's";
                /// Microseconds, or a time, of real-time processing without a blocking call.
                limit_rttime: Maybe<RlimitMicros> ["LimitRTTIME"] = "PID 1's";
                /// A folder that is the root directory of the commands, `+` or not. The program,
                /// WorkingDirectory= and what the program opens are looked for in it; users,
                /// groups, environment files, OpenFile=, TTYPath= and the streams' files outside.
                root_directory: Maybe<AbsolutePath> ["RootDirectory"] = "/";
                /// RootDirectory= is for ExecStart= only. The other commands begin in that folder.
                root_start_only: One<Boolean> ["RootDirectoryStartOnly"] = "no";
                /// Must be no with RootDirectory=, where systemd mounts /proc, /sys, /dev and /run
                /// without it: here mount units do so.
                mount_api: Maybe<Boolean> ["MountAPIVFS"] = "nothing is mounted";
                /// Whether programs and what boots the board (/usr, /boot, /efi; /bin, /sbin, /lib)
                /// are read-only for the processes; full: /etc, too; strict: everything but /dev,
                /// /proc, /sys, /home, /root, /run/user and the folders that the unit has made.
                /// This and what follows takes a kernel of 5.12 or newer: on an older one, and in
                /// a container that may not mount, the service does not start. systemd goes on in
                /// a container. Commands with `+` see what the board sees.
                protect_system: One<SystemName> ["ProtectSystem"] = "no";
                /// Whether /home, /root and /run/user cannot be entered; read-only: nor written to;
                /// tmpfs: they are empty.
                protect_home: One<HomesName> ["ProtectHome"] = "no";
                /// Whether the processes have a /tmp and a /var/tmp of their own, empty when the
                /// service starts and gone when it has stopped. They are in /run. Each process of
                /// a service per connection has its own.
                private_tmp: One<PrivateTmpName> ["PrivateTmp"] = "no" needs "CONFIG_TMPFS";
                /// Paths that can be written to, whatever the directives above say of what is above
                /// them. Below what others of these directives mount it takes BindPaths=.
                read_write_paths: Many<ConfinedPaths> ["ReadWritePaths", "ReadWriteDirectories"]
                    = "";
                /// Paths that are read-only, with all below.
                read_only_paths: Many<ConfinedPaths> ["ReadOnlyPaths", "ReadOnlyDirectories"] = "";
                /// Paths that nobody can enter or read.
                inaccessible_paths: Many<ConfinedPaths>
                    ["InaccessiblePaths", "InaccessibleDirectories"] = "";
                /// What is at SOURCE is seen at TARGET, too, which is made if it is not there.
                bind_paths: Many<BoundTrees> ["BindPaths"] = "";
                /// As BindPaths=, read-only.
                bind_read_only_paths: Many<BoundTrees> ["BindReadOnlyPaths"] = "";
                /// An empty file system in memory, which each command finds empty.
                temporary_file_systems: Many<MemoryTrees> ["TemporaryFileSystem"]
                    = "" needs "CONFIG_TMPFS";
                /// Whether what the processes mount is theirs alone, without any of the above.
                private_mounts: One<Boolean> ["PrivateMounts"] = "no";
                /// Whether the processes have a network of their own, with nothing but a loopback
                /// interface. Listeners that they are passed are those of the board all the same:
                /// they can answer who connects, and reach nobody. Each command has another one.
                private_network: One<Boolean> ["PrivateNetwork"] = "no" needs "CONFIG_NET_NS";
                /// Whether the processes have message queues, semaphores and shared memory of
                /// System V of their own, each command others.
                private_ipc: One<Boolean> ["PrivateIPC"] = "no" needs "CONFIG_IPC_NS";
                /// Whether the board does not hear of it if the processes change its host name.
                protect_hostname: One<Boolean> ["ProtectHostname"] = "no" needs "CONFIG_UTS_NS";
                /// Whether the clock cannot be set: without CAP_SYS_TIME and CAP_WAKE_ALARM.
                protect_clock: One<Boolean> ["ProtectClock"] = "no";
                /// Whether the settings of the kernel in /proc and /sys are read-only.
                protect_kernel_tunables: One<Boolean> ["ProtectKernelTunables"] = "no";
                /// Whether modules cannot be loaded: without CAP_SYS_MODULE, and without their
                /// files.
                protect_kernel_modules: One<Boolean> ["ProtectKernelModules"] = "no";
                /// Whether the control groups in /sys/fs/cgroup are read-only.
                protect_control_groups: One<ProtectControlGroupsName> ["ProtectControlGroups"]
                    = "no";
                /// -1000 (never killed) to 1000 (killed first): how likely the kernel is to kill
                /// the processes when memory is short. Less than PID 1's needs CAP_SYS_RESOURCE; in
                /// a container without it the value is left as it is.
                oom_score_adjust: Maybe<OomScore> ["OOMScoreAdjust"] = "PID 1's: 0";
                /// -20 (most favourable) to 19.
                nice: Maybe<Niceness> ["Nice"] = "PID 1's: 0";
                /// other, batch, idle, fifo or rr: sched(7).
                cpu_policy: Maybe<PolicyName> ["CPUSchedulingPolicy"] = "PID 1's: other";
                /// 1 to 99 with fifo and rr, of which 1 is the default; else 0.
                cpu_priority: Maybe<Unsigned> ["CPUSchedulingPriority"] = "the policy's lowest";
                /// Children of the processes do not get policy and nice level.
                cpu_reset_on_fork: One<Boolean> ["CPUSchedulingResetOnFork"] = "no";
                /// Processors to run on: numbers and ranges such as `0 2-3`.
                cpu_affinity: Many<Processors> ["CPUAffinity"] = "";
                /// realtime, best-effort or idle: ioprio_set(2).
                io_class: Maybe<IoClassName> ["IOSchedulingClass"]
                    = "by the nice level; best-effort with IOSchedulingPriority=";
                /// 0 (highest) to 7.
                io_priority: Maybe<Unsigned> ["IOSchedulingPriority"]
                    = "by the nice level; 4 with IOSchedulingClass=";
                /// How exact the timers of the processes are; a bare number is nanoseconds.
                timer_slack: Maybe<Nanoseconds> ["TimerSlackNSec"] = "PID 1's: 50us";
                /// What uname(2) tells: the board's architecture, or the one of 32 bits that it
                /// runs as well.
                personality: Maybe<PersonalityName> ["Personality"] = "the board's architecture";
                /// Whether SIGPIPE is ignored when a program starts.
                ignore_sigpipe: One<Boolean> ["IgnoreSIGPIPE"] = "yes";
                /// The capabilities that can be had at all, by name, or with a leading ~ those
                /// that cannot. Assignments add up; an empty one is none of them.
                bounding_set: Many<Capabilities> ["CapabilityBoundingSet"] = "";
                /// Capabilities that the processes have in spite of User=.
                ambient_set: Many<Capabilities> ["AmbientCapabilities"] = "";
                /// Programs that are executed get no more rights than their caller has.
                no_new_privileges: One<Boolean> ["NoNewPrivileges"] = "no";
                /// Whose lines they are said to be, in what pilot-log keeps: at most 64 characters.
                syslog_identifier: Maybe<Identifier> ["SyslogIdentifier"]
                    = "the name of the command's program";
                /// Their facility.
                syslog_facility: One<FacilityName> ["SyslogFacility"] = "daemon";
                /// The level of lines that begin with none.
                syslog_level: One<LogLevelName> ["SyslogLevel"] = "info";
                /// A line may begin with its level: <0> to <7>.
                syslog_level_prefix: One<Boolean> ["SyslogLevelPrefix"] = "yes";
                /// Lines of a more verbose level are not kept. systemd means messages of syslog(3),
                /// too.
                log_level_max: One<LogLevelName> ["LogLevelMax"] = "debug";
                /// At most LogRateLimitBurst= lines of the unit are kept in that time; one line
                /// tells how many were dropped, when it is over. 0 in either is no limit. systemd
                /// counts lines of different levels apart.
                log_rate_interval: One<Time> ["LogRateLimitIntervalSec"] = "30s";
                /// See LogRateLimitIntervalSec=.
                log_rate_burst: One<Unsigned> ["LogRateLimitBurst"] = "10000";
            }
            /// A control group with others in it. All of this may stand in [Service], too.
            Slice "Slice" {
                /// Memory that is never taken away, as long as all that is promised so is there. A
                /// slice that says nothing is promised what all in it are (systemd: nothing, and
                /// then nobody in it is promised anything).
                memory_min: Maybe<MemoryAmount> ["MemoryMin"] = "0" needs "CONFIG_MEMCG";
                /// Memory that is taken away only if there is no other; for a slice as MemoryMin=.
                memory_low: Maybe<MemoryAmount> ["MemoryLow"] = "0" needs "CONFIG_MEMCG";
                /// Above that much memory the group is slowed down and has to give back.
                memory_high: Maybe<MemoryLimit> ["MemoryHigh"]
                    = "infinity" needs "CONFIG_MEMCG";
                /// Most memory: when no more can be freed, the kernel kills in the group. A
                /// percentage is of the board's memory, as PID 1 finds it. If the kernel has
                /// control groups (version 2) and cannot do that, nothing starts in the group.
                /// systemd goes on with a line, as PID 1 does with all else of a control group that
                /// cannot be, and on a kernel without control groups.
                memory_max: Maybe<MemoryLimit> ["MemoryMax"] = "infinity" needs "CONFIG_MEMCG";
                /// Most swap space.
                memory_swap_max: Maybe<MemoryAmount> ["MemorySwapMax"]
                    = "infinity" needs "CONFIG_MEMCG, CONFIG_SWAP";
                /// Most compressed swap space.
                memory_zswap_max: Maybe<MemoryAmount> ["MemoryZSwapMax"]
                    = "infinity" needs "CONFIG_MEMCG, CONFIG_ZSWAP";
                /// Whether compressed swap space may be written to a device.
                memory_zswap_writeback: Maybe<Boolean> ["MemoryZSwapWriteback"]
                    = "yes" needs "CONFIG_MEMCG, CONFIG_ZSWAP";
                /// Most processes and threads. A percentage is of those that the kernel allows.
                /// If the kernel cannot do that, nothing starts in the group. There is no
                /// DefaultTasksMax=, which is 15% under systemd.
                tasks_max: Maybe<TasksLimit> ["TasksMax"] = "infinity" needs "CONFIG_CGROUP_PIDS";
                /// The share of the processors beside others of the same slice, 1 to 10000; idle
                /// takes what nobody else wants.
                cpu_weight: Maybe<CpuWeight> ["CPUWeight"]
                    = "100" needs "CONFIG_FAIR_GROUP_SCHED";
                /// Most time of processors; 100% is all of one.
                cpu_quota: Maybe<Percentage> ["CPUQuota"]
                    = "none" needs "CONFIG_CFS_BANDWIDTH";
                /// In how long a time CPUQuota= is used up, 1ms to 1s. The kernel measures
                /// milliseconds: it is longer if the quota would be less than one.
                cpu_quota_period: One<LongTime> ["CPUQuotaPeriodSec"] = "100ms";
                /// The only processors that it runs on.
                allowed_cpus: Many<Processors> ["AllowedCPUs"] = "" needs "CONFIG_CPUSETS";
                /// The only nodes of memory that it has memory of.
                allowed_memory_nodes: Many<Processors> ["AllowedMemoryNodes"]
                    = "" needs "CONFIG_CPUSETS";
                /// The share of each device beside others of the same slice, 1 to 10000.
                io_weight: Maybe<Weight> ["IOWeight"]
                    = "100" needs "CONFIG_BLK_CGROUP_IOCOST";
                /// The same for one device.
                io_device_weight: Many<DeviceWeights> ["IODeviceWeight"]
                    = "" needs "CONFIG_BLK_CGROUP_IOCOST";
                /// Most bytes a second that are read from a device or written to it, and most
                /// requests a second. The device must be a whole one and be there when the group is
                /// made; systemd takes a file and finds its device.
                io_max: Many<DeviceLimits>
                    [
                        "IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax",
                        "IOWriteIOPSMax"
                    ]
                    = "" needs "CONFIG_BLK_DEV_THROTTLING";
                /// Counts processor time: the kernel does so anyway.
                cpu_accounting: One<Boolean> ["CPUAccounting"] = "no";
                /// Counts memory, for MemoryCurrent in pilotctl show.
                memory_accounting: One<Boolean> ["MemoryAccounting"] = "no" needs "CONFIG_MEMCG";
                /// Counts processes, for TasksCurrent in pilotctl show.
                tasks_accounting: One<Boolean> ["TasksAccounting"]
                    = "no" needs "CONFIG_CGROUP_PIDS";
                /// Counts what is read and written: io.stat of the group.
                io_accounting: One<Boolean> ["IOAccounting"] = "no" needs "CONFIG_BLK_CGROUP";
            }
            /// Listeners that are held from boot on, and the service that a connection starts.
            Socket "Socket" {
                /// Where to listen, in the order in which the service is passed them: a port (all
                /// addresses), `1.2.3.4:port`, `[v6]:port` or `[v6%interface]:port`, `/path`,
                /// `@abstract-name` or `vsock:CID:port` (without a CID: any).
                /// ListenSequentialPacket= takes the last three, ListenFIFO= a path,
                /// ListenSpecial= that of a device or of a file in /proc or /sys that can be
                /// waited for, ListenNetlink= a family and its groups as a number
                /// (`kobject-uevent 1`), ListenMessageQueue= a `/name`. An empty one clears all.
                listeners: Many<Listeners>
                    [
                        "ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO",
                        "ListenSpecial", "ListenNetlink", "ListenMessageQueue"
                    ]
                    = "" needs "CONFIG_UNIX or CONFIG_INET";
                /// yes: PID 1 accepts, and each connection gets its own instance of the
                /// template NAME@.service. no: the service is passed the listeners and accepts.
                accept: One<Boolean> ["Accept"] = "no";
                /// The service to start (Accept=no only).
                service: Maybe<UnitName> ["Service"] = "the service of the same name";
                /// Connections that are expected in a second, for pilotc lint. systemd passes over
                /// it.
                connection_rate: Maybe<Unsigned> ["X-ConnectionsPerSec"] = "not known";
                /// Connections the kernel queues; net.core.somaxconn caps it.
                backlog: One<Unsigned> ["Backlog"] = "4294967295";
                /// Instances at once (Accept=yes); further connections are closed.
                max_connections: Maybe<Unsigned> ["MaxConnections"] = "64";
                /// Of these from one address or user; 0 is no limit.
                max_connections_per_source: One<Unsigned> ["MaxConnectionsPerSource"] = "0";
                /// Window of PollLimitBurst=; 0 turns the limit off.
                poll_limit_interval: One<Time> ["PollLimitIntervalSec"] = "2s";
                /// Wake-ups by one listener in that window; then it rests until the window ends.
                poll_limit_burst: Maybe<Unsigned> ["PollLimitBurst"]
                    = "15; 150 with Accept=yes";
                /// Window of TriggerLimitBurst=; 0 turns the limit off.
                trigger_limit_interval: One<Time> ["TriggerLimitIntervalSec"] = "2s";
                /// Starts by the whole unit in that window; then it pauses and heals (systemd
                /// closes the socket for good).
                trigger_limit_burst: Maybe<Unsigned> ["TriggerLimitBurst"]
                    = "20; 200 with Accept=yes";
                /// SO_REUSEPORT: other sockets that say so too may share the port.
                reuse_port: One<Boolean> ["ReusePort"] = "no";
                /// TCP_NODELAY.
                no_delay: One<Boolean> ["NoDelay"] = "no";
                /// SO_KEEPALIVE: TCP probes dead peers.
                keep_alive: One<Boolean> ["KeepAlive"] = "no";
                /// Idle time after which TCP begins to probe; KeepAlive=yes goes with it.
                keep_alive_time: Maybe<Time> ["KeepAliveTimeSec"] = "the kernel's";
                /// Time between two probes.
                keep_alive_interval: Maybe<Time> ["KeepAliveIntervalSec"] = "the kernel's";
                /// Probes without an answer after which the peer is dead.
                keep_alive_probes: Maybe<Unsigned> ["KeepAliveProbes"] = "the kernel's";
                /// A TCP connection counts only when its first data is there, or after this time.
                defer_accept: Maybe<Time> ["DeferAcceptSec"] = "not waited for";
                /// SO_RCVBUF, in bytes, above the limit for others, too. K, M and G are understood.
                receive_buffer: Maybe<Bytes> ["ReceiveBuffer"] = "the kernel's";
                /// SO_SNDBUF, in bytes, likewise.
                send_buffer: Maybe<Bytes> ["SendBuffer"] = "the kernel's";
                /// The type of service of what is sent: low-delay, throughput, reliability,
                /// low-cost or a number.
                ip_tos: Maybe<TypeOfService> ["IPTOS"] = "the kernel's";
                /// Hops that what is sent may take, 1 to 255; of IPv6 as well.
                ip_ttl: Maybe<Hops> ["IPTTL"] = "the kernel's";
                /// SO_MARK: the mark that firewalls and routes see.
                mark: Maybe<Unsigned> ["Mark"] = "none";
                /// SO_PRIORITY: for the queues of the interface.
                priority: Maybe<Signed> ["Priority"] = "the kernel's";
                /// SO_BROADCAST: datagrams may be sent to all.
                broadcast: One<Boolean> ["Broadcast"] = "no";
                /// The algorithm that TCP goes by when the way is full.
                tcp_congestion: Maybe<Algorithm> ["TCPCongestion"] = "the kernel's";
                /// The interface that everything must come from.
                bind_to_device: Maybe<Interface> ["BindToDevice"] = "any";
                /// An address that no interface has yet can be bound.
                free_bind: One<Boolean> ["FreeBind"] = "no";
                /// IP_TRANSPARENT: an address of somebody else can be bound.
                transparent: One<Boolean> ["Transparent"] = "no";
                /// SO_PASSCRED: each message says who sent it.
                pass_credentials: One<Boolean> ["PassCredentials"] = "no";
                /// SO_PASSSEC: each message says its sender's security context.
                pass_security: One<Boolean> ["PassSecurity"] = "no";
                /// IP_PKTINFO and its like: each message says to which address it came.
                pass_packet_info: One<Boolean> ["PassPacketInfo"] = "no";
                /// Each message says when it came: off, us or ns.
                timestamping: One<TimestampName> ["Timestamping"] = "off";
                /// What is spoken instead of TCP or UDP: udplite, sctp or mptcp.
                socket_protocol: Maybe<SocketProtocolName> ["SocketProtocol"] = "TCP or UDP";
                /// Opens what ListenSpecial= names for writing as well.
                writable: One<Boolean> ["Writable"] = "no";
                /// Messages that a message queue holds; goes with MessageQueueMessageSize=.
                queue_messages: Maybe<Unsigned> ["MessageQueueMaxMessages"] = "the kernel's";
                /// Bytes of its longest message.
                queue_message_bytes: Maybe<Bytes> ["MessageQueueMessageSize"] = "the kernel's";
                /// Symbolic links to the path, of which there must be one. What is no link is
                /// left as it is.
                symlinks: Many<AbsolutePaths> ["Symlinks"] = "";
                /// Size of a FIFO in bytes. K, M and G are understood.
                pipe_size: Maybe<Bytes> ["PipeSize"] = "the kernel's";
                /// Connections from these addresses are taken, whatever IPAddressDeny= says:
                /// addresses and prefixes, any, localhost, link-local, multicast. Accept=yes only.
                ip_address_allow: Many<Prefixes> ["IPAddressAllow"] = "";
                /// Connections from these addresses are closed and counted in NRefused, before
                /// anything is started for them. Accept=yes only.
                ip_address_deny: Many<Prefixes> ["IPAddressDeny"] = "";
                /// Whether an IPv6 listener takes IPv4 too: default, both, ipv6-only.
                bind_ipv6_only: One<BindIpv6OnlyName> ["BindIPv6Only"] = "default"
                    needs "CONFIG_IPV6";
                /// Name of the listeners in LISTEN_FDNAMES.
                fd_name: Maybe<FdName> ["FileDescriptorName"]
                    = "the unit's name; connection with Accept=yes";
                /// Owner of the nodes in the file system.
                socket_user: Maybe<Account> ["SocketUser"] = "root";
                /// Their group.
                socket_group: Maybe<Account> ["SocketGroup"] = "the user's own group";
                /// Their permission bits.
                socket_mode: One<Mode> ["SocketMode"] = "0666";
                /// Permission bits of the folders made on the way to them.
                directory_mode: One<Mode> ["DirectoryMode"] = "0755";
                /// Drops what is queued whenever the socket begins to listen: after its service has
                /// ended, too. At most 1024 connections or messages a listener; what is behind
                /// them starts the service. Accept=no only.
                flush_pending: One<Boolean> ["FlushPending"] = "no";
                /// The slice that the socket lies in, with the commands that it runs.
                slice: Maybe<SliceName> ["Slice"] = "system.slice";
                /// Commands run one after the other before the socket opens. The commands of a
                /// socket run as root, with the board's environment and defaults; one that fails
                /// ends the socket. What they leave behind is ended when the socket stops.
                exec_start_pre: Many<Commands> ["ExecStartPre"] = "";
                /// Commands run when it is open and takes no connections yet.
                exec_start_post: Many<Commands> ["ExecStartPost"] = "";
                /// Commands run before it is closed.
                exec_stop_pre: Many<Commands> ["ExecStopPre"] = "";
                /// Commands run when it is closed.
                exec_stop_post: Many<Commands> ["ExecStopPost"] = "";
                /// Longest time for each of these; 0 and infinity wait for ever. Then SIGTERM, and
                /// after this time again SIGKILL.
                timeout: Maybe<Timeout> ["TimeoutSec"]
                    = "DefaultTimeoutStartSec= of board.conf";
                /// Passes the listeners to ExecStartPost= and ExecStopPre=, as to the service.
                /// (ExecStopPost= finds them closed; systemd may pass them to its first command.)
                pass_fds_to_exec: One<Boolean> ["PassFileDescriptorsToExec"] = "no";
                /// Unlinks the nodes when the socket stops.
                remove_on_stop: One<Boolean> ["RemoveOnStop"] = "no";
            }
            /// A file system in its place; the lines of fstab are such units, too.
            Mount "Mount" {
                /// What is mounted: a device, a folder (with bind), or a name. UUID=, LABEL=,
                /// PARTUUID= and PARTLABEL= stand for links below /dev/disk, where somebody makes
                /// them.
                what: Maybe<MountSource> ["What"] = "none: it must be given";
                /// Where it is mounted; the unit's name must be that path, escaped. What others
                /// mount and unmount there is not noticed. Folders that are not there are made.
                /// -.mount mounts the root anew, with its options.
                place: Maybe<AbsolutePath> ["Where"] = "the path that the unit's name says";
                /// The kind of file system; without it those that the kernel knows are tried.
                fs_type: Maybe<FsType> ["Type"] = "found out";
                /// Options of mount(8). What only a helper program of it knows is refused. In a
                /// file `fstab` among the units, or etc/fstab below a folder of Files=, those that
                /// begin with x-systemd. mean what systemd.mount(5) says.
                options: Many<MountOptions> ["Options"] = "";
                /// Lets a busy file system go, out of sight until nobody uses it.
                lazy_unmount: One<Boolean> ["LazyUnmount"] = "no";
                /// Unmounts although a server does not answer.
                force_unmount: One<Boolean> ["ForceUnmount"] = "no";
                /// Fails rather than mounts read-only what cannot be written to.
                read_write_only: One<Boolean> ["ReadWriteOnly"] = "no";
                /// Permissions of folders that are made on the way.
                mount_directory_mode: One<Mode> ["DirectoryMode"] = "0755";
                /// Longest time that mounting or unmounting may take; what works at it is killed
                /// then. A device that is not there yet is waited for before, for 90 seconds or as
                /// the option x-systemd.device-timeout= says.
                mount_timeout: Maybe<Timeout> ["TimeoutSec"]
                    = "DefaultTimeoutStartSec= of board.conf";
            }
            /// A swap area in use; the `swap` lines of fstab are such units, too.
            Swap "Swap" {
                /// The device or the file; the unit's name must be that path, escaped. UUID= and
                /// its like are as for What= of a mount. mkswap(8) is not run.
                swap_what: Maybe<MountSource> ["What"] = "none: it must be given";
                /// The kernel uses areas of a higher priority first, 0 to 32767. -1 leaves it to
                /// the kernel. pri= in Options= comes before this.
                swap_priority: Maybe<SwapPriority> ["Priority"] = "the kernel's choice";
                /// Options of swapon(8): discard, discard=once, discard=pages, pri=. In a file
                /// `fstab` also nofail, noauto, and what systemd.swap(5) says of x-systemd.; sorts
                /// of x-systemd. that systemd.mount(5) has, and that make sense, are taken, too.
                swap_options: Many<SwapOptions> ["Options"] = "";
                /// Longest time that swapon(2) or swapoff(2) may take. A device that is not there
                /// yet is waited for before, for 90 seconds or as x-systemd.device-timeout= says.
                swap_timeout: Maybe<Timeout> ["TimeoutSec"]
                    = "DefaultTimeoutStartSec= of board.conf";
            }
            /// Moments, and the unit that is started at each of them.
            Timer "Timer" {
                /// When the timer elapses, each as often as needed: so long after the kernel's
                /// start (OnBootSec=), PID 1's (OnStartupSec=), the timer's own (OnActiveSec=), the
                /// last start (OnUnitActiveSec=) or end (OnUnitInactiveSec=) of its unit. The clock
                /// is CLOCK_BOOTTIME: what falls into a suspend is made up for after it.
                /// OnCalendar= has the whole grammar of systemd.time(7), seconds down to the
                /// microsecond, and follows the clock on the wall, whoever sets it. A time of day
                /// that the clock skips in spring does not come; one that it shows twice in autumn
                /// comes once, unless the calendar has every hour. What a clock passes over that
                /// stood before 2026, and so was never set, is not made up for. An empty one
                /// clears all.
                elapses: Many<Elapses>
                    [
                        "OnBootSec", "OnStartupSec", "OnActiveSec", "OnUnitActiveSec",
                        "OnUnitInactiveSec", "OnCalendar"
                    ]
                    = "";
                /// How late the timer may elapse. Timers whose times fit together elapse at once,
                /// and PID 1 wakes up once; 1us is as exact as PID 1 is: a millisecond.
                accuracy: One<LongTime> ["AccuracySec"] = "1min";
                /// Adds a random time up to this to each elapse.
                randomized_delay: One<LongTime> ["RandomizedDelaySec"] = "0";
                /// The random time is always the same for this timer on this board.
                fixed_random_delay: One<Boolean> ["FixedRandomDelay"] = "no";
                /// no: a timer that will never elapse again is stopped, so that it can be started
                /// anew.
                remain_after_elapse: One<Boolean> ["RemainAfterElapse"] = "yes";
                /// Elapses when somebody sets the clock, too.
                on_clock_change: One<Boolean> ["OnClockChange"] = "no";
                /// OnCalendar= counts from the end of the unit: what comes while it is up is not
                /// made up for when it is down.
                defer_reactivation: One<Boolean> ["DeferReactivation"] = "no";
                /// When OnCalendar= last started the unit is kept in a file of TimerStamps= of
                /// board.conf, over reboots: what came meanwhile starts the unit as soon as the
                /// timer is started, after RandomizedDelaySec=. The file system must be writable;
                /// the timer has Requires= and After= of its mount unit. A file that cannot be
                /// read or written is told of and does no harm. As long as the clock has not been
                /// set nothing is made up for, and nothing is kept.
                persistent: One<Boolean> ["Persistent"] = "no";
                /// The unit to start: of any kind but .timer.
                trigger: Maybe<UnitName> ["Unit"] = "the service of the same name";
            }
            /// Paths, and the unit that is started for what is there or changes.
            Path "Path" {
                /// When the unit is started: something is there (PathExists=, PathExistsGlob=), a
                /// folder has entries (DirectoryNotEmpty=), a file is closed after somebody wrote
                /// to it, its attributes change, it comes or goes, or an entry of a folder does
                /// (PathChanged=), with each write as well (PathModified=). When the unit is down
                /// again the first three are looked at anew; what changes while it is up starts
                /// nothing. A child of PID 1 looks, at most each 5 ms. Of a pattern new entries
                /// are heard of where its first wildcard stands. $TRIGGER_PATH is not passed. An
                /// empty one clears all.
                watched: Many<WatchedPaths>
                    [
                        "PathExists", "PathExistsGlob", "PathChanged", "PathModified",
                        "DirectoryNotEmpty"
                    ]
                    = "";
                /// Makes the paths as folders before it looks, but those of PathExists= and
                /// PathExistsGlob=.
                make_directory: One<Boolean> ["MakeDirectory"] = "no";
                /// Permissions of these folders, and of those on the way.
                path_directory_mode: One<Mode> ["DirectoryMode"] = "0755";
                /// Window of TriggerLimitBurst=; 0 turns the limit off.
                path_trigger_interval: One<Time> ["TriggerLimitIntervalSec"] = "2s";
                /// Starts in that window; then it pauses and looks again when it ends (systemd
                /// lets the unit fail).
                path_trigger_burst: One<Unsigned> ["TriggerLimitBurst"] = "200";
                /// The unit to start: of any kind but .path.
                path_trigger: Maybe<UnitName> ["Unit"] = "the service of the same name";
            }
            /// Which units pull this one in. Present means enabled, unless a preset disables it.
            Install "Install" {
                /// Units that get this one as Wants=.
                wanted_by: Many<Units> ["WantedBy"] = "";
                /// Units that get this one as Requires=.
                required_by: Many<Units> ["RequiredBy"] = "";
                /// Units that get this one as Upholds=.
                upheld_by: Many<Units> ["UpheldBy"] = "";
                /// Other names of this unit, with its own suffix.
                alias: Many<Units> ["Alias"] = "";
                /// Units that are enabled with this one, whatever presets say.
                also: Many<Units> ["Also"] = "";
                /// The instance of a template that is enabled if nothing names another.
                default_instance: Maybe<InstanceName> ["DefaultInstance"] = "none";
            }
            /// board.conf: what the image is made of.
            Board "Board" {
                /// armv7, aarch64, riscv64 or x86_64.
                architecture: Maybe<ArchitectureName> ["Architecture"] = "none: it must be given";
                /// Folders that are laid out as a board and lie below this one, relative to it:
                /// what their `board.conf` says counts unless this one says otherwise, their units
                /// are hidden by files of the same name. An earlier folder hides a later one.
                include: Many<Paths> ["Include"] = "";
                /// Whose clock OnCalendar= follows where it names no zone: a zone of the build
                /// machine's zoneinfo, or a rule as in the variable TZ. Of a zone its present rule
                /// is taken; the board has no zoneinfo. Services see nothing of it.
                time_zone: One<TimeZone> ["TimeZone"] = "UTC";
                /// Host name; empty leaves the kernel's.
                hostname: One<HostName> ["Hostname"] = "";
                /// Where PID 1 writes and StandardInput=tty reads.
                console: One<AbsolutePath> ["Console"] = "/dev/console";
                /// What a boot starts; default.target is another name for it.
                default_target: One<UnitName> ["DefaultTarget"] = "multi-user.target";
                /// Distribution packages that programs are taken from.
                packages: Many<Strings> ["Packages"] = "";
                /// Absolute paths inside those packages: programs, or whole folders.
                programs: Many<Strings> ["Programs"] = "";
                /// A program and the names that lead to it, in the program's folder.
                links: Many<WordLines> ["Links"] = "";
                /// Folders that are laid over the root file system, relative to this one. Units,
                /// modules-load.d, sysctl.d, tmpfiles.d and etc/fstab in them are read at build.
                files: Many<Paths> ["Files"] = "";
                /// Kernel modules loaded at boot.
                modules: Many<Strings> ["Modules"] = "";
                /// Ports of the emulated board that the host reaches.
                forward: Many<Forwards> ["Forward"] = "";
            }
            /// board.conf: which warnings and lints count. `pilotc lint` tells the lints.
            Lint "Lint" {
                /// Those that are not told.
                allow: Many<LintNames> ["Allow"] = "";
                /// Those that stop the build.
                deny: Many<LintNames> ["Deny"] = "";
            }
            /// board.conf: the settings of PID 1, as in systemd-system.conf(5).
            Manager "Manager" {
                /// Default of TimeoutStartSec=.
                default_timeout_start: One<Timeout> ["DefaultTimeoutStartSec"] = "90s";
                /// Default of TimeoutStopSec=.
                default_timeout_stop: One<Timeout> ["DefaultTimeoutStopSec"] = "90s";
                /// Default of RestartSec=.
                default_restart_delay: One<Time> ["DefaultRestartSec"] = "100ms";
                /// Default of StartLimitIntervalSec=.
                default_start_limit_interval: One<Time>
                    ["DefaultStartLimitIntervalSec", "DefaultStartLimitInterval"] = "10s";
                /// Default of StartLimitBurst=.
                default_start_limit_burst: One<Unsigned> ["DefaultStartLimitBurst"] = "5";
                /// Environment of every service, below its own.
                default_environment: Many<Assignments> ["DefaultEnvironment"] = "";
                /// Default of StandardOutput=.
                default_standard_output: One<OutputName> ["DefaultStandardOutput"] = "kmsg";
                /// Default of StandardError=.
                default_standard_error: One<OutputName> ["DefaultStandardError"] = "inherit";
                /// Default of LimitNOFILE=.
                default_limit_nofile: Maybe<Rlimit> ["DefaultLimitNOFILE"]
                    = "1024:524288";
                /// The folder where timers with Persistent= keep when they last elapsed, on a
                /// file system that outlives a reboot. It is made when it is needed.
                timer_stamps: One<AbsolutePath> ["TimerStamps"] = "/var/lib/systemd/timers";
                /// What PID 1 does when it finds itself broken: reboot, poweroff, freeze.
                crash_action: One<CrashActionName> ["CrashAction"] = "reboot";
                /// What Ctrl-Alt-Del does when it is pressed more than 7 times in 2 seconds.
                /// Pressed once it starts ctrl-alt-del.target, which is reboot.target unless the
                /// board has another one or masks it.
                ctrl_alt_del_burst: One<EmergencyName> ["CtrlAltDelBurstAction"] = "reboot-force";
                /// The hardware watchdog resets the board when PID 1 has not fed it for so long:
                /// whole seconds, rounded up; default leaves the driver's time, off feeds none. It
                /// is fed from the moment its device is there, every half of that time, until the
                /// board goes off. A driver that cannot have this time keeps its own.
                runtime_watchdog: One<WatchdogTime> ["RuntimeWatchdogSec"] = "off";
                /// The same time from the moment the board begins to shut down, in which it is fed,
                /// too: default leaves what is set, off stops the watchdog then.
                reboot_watchdog: One<WatchdogTime> ["RebootWatchdogSec", "ShutdownWatchdogSec"]
                    = "default";
                /// The hardware watchdog's device. It may come late: it is looked for every second.
                watchdog_device: One<AbsolutePath> ["WatchdogDevice"] = "/dev/watchdog0";
                /// Units without which the board is of no use: while one of them has failed the
                /// hardware watchdog is not fed, so that the board is reset unless somebody starts
                /// the unit in time.
                watchdog_units: Many<Units> ["WatchdogUnits"] = "";
                /// A shell, such as /bin/sh or /sbin/sulogin, that rescue.target and
                /// emergency.target run on the console; the latter also when a unit fails that
                /// sysinit.target, local-fs.target or initrd-root-fs.target requires. It asks
                /// nobody for a password unless it does so itself: leave it out of what goes to
                /// customers.
                emergency_shell: Maybe<AbsolutePath> ["EmergencyShell"] = "none";
                /// Whether a boot heeds the kernel's command line: pilot.unit=, pilot.mask= and
                /// pilot.log_level= (systemd. in the place of pilot. too), rescue, single, 1,
                /// emergency, 2 to 5, quiet and debug. In a container PID 1's arguments are heeded
                /// in its place.
                command_line: One<Boolean> ["KernelCommandLine"] = "yes";
                /// Bytes of memory for the last lines of each unit whose output pilot-log keeps,
                /// and for those of syslog(3): 4K to 16M each, taken as lines come. A line takes
                /// 28 more than its own and its identifier's.
                log_ring_size: One<Bytes> ["LogRingSize"] = "16K";
                /// Most verbose level that reaches the console: emerg, alert, crit, err, warning,
                /// notice, info, debug, or 0-7.
                log_level: One<LogLevelName> ["LogLevel"] = "info";
                /// All units must have stopped by then at shutdown.
                shutdown_timeout: One<Time> ["ShutdownTimeoutSec"] = "90s";
                /// Services that a boot, or a target that is started by hand, starts at once; the
                /// next in order waits until one of them is up. 0 is no limit. Starts by traffic or
                /// by name do not wait, and take no place.
                parallel_starts: One<Unsigned> ["ParallelStarts"] = "16";
                /// Spawns at once whose child has not yet executed its program, 1-64.
                spawn_slots: One<Unsigned> ["SpawnSlots"] = "8";
            }
        }
    };
}
