//! Users and groups by name: passwd(5), group(5), read as a stream through a small buffer.
//!
//! Buildroot and its kin make up ids when the image is built, after the table: names are what
//! both know. Names, homes and shells longer than [`FIELD_MAX`] do not match anything.

use core::ffi::CStr;

use heapless::Vec;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::file;
use crate::text::number;

/// Longest field that is looked at, in bytes.
pub const FIELD_MAX: usize = 128;
/// Most supplementary groups of a user; what is more is left out.
pub const GROUPS_MAX: usize = 32;
const CHUNK_BYTES: usize = 256;

/// A field of a line.
pub type Field = Vec<u8, FIELD_MAX>;

/// A user: passwd(5).
#[derive(Debug)]
pub struct User {
    /// The number.
    pub uid: u32,
    /// The user's own group.
    pub gid: u32,
    /// The name; empty if only a number is known.
    pub name: Field,
    /// The home directory; empty if only a number is known.
    pub home: Field,
    /// The shell; empty if only a number is known.
    pub shell: Field,
}

impl User {
    /// True if the home is a folder of the user's own: `/` says that there is none.
    pub fn has_home(&self) -> bool {
        self.home.iter().any(|&byte| byte != b'/')
    }

    /// True if the shell is for logging in, and not to prevent that.
    pub fn has_login(&self) -> bool {
        let name = self.shell.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        !matches!(name, b"" | b"nologin" | b"false" | b"true")
    }
}

/// The user of this name or number. A number needs no line in /etc/passwd; its group then has
/// the same number.
///
/// # Errors
/// ESRCH if there is no such name, and those of open(2) and read(2).
pub fn find_user(wanted: &str) -> Result<User, Errno> {
    let number = parse(wanted.as_bytes());
    let unknown =
        |uid| User { uid, gid: uid, name: Vec::new(), home: Vec::new(), shell: Vec::new() };
    let found =
        open(c"/etc/passwd").and_then(|mut source| find_in_passwd(&mut source, wanted, number));
    match (found, number) {
        (Ok(Some(user)), _) => Ok(user),
        (Ok(None) | Err(_), Some(uid)) => Ok(unknown(uid)),
        (Ok(None), None) => Err(Errno::SRCH),
        (Err(errno), None) => Err(errno),
    }
}

/// The number of the group of this name or number.
///
/// # Errors
/// ESRCH if there is no such name, and those of open(2) and read(2).
pub fn find_group(wanted: &str) -> Result<u32, Errno> {
    match parse(wanted.as_bytes()) {
        Some(gid) => Ok(gid),
        None => find_in_group(&mut open(c"/etc/group")?, wanted.as_bytes())?.ok_or(Errno::SRCH),
    }
}

/// The groups that list this user as a member, and `own`.
///
/// # Errors
/// Those of open(2) and read(2).
pub fn groups_of(name: &[u8], own: u32) -> Result<Vec<u32, GROUPS_MAX>, Errno> {
    let mut groups = Vec::new();
    let _ = groups.push(own);
    if name.is_empty() {
        return Ok(groups);
    }
    match open(c"/etc/group") {
        Ok(mut source) => collect_groups(&mut source, name, &mut groups)?,
        Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno),
    }
    Ok(groups)
}

fn parse(text: &[u8]) -> Option<u32> {
    // (uid_t) -1 means "no change" to the kernel: it is nobody's number.
    let text = core::str::from_utf8(text).ok()?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| number(text)).flatten().filter(|&id| id != u32::MAX)
}

/// Fills the buffer and says how far; 0 is the end.
type Source<'s> = &'s mut dyn FnMut(&mut [u8]) -> Result<usize, Errno>;

fn open(path: &CStr) -> Result<impl FnMut(&mut [u8]) -> Result<usize, Errno> + use<>, Errno> {
    let file = file::open(path, OFlags::RDONLY | OFlags::CLOEXEC)?;
    Ok(move |buffer: &mut [u8]| rustix::io::read(&file, buffer))
}

/// Calls `each` with (number of the field in its line, field, whether the line ends with it),
/// until it returns true. With `members`, as in group(5), commas end fields, too, from number 3
/// on; the names in passwd(5) have commas of their own. A field that is too long is empty.
fn for_each_field(
    source: Source<'_>,
    members: bool,
    each: &mut dyn FnMut(usize, &Field, bool) -> bool,
) -> Result<(), Errno> {
    let mut chunk = [0u8; CHUNK_BYTES];
    let mut field = Field::new();
    let mut too_long = false;
    let mut number = 0;
    loop {
        let length = source(&mut chunk)?;
        // A last line without its newline gets one.
        let bytes = if length == 0 { &b"\n"[..] } else { &chunk[..length] };
        for &byte in bytes {
            let comma = members && byte == b',' && number >= 3;
            if !matches!(byte, b':' | b'\n') && !comma {
                too_long |= field.push(byte).is_err();
                continue;
            }
            if too_long {
                field.clear();
            }
            if each(number, &field, byte == b'\n') {
                return Ok(());
            }
            field.clear();
            too_long = false;
            number = if byte == b'\n' { 0 } else { number + 1 };
        }
        if length == 0 {
            return Ok(());
        }
    }
}

fn find_in_passwd(
    source: Source<'_>,
    wanted: &str,
    number: Option<u32>,
) -> Result<Option<User>, Errno> {
    let none = || User {
        uid: u32::MAX,
        gid: u32::MAX,
        name: Field::new(),
        home: Field::new(),
        shell: Field::new(),
    };
    let mut user = none();
    let mut found = false;
    for_each_field(source, false, &mut |field, text, line_ends| {
        match field {
            0 => user.name = text.clone(),
            2 => user.uid = parse(text).unwrap_or(u32::MAX),
            3 => user.gid = parse(text).unwrap_or(u32::MAX),
            5 => user.home = text.clone(),
            6 => user.shell = text.clone(),
            _ => {}
        }
        if line_ends {
            let valid = !user.name.is_empty() && user.uid != u32::MAX && user.gid != u32::MAX;
            let matches = match number {
                Some(uid) => user.uid == uid,
                None => user.name == wanted.as_bytes(),
            };
            found = valid && matches && field >= 3;
            if !found {
                user = none();
            }
        }
        found
    })?;
    Ok(found.then_some(user))
}

fn find_in_group(source: Source<'_>, wanted: &[u8]) -> Result<Option<u32>, Errno> {
    let mut named = false;
    let mut found = None;
    for_each_field(source, true, &mut |field, text, _| {
        match field {
            0 => named = !text.is_empty() && text == wanted,
            2 if named => found = parse(text),
            _ => {}
        }
        found.is_some()
    })?;
    Ok(found)
}

fn collect_groups(
    source: Source<'_>,
    name: &[u8],
    groups: &mut Vec<u32, GROUPS_MAX>,
) -> Result<(), Errno> {
    let mut gid = None;
    for_each_field(source, true, &mut |field, text, line_ends| {
        match (field, gid) {
            (2, _) => gid = parse(text),
            (3.., Some(gid)) if text == name && !groups.contains(&gid) => {
                return groups.push(gid).is_err();
            }
            _ => {}
        }
        if line_ends {
            gid = None;
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that comes a few bytes at a time.
    fn file(text: &'static str) -> impl FnMut(&mut [u8]) -> Result<usize, Errno> {
        let mut rest = text.as_bytes();
        move |buffer: &mut [u8]| {
            let length = rest.len().min(5);
            buffer[..length].copy_from_slice(&rest[..length]);
            rest = &rest[length..];
            Ok(length)
        }
    }

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
        broken:x:7\n\
        www:x:33:34:Web, server:/var/www:/bin/false\n\
        last:x:40:40:::";

    fn user(wanted: &str) -> Option<User> {
        find_in_passwd(&mut file(PASSWD), wanted, parse(wanted.as_bytes())).unwrap()
    }

    #[test]
    fn users_are_found_by_name_and_by_number() {
        for wanted in ["www", "33"] {
            let user = user(wanted).unwrap();
            assert_eq!((user.uid, user.gid), (33, 34));
            assert_eq!(user.name, b"www");
        }
        assert_eq!(user("root").unwrap().home, b"/root");
        assert_eq!(user("root").unwrap().shell, b"/bin/sh");
    }

    #[test]
    fn a_home_and_a_shell_may_be_for_show() {
        let www = user("www").unwrap();
        assert!(www.has_home() && !www.has_login());
        let root = user("root").unwrap();
        assert!(root.has_home() && root.has_login());
        let last = user("last").unwrap();
        assert!(!last.has_home() && !last.has_login());
    }

    #[test]
    fn lines_that_are_broken_match_nobody() {
        assert!(user("broken").is_none());
        assert!(user("7").is_none());
        assert!(user("").is_none());
        assert_eq!(user("last").unwrap().uid, 40);
    }

    const GROUP: &str = "root:x:0:\nadm:x:4:ann,www\ntty:x:5:www\nwww:x:34:ann\nbig:x:9:a,b,www";

    #[test]
    fn groups_are_found_by_name_and_by_member() {
        assert_eq!(find_in_group(&mut file(GROUP), b"tty").unwrap(), Some(5));
        assert_eq!(find_in_group(&mut file(GROUP), b"ann").unwrap(), None);
        let mut groups = Vec::new();
        groups.push(34).unwrap();
        collect_groups(&mut file(GROUP), b"www", &mut groups).unwrap();
        assert_eq!(groups, [34, 4, 5, 9]);
    }

    #[test]
    fn odd_numbers_are_names() {
        for text in ["", "-1", "+1", "0x0", "4294967295", "4294967296", "1 "] {
            assert_eq!(parse(text.as_bytes()), None);
        }
    }
}
