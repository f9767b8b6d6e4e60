//! Environment files: the grammar of systemd.exec(5), "EnvironmentFile=", a byte at a time.
//!
//! As systemd reads them: `NAME=value` lines, `#` and `;` begin comments, quotes may open behind
//! the `=` or behind other quotes, a backslash keeps what follows it or joins lines. What is no
//! assignment is passed over, and so is a variable whose name or value is none.

/// A line that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLong;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    BeforeName,
    Name,
    BeforeValue,
    Value,
    Escape,
    Single,
    Double,
    DoubleEscape,
    Comment,
    CommentEscape,
}

/// A file that is being read. The longest variable is as long as the buffer.
#[derive(Debug)]
pub struct EnvironmentFile<'b> {
    buffer: &'b mut [u8],
    used: usize,
    /// Blanks behind this place are dropped if the line ends here.
    kept: usize,
    state: State,
    /// What the last byte has completed is still in the buffer.
    is_told: bool,
}

impl<'b> EnvironmentFile<'b> {
    /// The begin of a file.
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, used: 0, kept: 0, state: State::BeforeName, is_told: false }
    }

    /// Takes the next byte; gives the variable that it completes, as `NAME=value`.
    ///
    /// # Errors
    /// A variable is longer than the buffer.
    pub fn push(&mut self, byte: u8) -> Result<Option<&[u8]>, TooLong> {
        if core::mem::take(&mut self.is_told) {
            self.used = 0;
        }
        let ends = matches!(byte, b'\n' | b'\r');
        let blank = ends || matches!(byte, b' ' | b'\t');
        match self.state {
            State::BeforeName if matches!(byte, b'#' | b';') => self.state = State::Comment,
            State::BeforeName if blank => {}
            State::BeforeName => {
                self.state = State::Name;
                self.keep(byte)?;
            }
            State::Name if ends => self.forget(),
            State::Name if byte == b'=' => {
                self.used = self.kept;
                self.keep(byte)?;
                self.state = State::BeforeValue;
            }
            State::Name => self.put(byte, !blank)?,
            State::BeforeValue | State::Value if ends => return Ok(self.complete()),
            State::BeforeValue if byte == b'\'' => self.state = State::Single,
            State::BeforeValue if byte == b'"' => self.state = State::Double,
            State::BeforeValue | State::Value if byte == b'\\' => self.state = State::Escape,
            State::BeforeValue if blank => {}
            State::BeforeValue => {
                self.state = State::Value;
                self.keep(byte)?;
            }
            State::Value => self.put(byte, !blank)?,
            State::Escape => {
                self.state = State::Value;
                if !ends {
                    self.keep(byte)?;
                }
            }
            State::Single if byte == b'\'' => self.state = State::BeforeValue,
            State::Double if byte == b'"' => self.state = State::BeforeValue,
            State::Double if byte == b'\\' => self.state = State::DoubleEscape,
            State::Single | State::Double => self.keep(byte)?,
            State::DoubleEscape => {
                self.state = State::Double;
                if !matches!(byte, b'"' | b'\\' | b'`' | b'$' | b'\n') {
                    self.keep(b'\\')?;
                }
                if byte != b'\n' {
                    self.keep(byte)?;
                }
            }
            State::Comment if byte == b'\\' => self.state = State::CommentEscape,
            State::Comment if ends => self.state = State::BeforeName,
            State::Comment => {}
            State::CommentEscape => self.state = State::Comment,
        }
        Ok(None)
    }

    /// The end of the file; gives the variable of a last line that has no end.
    pub fn end(&mut self) -> Option<&[u8]> {
        if core::mem::take(&mut self.is_told) {
            self.used = 0;
        }
        match self.state {
            State::BeforeName | State::Name | State::Comment | State::CommentEscape => None,
            State::BeforeValue
            | State::Value
            | State::Escape
            | State::Single
            | State::Double
            | State::DoubleEscape => self.complete(),
        }
    }

    /// A byte that stays, whatever follows.
    fn keep(&mut self, byte: u8) -> Result<(), TooLong> {
        self.put(byte, true)
    }

    fn put(&mut self, byte: u8, stays: bool) -> Result<(), TooLong> {
        *self.buffer.get_mut(self.used).ok_or(TooLong)? = byte;
        self.used += 1;
        if stays {
            self.kept = self.used;
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.state = State::BeforeName;
        self.used = 0;
        self.kept = 0;
    }

    fn complete(&mut self) -> Option<&[u8]> {
        let length = self.kept;
        self.forget();
        self.is_told = true;
        let variable = &self.buffer[..length];
        is_assignment(variable).then_some(variable)
    }
}

/// `NAME=value`, with a name that a shell could use and a value that is text.
fn is_assignment(variable: &[u8]) -> bool {
    let mut parts = variable.splitn(2, |&byte| byte == b'=');
    let (Some(name), Some(value)) = (parts.next(), parts.next()) else { return false };
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    let is_name = name.first().is_some_and(letter)
        && name.iter().all(|byte| letter(byte) || byte.is_ascii_digit());
    let control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n');
    is_name && !value.iter().any(control) && core::str::from_utf8(value).is_ok()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn read(text: &str) -> Result<Vec<String>, TooLong> {
        let mut buffer = [0; 32];
        let mut file = EnvironmentFile::new(&mut buffer);
        let mut found = Vec::new();
        let mut take = |variable: Option<&[u8]>| {
            found.extend(variable.map(|bytes| String::from_utf8_lossy(bytes).to_string()));
        };
        for byte in text.bytes() {
            take(file.push(byte)?);
        }
        take(file.end());
        Ok(found)
    }

    #[test]
    fn lines_are_assignments_or_nothing() {
        for (text, expected) in [
            ("A=1\nB=2", &["A=1", "B=2"][..]),
            ("A=1\r\n\n  B = two words \t\n", &["A=1", "B=two words"]),
            ("# A=1\n;B=2\\\nC=3\nD=4\n", &["D=4"]),
            ("no assignment\nA=1\n", &["A=1"]),
            ("1A=1\nA-B=2\n=3\nA=\x01\nA B=4\n_A1=5", &["_A1=5"]),
            ("A=\nB=", &["A=", "B="]),
            ("A=1 # no comment\n", &["A=1 # no comment"]),
            ("export A=1\n", &[]),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_and_backslashes_are_systemds() {
        for (text, expected) in [
            ("A='x \"y\" '\n", "A=x \"y\" "),
            ("A=\"x 'y' \"  \n", "A=x 'y' "),
            ("A='x'\"y\" z \n", "A=xyz"),
            ("A=x'y'\n", "A=x'y'"),
            ("A=a\\\nb\\ \n", "A=ab "),
            ("A=\"a\\\nb \\\" \\n \\$\"\n", "A=ab \" \\n $"),
            ("A='a\nb'\n", "A=a\nb"),
            ("A='never closed ", "A=never closed "),
            ("A=\\n\\\\", "A=n\\"),
        ] {
            assert_eq!(read(text).unwrap(), [expected], "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_not_cut() {
        let fits = std::format!("A={}", "x".repeat(30));
        assert_eq!(read(&fits).unwrap(), [fits.as_str()]);
        assert_eq!(read(&std::format!("{fits}x")), Err(TooLong));
        assert_eq!(read(&std::format!("{}=1", "A".repeat(40))), Err(TooLong));
        assert_eq!(read(&std::format!("# {}\nA=1", "x".repeat(99))).unwrap(), ["A=1"]);
    }
}
