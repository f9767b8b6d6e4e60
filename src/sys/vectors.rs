//! argv and envp, built where no memory can be asked for.

use core::ffi::{CStr, c_char};
use core::fmt::{self, Write};
use core::ptr::null;

use rustix::io::Errno;

use super::raw;
use crate::text::pieces;

/// argv and envp in the form execve(2) wants, in fixed memory: pointers to strings that live for
/// ever, or to `text` beside them. It lies in a [`Slot`](super::child::Slot) and is never moved
/// once it is filled.
pub struct Vectors<const TEXT: usize, const POINTERS: usize> {
    text: [u8; TEXT],
    text_used: usize,
    pointers: [*const c_char; POINTERS],
    env_count: usize,
    /// Some variable may have a name that PID 1 gives one, too.
    has_given: bool,
    argv_at: usize,
    argv_count: usize,
}

/// The vectors or their text are full: E2BIG.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

impl From<fmt::Error> for Full {
    fn from(_: fmt::Error) -> Self {
        Self
    }
}

impl<const TEXT: usize, const POINTERS: usize> Vectors<TEXT, POINTERS> {
    /// Nothing in it.
    pub const EMPTY: Self = Self {
        text: [0; TEXT],
        text_used: 0,
        pointers: [null(); POINTERS],
        env_count: 0,
        has_given: false,
        argv_at: 0,
        argv_count: 0,
    };

    /// Forgets everything. What is behind the counts is not read.
    pub fn clear(&mut self) {
        self.text_used = 0;
        self.env_count = 0;
        self.has_given = false;
        self.argv_at = 0;
        self.argv_count = 0;
    }

    /// The value of an environment variable.
    pub fn value(&self, name: &[u8]) -> Option<&[u8]> {
        let pointer = self.pointers[self.place_of(name)?];
        // SAFETY: every pointer put here is to a NUL-terminated string that lives as long as
        // `self`.
        let variable = unsafe { CStr::from_ptr(pointer) }.to_bytes();
        variable.get(name.len() + 1..)
    }

    /// Adds `NAME=value` to the environment as it stands in the table. Names must be new.
    ///
    /// # Errors
    /// No room.
    pub fn push_env_literal(&mut self, variable: &'static CStr) -> Result<(), Full> {
        self.has_given = true;
        self.push_env_pointer(variable.as_ptr())
    }

    /// Adds what stands in the program, `NAME=value`, unless there is one of that name.
    ///
    /// # Errors
    /// No room.
    pub fn push_env_default(&mut self, variable: &'static CStr) -> Result<(), Full> {
        let name = || pieces(variable.to_bytes(), b'=').next().unwrap_or_default();
        if self.has_given && self.place_of(name()).is_some() {
            return Ok(());
        }
        self.push_env_pointer(variable.as_ptr())
    }

    /// Adds `name` with this value, unless there is one of that name.
    ///
    /// # Errors
    /// No room.
    #[inline(never)]
    pub fn push_env(&mut self, name: &str, value: &[u8]) -> Result<(), Full> {
        if self.has_given && self.place_of(name.as_bytes()).is_some() {
            return Ok(());
        }
        let begin = self.text_used;
        for part in [name.as_bytes(), b"=", value] {
            self.push_text(part)?;
        }
        let pointer = self.end_text(begin)?;
        self.push_env_pointer(pointer)
    }

    /// As [`Vectors::push_env`], a number.
    ///
    /// # Errors
    /// No room.
    pub fn push_env_number(&mut self, name: &str, value: u32) -> Result<(), Full> {
        let mut digits = [0; 10];
        let mut begin = digits.len();
        let mut rest = value;
        while rest > 0 || begin == digits.len() {
            begin -= 1;
            digits[begin] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.push_env(name, &digits[begin..])
    }

    /// As [`Vectors::push_env`], anything.
    ///
    /// # Errors
    /// No room.
    pub fn push_env_display(&mut self, name: &str, value: fmt::Arguments<'_>) -> Result<(), Full> {
        if self.has_given && self.place_of(name.as_bytes()).is_some() {
            return Ok(());
        }
        let begin = self.text_used;
        self.write_fmt(format_args!("{name}={value}"))?;
        let pointer = self.end_text(begin)?;
        self.push_env_pointer(pointer)
    }

    fn push_env_pointer(&mut self, pointer: *const c_char) -> Result<(), Full> {
        // The null behind the last variable must fit, too.
        let end = if self.argv_at == 0 { POINTERS } else { self.argv_at };
        if self.env_count + 1 >= end {
            return Err(Full);
        }
        self.pointers[self.env_count] = pointer;
        self.env_count += 1;
        self.pointers[self.env_count] = null();
        Ok(())
    }

    /// Sets a variable, whatever it was: `NAME=value`.
    ///
    /// # Errors
    /// No room.
    pub fn set_env(&mut self, variable: &[u8]) -> Result<(), Full> {
        let begin = self.text_used;
        self.push_text(variable)?;
        self.set_env_text(begin)
    }

    /// Sets the variable that was written since `begin`, a value of [`Vectors::text_used`].
    ///
    /// # Errors
    /// No room.
    pub fn set_env_text(&mut self, begin: usize) -> Result<(), Full> {
        self.has_given = true;
        let pointer = self.end_text(begin)?;
        let variable = &self.text[begin..self.text_used];
        let name = pieces(variable, b'=').next().unwrap_or_default();
        match self.place_of(name) {
            Some(place) => self.pointers[place] = pointer,
            None => self.push_env_pointer(pointer)?,
        }
        Ok(())
    }

    /// Takes a variable away: `NAME`, or `NAME=value` if it has that value.
    pub fn unset_env(&mut self, variable: &[u8]) {
        let mut parts = variable.splitn(2, |&byte| byte == b'=');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next());
        if value.is_some() && value != self.value(name) {
            return;
        }
        if let Some(place) = self.place_of(name) {
            // The null behind the last one moves along.
            self.pointers.copy_within(place + 1..=self.env_count, place);
            self.env_count -= 1;
        }
    }

    fn place_of(&self, name: &[u8]) -> Option<usize> {
        self.pointers[..self.env_count].iter().position(|&pointer| {
            name.iter().chain(b"=").enumerate().all(|(at, &byte)| {
                // SAFETY: as in `value`. What is before `at` is as in `name`, and no NUL.
                byte != 0 && unsafe { pointer.add(at).read() } as u8 == byte
            })
        })
    }

    /// Begins argv; the environment is complete.
    ///
    /// # Errors
    /// No room.
    pub fn begin_argv(&mut self) -> Result<(), Full> {
        self.argv_at = self.env_count + 1;
        let null_at = self.pointers.get_mut(self.argv_at).ok_or(Full)?;
        *null_at = null();
        Ok(())
    }

    /// Adds a word that stands in the table.
    ///
    /// # Errors
    /// No room.
    pub fn push_arg_literal(&mut self, word: &'static CStr) -> Result<(), Full> {
        self.push_arg_pointer(word.as_ptr())
    }

    /// Adds the word that was written since `begin`, a value of [`Vectors::text_used`].
    ///
    /// # Errors
    /// No room.
    pub fn push_arg_text(&mut self, begin: usize) -> Result<(), Full> {
        let pointer = self.end_text(begin)?;
        self.push_arg_pointer(pointer)
    }

    fn push_arg_pointer(&mut self, pointer: *const c_char) -> Result<(), Full> {
        let at = self.argv_at + self.argv_count;
        if at + 1 >= POINTERS {
            return Err(Full);
        }
        self.pointers[at] = pointer;
        self.pointers[at + 1] = null();
        self.argv_count += 1;
        Ok(())
    }

    /// Where text written next will begin.
    pub const fn text_used(&self) -> usize {
        self.text_used
    }

    /// Adds bytes to the text.
    ///
    /// # Errors
    /// No room.
    pub fn push_text(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let room = self.text.get_mut(self.text_used..self.text_used + bytes.len()).ok_or(Full)?;
        room.copy_from_slice(bytes);
        self.text_used += bytes.len();
        Ok(())
    }

    fn end_text(&mut self, begin: usize) -> Result<*const c_char, Full> {
        self.push_text(b"\0")?;
        Ok(self.text[begin..].as_ptr().cast())
    }

    /// True if there is no word, not even a program's name.
    pub const fn has_no_args(&self) -> bool {
        self.argv_count == 0
    }

    /// execve(2). Comes back only to fail.
    pub fn execute(&self, path: &CStr) -> Errno {
        let is_complete = !self.has_no_args() && self.argv_at > self.env_count;
        ensure!(is_complete, "argv is put after the environment");
        let argv = self.pointers[self.argv_at..].as_ptr();
        // SAFETY: both lists end with the null that every push puts behind its pointer, and
        // the strings are as the struct says.
        unsafe { raw::execve(path.as_ptr(), argv, self.pointers.as_ptr()) }
    }
}

impl<const TEXT: usize, const POINTERS: usize> Write for Vectors<TEXT, POINTERS> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_text(text.as_bytes()).map_err(|Full| fmt::Error)
    }
}
