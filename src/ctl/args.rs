//! The command line: options anywhere, then a verb and its names, as systemctl(1) takes them.

use core::ffi::CStr;

use heapless::Vec;
use unit::JobMode;
use unit::control::KillWhom;

use super::names::Typed;
use super::text::joined;
use super::{names, words};
use crate::features;
use crate::text::{cut, number, pieces};

/// Names in one call.
const NAMES_MAX: usize = 64;
/// `-p` in one call, each with any number of properties.
const PROPERTIES_MAX: usize = 16;
/// SIGTERM, signal(7).
const SIGTERM: u8 = 15;

/// What a command line asks for.
pub(super) struct Call<'c> {
    /// The verb, unless the role's name is one.
    pub(super) verb: Option<&'c str>,
    /// What follows it.
    pub(super) names: Vec<&'c str, NAMES_MAX>,
    /// `-p`, `--property=`: lists with commas; empty is every property.
    pub(super) properties: Vec<&'c str, PROPERTIES_MAX>,
    /// `-t`, `--type=`: a list with commas.
    pub(super) types: Option<&'c str>,
    /// `--state=`, `--failed`: a list with commas.
    pub(super) states: Option<&'c str>,
    /// `-s`, `--signal=`.
    pub(super) signal: u8,
    /// `--kill-whom=`.
    pub(super) whom: KillWhom,
    /// `-a`, `--all`.
    pub(super) all: bool,
    /// `-q`, `--quiet`.
    pub(super) quiet: bool,
    /// `--no-block`.
    pub(super) no_block: bool,
    /// `--job-mode=`.
    pub(super) mode: JobMode,
    /// `--reverse`, `--after`, `--before`.
    pub(super) direction: Direction,
    /// `-n`, `--lines=`.
    pub(super) lines: Option<u32>,
    /// `-o`, `--output=`.
    pub(super) output: Option<&'c str>,
    /// `-f`, `--force`, `--follow`.
    pub(super) force: bool,
    /// `--what=`: a list with commas.
    pub(super) what: Option<&'c str>,
    /// `--value`.
    pub(super) value: bool,
    /// `--no-legend`.
    pub(super) no_legend: bool,
    /// `-h`, `--help`.
    pub(super) help: bool,
    /// `--version`.
    pub(super) version: bool,
}

/// Which dependencies `list-dependencies` follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    /// What it pulls in.
    Needs,
    /// What pulls it in.
    NeededBy,
    /// What it is started after.
    After,
    /// What is started after it.
    Before,
}

/// What is wrong with a command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Misuse<'c> {
    /// An argument is not UTF-8, which no unit's name contains.
    NotText,
    /// No such option.
    Unknown(&'c str),
    /// An option without its value.
    NoValue(&'static str),
    /// An option with a value that it does not take.
    BadValue(&'static str, &'c str),
    /// More names than there is room for.
    TooMany,
}

#[derive(Clone, Copy)]
enum Opt {
    After,
    All,
    Before,
    Force,
    JobMode,
    Reverse,
    Failed,
    Help,
    Lines,
    Output,
    Unit,
    KillWhom,
    NoBlock,
    NoLegend,
    Property,
    Quiet,
    Signal,
    State,
    Type,
    Value,
    Version,
    What,
    /// What scripts pass and what we do in any case: no pager, nothing shortened.
    AsAlways,
}

/// Short form (0: none), long form, whether it takes a value, meaning.
type Row = (u8, &'static str, bool, Opt);

const COMMON: &[Row] = &[
    (b'a', "all", false, Opt::All),
    (b'f', "force", false, Opt::Force),
    (b'h', "help", false, Opt::Help),
    (b'l', "full", false, Opt::AsAlways),
    (b'p', "property", true, Opt::Property),
    (b'q', "quiet", false, Opt::Quiet),
    (b's', "signal", true, Opt::Signal),
    (b't', "type", true, Opt::Type),
    (0, "after", false, Opt::After),
    (0, "before", false, Opt::Before),
    (0, "failed", false, Opt::Failed),
    (0, "job-mode", true, Opt::JobMode),
    (0, "kill-who", true, Opt::KillWhom),
    (0, "kill-whom", true, Opt::KillWhom),
    (0, "no-block", false, Opt::NoBlock),
    (0, "no-legend", false, Opt::NoLegend),
    (0, "no-pager", false, Opt::AsAlways),
    (0, "reverse", false, Opt::Reverse),
    (0, "state", true, Opt::State),
    (0, "value", false, Opt::Value),
    (0, "version", false, Opt::Version),
];

/// Of boards that store descriptors only.
const STORE: &[Row] = if features::FD_STORE { &[(0, "what", true, Opt::What)] } else { &[] };

/// Those of `log`, on a board that has it; `-f` and `-p` are there as well.
const LOG: &[Row] = if features::LOG {
    &[
        (b'n', "lines", true, Opt::Lines),
        (b'o', "output", true, Opt::Output),
        (b'u', "unit", true, Opt::Unit),
        (0, "follow", false, Opt::Force),
        (0, "priority", true, Opt::Property),
    ]
} else {
    &[]
};

const COUNT: usize = COMMON.len() + STORE.len() + LOG.len();

static OPTIONS: [Row; COUNT] = joined(&[COMMON, STORE, LOG]);

impl<'c> Call<'c> {
    /// Reads a command line; the first word is the verb unless the role's name `is_verb`.
    pub(super) fn parse(
        args: &mut dyn Iterator<Item = &'c CStr>,
        is_verb: bool,
    ) -> Result<Self, Misuse<'c>> {
        let mut call = Self {
            verb: None,
            names: Vec::new(),
            properties: Vec::new(),
            types: None,
            states: None,
            signal: SIGTERM,
            whom: KillWhom::All,
            all: false,
            quiet: false,
            no_block: false,
            mode: JobMode::Replace,
            direction: Direction::Needs,
            lines: None,
            output: None,
            force: false,
            what: None,
            value: false,
            no_legend: false,
            help: false,
            version: false,
        };
        let mut options_ended = false;
        while let Some(arg) = args.next() {
            let arg = arg.to_str().map_err(|_| Misuse::NotText)?;
            if options_ended || arg == "-" || !arg.starts_with('-') {
                if call.verb.is_none() && !is_verb {
                    call.verb = Some(arg);
                } else {
                    call.names.push(arg).map_err(|_| Misuse::TooMany)?;
                }
            } else if arg == "--" {
                options_ended = true;
            } else if let Some(long) = arg.strip_prefix("--") {
                call.long(arg, long, args)?;
            } else {
                call.short(arg, args)?;
            }
        }
        Ok(call)
    }

    /// True if one of the names stands for that unit.
    #[inline(never)]
    pub(super) fn has(&self, unit: &str) -> bool {
        self.names.iter().any(|&typed| Typed(typed).is(unit))
    }

    /// Likewise, or if there are no names.
    pub(super) fn selects(&self, unit: &str) -> bool {
        self.names.is_empty() || self.has(unit)
    }

    fn long(
        &mut self,
        arg: &'c str,
        long: &'c str,
        args: &mut dyn Iterator<Item = &'c CStr>,
    ) -> Result<(), Misuse<'c>> {
        let (name, given) = match cut(long, b'=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let (_, name, takes, option) =
            *OPTIONS.iter().find(|(_, known, ..)| *known == name).ok_or(Misuse::Unknown(arg))?;
        let value = match given {
            Some(value) if !takes => return Err(Misuse::BadValue(name, value)),
            None if takes => next(name, args)?,
            Some(_) | None => given.unwrap_or_default(),
        };
        self.set(name, option, value)
    }

    /// `-qp Id`, `-sHUP`: letters in a row, the rest of the word or the next one a value.
    fn short(
        &mut self,
        arg: &'c str,
        args: &mut dyn Iterator<Item = &'c CStr>,
    ) -> Result<(), Misuse<'c>> {
        let mut rest = arg.get(1..).unwrap_or_default();
        while let Some(&letter) = rest.as_bytes().first() {
            let (_, name, takes, option) =
                *OPTIONS.iter().find(|(known, ..)| *known == letter).ok_or(Misuse::Unknown(arg))?;
            rest = rest.get(1..).unwrap_or_default();
            if takes {
                let value = if rest.is_empty() { next(name, args)? } else { rest };
                return self.set(name, option, value);
            }
            self.set(name, option, "")?;
        }
        Ok(())
    }

    fn set(&mut self, name: &'static str, option: Opt, value: &'c str) -> Result<(), Misuse<'c>> {
        match option {
            Opt::After => self.direction = Direction::After,
            Opt::All => self.all = true,
            Opt::Before => self.direction = Direction::Before,
            Opt::Force => self.force = true,
            Opt::Failed => self.states = Some("failed"),
            Opt::Help => self.help = true,
            Opt::JobMode => {
                self.mode = words::job_mode(value).ok_or(Misuse::BadValue(name, value))?;
            }
            Opt::Reverse => self.direction = Direction::NeededBy,
            Opt::KillWhom => {
                self.whom = match value {
                    "main" => KillWhom::Main,
                    "control" => KillWhom::Control,
                    "all" => KillWhom::All,
                    _ => return Err(Misuse::BadValue(name, value)),
                }
            }
            Opt::NoBlock => self.no_block = true,
            Opt::NoLegend => self.no_legend = true,
            Opt::Property => self.properties.push(value).map_err(|_| Misuse::TooMany)?,
            Opt::Quiet => self.quiet = true,
            Opt::Signal => {
                self.signal = words::signal(value).ok_or(Misuse::BadValue(name, value))?;
            }
            Opt::State => self.states = Some(value),
            Opt::Type => {
                if !pieces(value.as_bytes(), b',').all(names::is_kind) {
                    return Err(Misuse::BadValue(name, value));
                }
                self.types = Some(value);
            }
            Opt::Value => self.value = true,
            Opt::Version => self.version = true,
            Opt::What => self.what = Some(value),
            Opt::Lines if features::LOG => {
                self.lines = Some(number(value).ok_or(Misuse::BadValue(name, value))?);
            }
            Opt::Output if features::LOG => self.output = Some(value),
            Opt::Unit if features::LOG => self.names.push(value).map_err(|_| Misuse::TooMany)?,
            Opt::Lines | Opt::Output | Opt::Unit | Opt::AsAlways => {}
        }
        Ok(())
    }
}

fn next<'c>(
    name: &'static str,
    args: &mut dyn Iterator<Item = &'c CStr>,
) -> Result<&'c str, Misuse<'c>> {
    args.next().ok_or(Misuse::NoValue(name))?.to_str().map_err(|_| Misuse::NotText)
}
