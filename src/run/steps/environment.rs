//! `EnvironmentFile=` and `UnsetEnvironment=`: what the child itself does to its environment.

use core::ffi::CStr;

use rustix::fs::OFlags;
use rustix::io::Errno;
use unit::env_file::{EnvironmentFile, TooLong};
use unit::limits::{ENVIRONMENT_FILES_MAX, FILE_VARIABLE_MAX, FILE_VARIABLES_MAX};
use unit::{ExecMore, Variables, decode};

use super::{At, Broken, Strings, Work};
use crate::engine::Stage;
use crate::features;
use crate::sys::file;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 256;

/// What the unit says of it; `None` if that is nothing.
pub(super) fn of<'a>(more: &ExecMore<'a>) -> Option<Variables<'a>> {
    if !features::VARIABLES {
        return None;
    }
    decode::from_bytes(more.variables)
}

/// Reads the files in their order: what they say counts, whatever `Environment=` does.
pub(super) fn read_files(work: &mut Work, more: &ExecMore<'_>) -> Result<(), Broken> {
    let Some(variables) = of(more) else { return Ok(()) };
    let mut room = Room { bytes: ENVIRONMENT_FILES_MAX, variables: FILE_VARIABLES_MAX };
    for path in variables.files.iter() {
        let bytes = path.to_bytes_with_nul();
        let behind_dash = bytes.strip_prefix(b"-").map(CStr::from_bytes_with_nul);
        let (optional, path) = match behind_dash {
            Some(Ok(path)) => (true, path),
            Some(Err(_)) | None => (false, path),
        };
        read_file(&mut work.vectors, path, optional, &mut room).at(Stage::EnvironmentFile)?;
    }
    Ok(())
}

/// What the files may still bring.
struct Room {
    bytes: usize,
    variables: usize,
}

fn read_file(
    strings: &mut Strings,
    path: &CStr,
    optional: bool,
    room: &mut Room,
) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match file::open(path, flags) {
        Err(_) if optional => return Ok(()),
        opened => opened?,
    };
    let mut buffer = [0; FILE_VARIABLE_MAX];
    let mut reader = EnvironmentFile::new(&mut buffer);
    let mut chunk = [0; CHUNK_BYTES];
    loop {
        let length = match rustix::io::read(&file, &mut chunk) {
            Err(_) if optional => 0,
            read => read?,
        };
        for &byte in &chunk[..length] {
            let complete = reader.push(byte).map_err(|TooLong| Errno::TOOBIG)?;
            set(strings, complete, room)?;
        }
        if length == 0 {
            return set(strings, reader.end(), room);
        }
    }
}

fn set(strings: &mut Strings, variable: Option<&[u8]>, room: &mut Room) -> Result<(), Errno> {
    let Some(variable) = variable else { return Ok(()) };
    let left = room.bytes.checked_sub(variable.len() + 1).zip(room.variables.checked_sub(1));
    (room.bytes, room.variables) = left.ok_or(Errno::TOOBIG)?;
    strings.set_env(variable).map_err(|_| Errno::TOOBIG)
}

/// Takes away what `UnsetEnvironment=` names: the last that happens to the environment.
pub(super) fn unset(work: &mut Work, more: &ExecMore<'_>) {
    let Some(variables) = of(more) else { return };
    for word in variables.unset.iter() {
        work.vectors.unset_env(word.to_bytes());
    }
}
