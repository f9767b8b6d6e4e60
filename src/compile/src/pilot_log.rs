//! `pilot-log` as units: they are there without a file as soon as one says `StandardOutput=log`,
//! and a file of the same name takes the place of each.

use unit::Stdio;

use crate::draft::Draft;
use crate::grammar::Stream;
use crate::load::BoardDraft;

/// The listener for output.
pub const SOCKET: &str = "pilot-log.socket";
/// The listener for syslog(3), which may be masked alone.
pub const SYSLOG_SOCKET: &str = "pilot-log-dev-log.socket";
/// Who reads both.
pub const SERVICE: &str = "pilot-log.service";

/// Name and text. The program is the one that PID 1 is, and has its table. Another mode of the
/// first socket would not let anybody else in: who is not root is turned away.
const BUILT_IN: [(&str, &str); 3] = [
    (
        SOCKET,
        "[Unit]\nDescription=Output of Services\nDefaultDependencies=no\nIgnoreOnIsolate=yes\n\
         [Socket]\nListenStream=/run/pilot/log/stdout\nSocketMode=0600\n",
    ),
    (
        SYSLOG_SOCKET,
        "[Unit]\nDescription=System Log Messages\nDefaultDependencies=no\nIgnoreOnIsolate=yes\n\
         [Socket]\nService=pilot-log.service\nListenDatagram=/dev/log\nSocketMode=0666\n",
    ),
    (
        SERVICE,
        "[Unit]\nDescription=Last Lines of Services\nDefaultDependencies=no\n\
         IgnoreOnIsolate=yes\n\
         [Service]\nExecStart=@/proc/1/exe pilot-log\nRestart=always\nNonBlocking=yes\n\
         StandardOutput=kmsg\nStandardError=inherit\nFileDescriptorStoreMax=128\n\
         FileDescriptorStorePreserve=yes\n",
    ),
];

/// The text of a unit that is there without a file.
pub fn text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(each, _)| *each == name).map(|(_, text)| *text)
}

/// Where the output of a unit's processes is told to lead, defaults applied.
fn outputs<'d>(draft: &'d Draft, board: &'d BoardDraft) -> Vec<&'d Stream> {
    let defaults =
        [&board.manager.default_standard_output.value, &board.manager.default_standard_error.value];
    if let Some(service) = draft.service() {
        let own = [service.standard_output.value(), service.standard_error.value()];
        return own
            .into_iter()
            .zip(defaults)
            .map(|(own, default)| own.unwrap_or(default))
            .collect();
    }
    let has_commands = |socket: &crate::draft::Socket| {
        let lists = [
            &socket.exec_start_pre,
            &socket.exec_start_post,
            &socket.exec_stop_pre,
            &socket.exec_stop_post,
        ];
        lists.iter().any(|list| !list.items.is_empty())
    };
    if draft.socket().is_some_and(has_commands) { defaults.to_vec() } else { Vec::new() }
}

/// True if a unit's output leads to `pilot-log`, whoever it is; `is_there`: it is on the board.
pub fn leads_to_log(draft: &Draft, board: &BoardDraft, is_there: bool) -> bool {
    outputs(draft, board).into_iter().any(|stream| stream.settle(is_there) == Stdio::Log)
}

/// As [`leads_to_log`], of others than its own units.
pub fn is_kept(draft: &Draft, board: &BoardDraft, is_there: bool) -> bool {
    let name = draft.name.to_string();
    let is_own = [SOCKET, SYSLOG_SOCKET, SERVICE].contains(&name.as_str());
    !is_own && leads_to_log(draft, board, is_there)
}

/// The names that such a unit leads to.
pub fn wanted(draft: &Draft, board: &BoardDraft) -> &'static [&'static str] {
    if is_kept(draft, board, false) { &[SOCKET, SYSLOG_SOCKET] } else { &[] }
}
