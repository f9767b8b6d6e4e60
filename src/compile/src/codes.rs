//! Every diagnostic has a code: one line each, with what it means. The long of it, with examples
//! that a test compiles, is in `explain/CODE.md`.

use crate::report::Severity;

/// What a diagnostic is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Code {
    /// Such as `E301`; errors begin with E, warnings with W, lints with L.
    pub id: &'static str,
    /// Its name in words, as in the folders of `tests/units/bad`.
    pub name: &'static str,
    /// Whether it stops the build.
    pub severity: Severity,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// Why, with an example and its mended form: `explain/CODE.md`, Markdown.
    pub explanation: &'static str,
}

macro_rules! codes {
    ($($constant:ident $id:literal $name:literal $severity:ident $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $constant: Code = Code {
            id: $id, name: $name, severity: Severity::$severity, meaning: $meaning,
            explanation: include_str!(concat!("explain/", $id, ".md")),
        };)*
        /// All codes, in order.
        pub const ALL: &[Code] = &[$($constant),*];
    };
}

codes! {
    UNREADABLE "E100" "unreadable" Error "A file or folder cannot be read.";
    NOT_TEXT "E101" "not-text" Error "The file is not UTF-8 text, or has a NUL in it.";
    TOO_LONG "E102" "too-long" Error "The file or a line is longer than the limit.";
    NO_ASSIGNMENT "E103" "no-assignment" Error "A line is no section, assignment or comment.";
    NO_SECTION "E104" "no-section" Error "An assignment stands before the first section.";
    UNKNOWN_SECTION "E105" "unknown-section" Error "Nobody knows a section of that name here.";
    UNKNOWN_KEY "E106" "unknown-key" Error "Nobody knows a directive of that name there.";
    UNSUPPORTED_KEY "E107" "unsupported-key" Error
        "systemd knows the directive, and leaving it out would change what the service does.";
    UNSUPPORTED_SECTION "E108" "unsupported-section" Error
        "systemd knows the section, and units of that kind are not supported.";
    UNSUPPORTED_UNIT "E109" "unsupported-unit" Error
        "systemd knows units of that kind, and they are not supported.";
    UNKNOWN_FOLDER "E110" "unknown-folder" Error
        "A folder among the units is none of NAME.d, NAME.wants and NAME.requires.";
    NOT_A_UNIT "E111" "not-a-unit" Error "The name of a file in a units folder is no unit's.";
    SWALLOWED "E112" "swallowed-section" Error
        "A line that goes on takes the section below it for its own text.";
    BLANK_AFTER_BACKSLASH "E113" "blank-after-backslash" Error
        "Blanks stand between a backslash and the end of its line, which does not go on.";
    BAD_PRESET "E114" "bad-preset" Error "A line of a preset file cannot be understood.";
    BAD_VALUE "E201" "bad-value" Error "A value is not of the form that its directive wants.";
    BAD_RANGE "E202" "bad-range" Error "A number or time is out of its range.";
    BAD_COMMAND "E203" "bad-command" Error "A command line cannot be understood.";
    BAD_SPECIFIER "E204" "bad-specifier" Error
        "A %-specifier is unknown, or not known at build time.";
    BAD_ADDRESS "E205" "bad-address" Error "An address to listen on cannot be understood.";
    BAD_NAME "E206" "bad-name" Error "A name of a unit, user, variable or file is malformed.";
    UNSUPPORTED_VALUE "E207" "unsupported-value" Error
        "systemd knows the value, and it is not supported.";
    UNRESOLVED_NAME "E301" "unresolved-name" Error "A name leads to no unit.";
    SOCKET_WITHOUT_SERVICE "E302" "socket-without-service" Error
        "A socket has no service to start.";
    ACCEPT_WITHOUT_TEMPLATE "E303" "accept-without-template" Error
        "A socket with Accept=yes has no template NAME@.service.";
    ADDRESS_TWICE "E304" "address-twice" Error "Two listeners want the same address.";
    ORDERING_CYCLE "E305" "ordering-cycle" Error "Units wait for each other in a circle.";
    CONTRADICTION "E306" "contradiction" Error
        "A unit needs two units that cannot be active at once.";
    NO_COMMAND "E307" "no-command" Error "A service has no ExecStart=.";
    SEVERAL_COMMANDS "E308" "several-commands" Error
        "A service that is not Type=oneshot has more than one ExecStart=.";
    ONESHOT_RESTART "E309" "oneshot-restart" Error
        "Type=oneshot cannot be restarted after success.";
    ACCEPT_KIND "E310" "accept-kind" Error
        "Accept=yes does not go with datagram sockets, FIFOs or Service=.";
    CONNECTION_TEMPLATE "E311" "connection-template" Error
        "The template of an Accept=yes socket wants more than a connection's instance can have.";
    STDIN_SOCKET "E312" "stdin-socket" Error
        "A stream is to be the socket, and there is not exactly one.";
    NO_LISTENER "E313" "no-listener" Error "A socket listens to nothing.";
    TOO_MANY "E314" "too-many" Error "The board has more of something than the table can number.";
    NO_ARCHITECTURE "E315" "no-architecture" Error "A board does not say what it runs on.";
    INCLUDE "E316" "include" Error "Include= leads to no folder, or in a circle.";
    WANTED_BY_NOTHING "E317" "wanted-by-nothing" Error
        "A unit is to be started by one that nobody has.";
    AMBIGUOUS_NAME "E318" "ambiguous-name" Error "One name is that of two units.";
    BAD_ALIAS "E319" "bad-alias" Error
        "A name cannot stand for the unit that it is to be another name of.";
    UNREACHABLE_READY "E320" "unreachable-ready" Error
        "A service waits for a READY=1 that nobody may say.";
    TEMPLATE_WITHOUT_ACCEPT "E321" "template-without-accept" Error
        "A socket with Accept=no has only a template to start.";
    WANTED_AT_SHUTDOWN "E322" "wanted-at-shutdown" Error
        "A unit is to start on the way down, where it is stopped.";
    FOREIGN_SOCKETS "E323" "foreign-sockets" Error
        "Sockets= names a socket that starts another service.";
    ACCESS_WITHOUT_ACCEPT "E324" "access-without-accept" Error
        "Addresses are allowed or denied where PID 1 does not accept.";
    LINK_TO_NOTHING "E325" "link-to-nothing" Error
        "Symlinks= has not one path to lead to.";
    STARTS_NOTHING "E326" "starts-nothing" Error
        "A timer or a path has no unit to start.";
    NEVER_ELAPSES "E327" "never-elapses" Error "A timer has no moment at which it elapses.";
    MOUNT_NAME "E328" "mount-name" Error
        "A mount or swap unit does not have the name of its place, or the place is PID 1's.";
    NOTHING_TO_MOUNT "E329" "nothing-to-mount" Error "A mount or swap unit has no What=.";
    BAD_FSTAB "E330" "bad-fstab" Error
        "A line of fstab is not of its form, or says what no unit can.";
    BAD_DUTY "E331" "bad-duty" Error
        "A line of modules-load.d, sysctl.d or tmpfiles.d is not of its form, or not carried out.";
    WATCHES_NOTHING "E332" "watches-nothing" Error "A path unit has nothing to look at.";
    SLICE_NAME "E333" "slice-name" Error "A name does not say in which slices a slice lies.";
    NO_LOG "E334" "no-log" Error "Output is to go to pilot-log, which cannot read it.";
    ROOT_DIRECTORY "E335" "root-directory" Error
        "A service in a root directory of its own would lack what systemd puts there.";
    NAMESPACE "E336" "namespace" Error
        "What a service is to see of the file system cannot be put together.";
    COSMETIC_KEY "W401" "cosmetic-key" Warning
        "systemd knows the directive, and leaving it out changes nothing that matters.";
    NO_EFFECT "W402" "no-effect" Warning "An option has no effect on what the unit is.";
    BACKLOG_CAPPED "W403" "backlog-capped" Warning
        "Backlog= is above what kernels allow by default.";
    REUSE_PORT_ALONE "W404" "reuse-port-alone" Warning
        "ReusePort=yes with Accept=no: there is one instance and nobody to share with.";
    SHARED_ADDRESS "W405" "shared-address" Warning
        "Two listeners share an address by ReusePort=: each gets a part of the connections.";
    UNKNOWN_ESCAPE "W406" "unknown-escape" Warning
        "A backslash escape is unknown and stands for itself.";
    UNEXPANDED_VARIABLE "W407" "unexpanded-variable" Warning
        "$NAME inside a word is not expanded; ${NAME} is.";
    UNSET_VARIABLE "W408" "unset-variable" Warning "A command uses a variable that nobody sets.";
    KNOWN_PROGRAM "W409" "known-program" Warning
        "A well-known program is not started in a way that takes the socket.";
    CONFLICT_AT_BOOT "W410" "conflict-at-boot" Warning
        "A boot starts two units that stop each other.";
    NOT_ON_BOARD "W411" "not-on-board" Warning
        "A unit is to be ordered or wanted that the board does not have: it is left out.";
    IDLE_DROP_IN "W412" "idle-drop-in" Warning "A drop-in belongs to a unit that nobody has.";
    SHELL_NOTIFIES "W413" "shell-notifies" Warning
        "The main process of a Type=notify service is a shell, which says no READY=1.";
    KEEP_ALIVE_MISREAD "W414" "keep-alive-misread" Warning
        "KeepAlive= is taken for something that it has nothing to do with.";
    NO_FIRST_START "W415" "no-first-start" Warning
        "A timer counts from a start of its unit, and nothing starts that a first time.";
    NEVER_MET "W416" "never-met" Warning
        "A condition is known at build, and it does not hold.";
    UNCHECKED "W417" "unchecked" Warning
        "fstab wants a file system checked at boot, and nobody does it.";
    LONG_PAST "W418" "long-past" Warning "A moment of OnCalendar= is over, and was the last one.";
    NO_DESCRIPTION "L501" "no-description" Warning
        "A unit has no Description=, or one that says nothing.";
    WEAK_HARDENING "L502" "weak-hardening" Warning
        "A service that the network reaches is hardly confined.";
    NO_LIMIT "L503" "no-limit" Warning
        "A service that the network reaches has no limit on what it takes.";
    ONE_FAMILY "L504" "one-family" Warning
        "A socket listens to IPv4 and not to IPv6, or the other way round.";
    SHORT_BACKLOG "L505" "short-backlog" Warning
        "The queue is shorter than what arrives while the service restarts.";
    REQUIRES_WITHOUT_AFTER "L506" "requires-without-after" Warning
        "A unit requires another and does not wait for it.";
    OPEN_NODE "L507" "open-node" Warning
        "A socket in the file system is open to everybody, and nobody said so.";
    NO_DOCUMENTATION "L508" "no-documentation" Warning
        "A service that the network reaches has no Documentation=.";
    NEVER_KILLED "L509" "never-killed" Warning "KillMode=none: a stop ends nobody.";
    IMPORT_SYNTAX "E601" "import-syntax" Error
        "A line of inetd.conf or xinetd.conf is not of its form.";
    UNKNOWN_ATTRIBUTE "E602" "unknown-attribute" Error "xinetd has no attribute of that name.";
    UNKNOWN_SERVICE "E603" "unknown-service" Error "Nobody knows the port of a service to import.";
    NO_COUNTERPART "E604" "no-counterpart" Error
        "A service of inetd or xinetd cannot be a unit here, and is left out.";
    ACCESS_LOST "E605" "access-lost" Error
        "A service to import would be open to more than before, and is left out.";
    UNIT_REFUSED "E606" "unit-refused" Error
        "A service to import makes units that do not compile, and is left out.";
    NOT_MAPPED "W601" "not-mapped" Warning
        "What inetd or xinetd is told there has no counterpart in a unit.";
    MAPPED_OTHERWISE "W602" "mapped-otherwise" Warning
        "What is imported will behave somewhat otherwise than under inetd or xinetd.";
    LEFT_OPEN "W603" "left-open" Warning
        "A service is imported without the access control that it had.";
}
