//! Names of units: `prefix@instance.suffix`; systemd.unit(5).

use std::fmt;

use crate::report::did_you_mean;

/// The kinds of unit, by suffix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// `.slice`
    Slice,
    /// `.target`
    Target,
    /// `.socket`
    Socket,
    /// `.timer`
    Timer,
    /// `.mount`
    Mount,
    /// `.swap`
    Swap,
    /// `.path`
    Path,
    /// `.service`
    Service,
    /// One of [`unit::unsupported::SUFFIXES`]: it can be named, and leads to nothing.
    Foreign(&'static str),
}

impl Kind {
    /// Those that are understood.
    pub const OURS: [Self; 8] = [
        Self::Target,
        Self::Mount,
        Self::Swap,
        Self::Socket,
        Self::Timer,
        Self::Path,
        Self::Slice,
        Self::Service,
    ];

    /// What follows the last dot of the name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Socket => "socket",
            Self::Timer => "timer",
            Self::Mount => "mount",
            Self::Swap => "swap",
            Self::Path => "path",
            Self::Slice => "slice",
            Self::Service => "service",
            Self::Foreign(suffix) => suffix,
        }
    }

    fn of(suffix: &str) -> Option<Self> {
        let foreign = unit::unsupported::SUFFIXES.iter().map(|(name, _)| Self::Foreign(name));
        Self::OURS.into_iter().chain(foreign).find(|kind| kind.suffix() == suffix)
    }

    /// What to do instead of a unit of a kind that is not understood.
    pub fn instead(self) -> Option<&'static str> {
        let Self::Foreign(suffix) = self else { return None };
        let mut suffixes = unit::unsupported::SUFFIXES.iter();
        suffixes.find(|(name, _)| *name == suffix).map(|(_, instead)| *instead)
    }
}

/// A well-formed name of a unit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name {
    /// Before the `@`, or before the last dot.
    pub prefix: String,
    /// After the `@`: `None` without one, empty for a template.
    pub instance: Option<String>,
    /// What kind of unit it is.
    pub kind: Kind,
}

/// Why a name is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NameError {
    /// Longer than [`unit::UNIT_NAME_MAX`].
    Long,
    /// No suffix, or one that nobody knows.
    Suffix,
    /// A character that no unit's name has.
    Character(char),
    /// Nothing before the suffix or the `@`.
    Empty,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long => write!(f, "longer than {} bytes", unit::UNIT_NAME_MAX),
            Self::Suffix => {
                f.write_str("it does not end as a unit does, with .service, .socket or the like")
            }
            Self::Character(character) => write!(f, "{character:?} is in no unit's name"),
            Self::Empty => f.write_str("there is nothing before its suffix"),
        }
    }
}

impl Name {
    /// Takes a name apart.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > unit::UNIT_NAME_MAX {
            return Err(NameError::Long);
        }
        let (stem, suffix) = text.rsplit_once('.').ok_or(NameError::Suffix)?;
        let kind = Kind::of(suffix).ok_or(NameError::Suffix)?;
        let odd = |c: &char| !(c.is_ascii_alphanumeric() || ":_.\\-@".contains(*c));
        if let Some(character) = stem.chars().find(odd) {
            return Err(NameError::Character(character));
        }
        let (prefix, instance) = match stem.split_once('@') {
            Some((prefix, instance)) => (prefix, Some(instance.to_string())),
            None => (stem, None),
        };
        if prefix.is_empty() {
            return Err(NameError::Empty);
        }
        Ok(Self { prefix: prefix.into(), instance, kind })
    }

    /// A name that this program knows.
    ///
    /// # Panics
    /// If it is none.
    pub fn known(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// True for `name@.suffix`.
    pub fn is_template(&self) -> bool {
        self.instance.as_deref() == Some("")
    }

    /// The template that this is an instance of.
    pub fn template(&self) -> Option<Self> {
        match self.instance.as_deref() {
            None | Some("") => None,
            Some(_) => Some(Self { instance: Some(String::new()), ..self.clone() }),
        }
    }

    /// The same name with another suffix.
    pub fn with_kind(&self, kind: Kind) -> Self {
        Self { kind, ..self.clone() }
    }

    /// The path that the name stands for, if it is that of one.
    pub fn path(&self) -> String {
        match self.stem().as_str() {
            "-" => "/".into(),
            stem => format!("/{}", unescape(stem)),
        }
    }

    /// The name without its suffix.
    pub fn stem(&self) -> String {
        match &self.instance {
            Some(instance) => format!("{}@{instance}", self.prefix),
            None => self.prefix.clone(),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stem(), self.kind.suffix())
    }
}

/// What was probably meant by a name whose suffix nobody knows.
pub fn nearest(text: &str, error: &NameError) -> Option<String> {
    let (stem, suffix) = text.rsplit_once('.')?;
    let near = Kind::OURS.map(|kind| format!("{stem}.{}", kind.suffix()));
    let misspelt = *error == NameError::Suffix && !suffix.is_empty();
    did_you_mean(text, near.iter().map(String::as_str).filter(|_| misspelt))
}

/// A path as part of a unit's name: `systemd-escape --path`.
pub fn escape_path(path: &str) -> String {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return "-".into();
    }
    let mut escaped = String::new();
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'/' => escaped.push('-'),
            b'.' if at == 0 => escaped += "\\x2e",
            b':' | b'_' | b'.' => escaped.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            byte => escaped += &format!("\\x{byte:02x}"),
        }
    }
    escaped
}

/// Undoes systemd-escape(1): `-` is `/`, `\x2d` is the byte.
pub fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let code = rest.strip_prefix("\\x").and_then(|tail| tail.get(..2));
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &rest[4..];
            continue;
        }
        match first {
            '-' => bytes.push(b'/'),
            _ => bytes.extend(first.to_string().bytes()),
        }
        rest = &rest[first.len_utf8()..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
