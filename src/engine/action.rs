//! Everything PID 1 can do to the world. `run` turns each into system calls.

use unit::control::{JobResult, Refusal, ShutdownKind};
use unit::{Command, ListenerId, Seq, Service, SocketCommands, UnitId};

use super::event::{ClientId, InstanceId, Pid, Process, Work};
use crate::features;

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Bind every listener of a socket unit. Answer: `SocketOpened` or `SocketOpenFailed`.
    OpenSocket(UnitId),
    /// Close every listener of a socket unit, and unlink nodes if `RemoveOnStop=`.
    CloseSocket(UnitId),
    /// Drop what is queued at the listeners of a socket unit: `FlushPending=`.
    Flush(UnitId),
    /// Report `Readable` and `HungUp` of every listener of a socket unit, level-triggered. A
    /// listener whose node in the file system is not its own any more is `HungUp` at once.
    Watch(UnitId),
    /// Report nothing of them any more.
    Unwatch(UnitId),
    /// As `Watch`, for one listener.
    WatchListener(ListenerId),
    /// As `Unwatch`, for one listener.
    UnwatchListener(ListenerId),
    /// Accept one connection. Answer: `Accepted` or `AcceptFailed`.
    Accept {
        /// Where.
        listener: ListenerId,
        /// The slot that will hold it.
        instance: InstanceId,
    },
    /// Accept one connection and close it. Answers only with `AcceptFailed`.
    Refuse(ListenerId),
    /// Close the connection that was accepted for this slot.
    Drop(InstanceId),
    /// Make a child. Answer: `Spawned` or `SpawnFailed`.
    Spawn {
        /// Which.
        process: Process,
        /// The command it runs; for an instance that of its template.
        command: CommandRef,
        /// For `$MAINPID`.
        main_pid: Option<Pid>,
    },
    /// Signal processes of a unit.
    Kill {
        /// Whom.
        target: Target,
        /// signal(7) number.
        signal: u8,
    },
    /// Tell whether processes of the unit are left. Answer: `GroupEmpty`, or `GroupPopulated` at
    /// once and `GroupEmpty` later.
    WatchGroup(UnitId),
    /// The unit's main process says that it is this one now. If it is of the unit, watch it.
    /// Answers only with `MainAdopted`.
    AdoptMain {
        /// The unit.
        unit: UnitId,
        /// The process it named.
        pid: Pid,
    },
    /// `Type=forking`: what was started has ended. Look for the main process that it has left, by
    /// `PIDFile=` or in the unit's group, and watch it. Answers with `MainAdopted` or
    /// `MainMissing`.
    FindMain(UnitId),
    /// Unlink `PIDFile=`: whom it names has ended.
    RemovePidFile(UnitId),
    /// Listen to the watches that the child of [`Work::Look`] has set for a path unit. What tells
    /// of one of the first `targets` of them is a change that is waited for. Answers at once with
    /// `PathTouched` if the watches that these follow have told of one.
    WatchPath {
        /// The path unit.
        unit: UnitId,
        /// How many.
        targets: u8,
    },
    /// Watch a path unit's paths no more.
    UnwatchPath(UnitId),
    /// Close the descriptors that a service has stored.
    ReleaseStored(UnitId),
    /// Tell what the child of [`Work::ReadStamp`] has found. Answer: `StampTaken`.
    TakeStamp(UnitId),
    /// Answer a request.
    Reply {
        /// Who asked.
        client: ClientId,
        /// The answer.
        answer: Answer,
    },
    /// Signal every process but PID 1, let those that are stopped go on to hear it, then reap.
    /// Answer, if nobody is left: `ChildrenGone`.
    KillAll {
        /// signal(7) number.
        signal: u8,
    },
    /// Make the child that does this. Answer: `Spawned` or `SpawnFailed`, with
    /// [`Work::process`].
    Work(Work),
    /// reboot(2). Does not come back.
    Shutdown(ShutdownKind),
}

/// A command in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommandRef {
    /// The service.
    pub unit: UnitId,
    /// Which of its lists.
    pub list: CommandList,
    /// Which in the list.
    pub index: u8,
}

/// The lists of commands of a service or a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommandList {
    /// `ExecCondition=`.
    Condition,
    /// `ExecStartPre=`.
    StartPre,
    /// `ExecStart=`.
    Start,
    /// `ExecStartPost=`.
    StartPost,
    /// `ExecReload=`.
    Reload,
    /// `ExecReloadPost=`.
    ReloadPost,
    /// `ExecStop=`.
    Stop,
    /// `ExecStopPre=` of a socket.
    StopPre,
    /// `ExecStopPost=`.
    StopPost,
}

impl CommandList {
    /// The list that `as` gives this number.
    pub fn from_number(number: u8) -> Option<Self> {
        const ALL: [CommandList; 9] = [
            CommandList::Condition,
            CommandList::StartPre,
            CommandList::Start,
            CommandList::StartPost,
            CommandList::Reload,
            CommandList::ReloadPost,
            CommandList::Stop,
            CommandList::StopPre,
            CommandList::StopPost,
        ];
        ALL.get(usize::from(number)).copied()
    }

    /// Its commands; a service has none before its end.
    pub fn of<'t>(self, config: &Service<'t>) -> Seq<'t, Command<'t>> {
        if !features::HELPERS {
            return if self == Self::Start { config.exec_start } else { Seq::EMPTY };
        }
        let more = || features::more(config);
        match self {
            Self::Condition => more().exec_condition,
            Self::StartPre => config.exec_start_pre,
            Self::Start => config.exec_start,
            Self::StartPost => more().exec_start_post,
            Self::Reload => config.exec_reload,
            Self::ReloadPost => more().exec_reload_post,
            Self::Stop => config.exec_stop,
            Self::StopPost => more().exec_stop_post,
            Self::StopPre => Seq::EMPTY,
        }
    }

    /// Its commands, of a socket: it has those before and after.
    pub fn of_socket<'t>(self, commands: &SocketCommands<'t>) -> Seq<'t, Command<'t>> {
        match self {
            Self::StartPre => commands.start_pre,
            Self::StartPost => commands.start_post,
            Self::StopPre => commands.stop_pre,
            Self::StopPost => commands.stop_post,
            Self::Condition | Self::Start | Self::Reload | Self::ReloadPost | Self::Stop => {
                Seq::EMPTY
            }
        }
    }
}

/// Who is signalled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// One child that has not been reaped.
    Child(Pid),
    /// A main process that was adopted, through the descriptor that names it.
    Adopted(UnitId),
    /// Every process of a service: its control group, or without one the groups of processes
    /// that `leaders` lead.
    Group {
        /// The service.
        unit: UnitId,
        /// Its main and control process, as far as they are not reaped.
        leaders: [Option<Pid>; 2],
    },
    /// Every process of every instance of a per-connection service: its control group, or
    /// without one the groups of processes that [`super::Engine::instance_pids`] lead.
    Instances(UnitId),
}

/// The answer to a request; the executor asks the engine for the contents as it sends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Done, or no more.
    Done,
    /// A job that ended otherwise.
    Failed(JobResult),
    /// Refused.
    Refused(Refusal),
    /// State of a unit.
    Unit(UnitId),
    /// State of an instance.
    Instance(InstanceId),
    /// State of the whole.
    Manager,
}
